//! What can be said on the command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use dermawan::outbox::Stage;
use jiff::Timestamp;
use jiff::civil::Date;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Donor analytics for charities: from MySQL tables to WhatsApp replies.
#[derive(Debug, Parser)]
#[command(name = "dermawan-bot", version, after_help = ENVIRONMENT)]
pub(crate) struct Arguments {
    /// The configuration [default: ./dermawan.toml where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The day that counts as today, such as 2026-01-31 [default: today in the organisation's time zone]
    #[arg(long, global = true, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    /// What to log on standard error, such as info or `dermawan_bot=debug` [default: `RUST_LOG`, else warn]
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const ENVIRONMENT: &str = "Secrets come from the environment:
  DERMAWAN_DATABASE_PASSWORD   the password of [database]
  DERMAWAN_DATABASE_URL        mysql://user:password@host:port/database, in place of [database]
  DERMAWAN_WEBHOOK_TOKEN       the last part of the webhook's address, /webhook/<token>
  DERMAWAN_WEBHOOK_SECRET      what webhooks repeat in their body
  DERMAWAN_FONNTE_TOKEN        the device's token
  DERMAWAN_CLOUD_TOKEN         the access token of the WhatsApp Cloud API
  DERMAWAN_CLOUD_APP_SECRET    the secret of its app, under which webhooks are signed
  DERMAWAN_CLOUD_VERIFY_TOKEN  what the platform repeats when the webhook is set up, 16 characters at least
  DERMAWAN_ADMIN_TOKEN         the password of the administrators' page and the token of the HTTP routes, 16 characters at least";

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole way once, on made-up data; needs no server and no configuration
    Demo(Demo),
    /// Load the charity's tables into the analytics file
    Etl(Etl),
    /// Show forecasts, donors at risk, segments and anomalies
    Analyse(Analyse),
    /// Serve the bot: receive webhooks, answer, send, and do what the schedule says
    Serve(Serve),
    /// Talk to the bot as if from a telephone; nothing is sent
    Chat(Chat),
    /// Serve the administrators' page alone; nothing is sent
    Page(Page),
    /// List, retry, settle and discard messages; pause and resume sending
    #[command(subcommand)]
    Outbox(Outbox),
    /// List and verify donors' numbers, note opt-outs, carry out requests for erasure
    #[command(subcommand)]
    Register(Register),
    /// Check configuration, database, analytics file and clock, and say what to mend
    Doctor(Doctor),
    /// Play the gateway, with a telephone at `/`, to try the bot without an account
    StandIn(StandIn),
}

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The same seed makes the same charity
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many donors it has
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) donors: u64,
    /// Keep the analytics file here, for `analyse`, `chat` or a DuckDB shell
    #[arg(long, value_name = "PATH")]
    pub(crate) keep: Option<PathBuf>,
}

/// Options of `etl`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct Etl {
    /// Read everything anew instead of what changed
    #[arg(long)]
    pub(crate) full: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Load made-up data that end today, instead of the configured source
    #[arg(long)]
    pub(crate) sample: bool,
    /// Load even if most rows of a table that was good before are rejected now
    #[arg(long)]
    pub(crate) accept_losses: bool,
}

/// Options of `analyse`.
#[derive(Debug, Args)]
pub(crate) struct Analyse {
    /// Which analysis
    #[arg(value_enum, default_value_t = Subject::All)]
    pub(crate) subject: Subject,
    /// Print JSON, with the key names of the HTTP routes
    #[arg(long)]
    pub(crate) json: bool,
    /// At most so many rows of a list [default: 10 in tables, all in JSON]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

/// An analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Donations of the months to come
    Forecast,
    /// Income, expense and balance of the months to come
    CashFlow,
    /// Donors at risk, with reasons
    Churn,
    /// Kinds of donors
    Segments,
    /// Lifetime value of donors
    Value,
    /// Months in which a category cost too much or too little
    Anomalies,
    /// Single unusual expenses
    Transactions,
    /// The last whole month
    Report,
    /// Everything
    All,
}

impl Subject {
    /// Every subject but `All`, in the order shown.
    pub(crate) const EACH: [Self; 8] = [
        Self::Forecast,
        Self::CashFlow,
        Self::Churn,
        Self::Segments,
        Self::Value,
        Self::Anomalies,
        Self::Transactions,
        Self::Report,
    ];
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Pretend that it is this time now, such as 2026-09-01T08:00:00+07:00, to try out what the schedule does; only with
    /// the console or a stand-in on this machine as the gateway
    #[arg(long, value_name = "TIME")]
    pub(crate) clock: Option<Timestamp>,
}

/// Options of `chat`.
#[derive(Debug, Args)]
pub(crate) struct Chat {
    /// Whose telephone it is [default: Pak Budi's of the made-up data]
    #[arg(long = "as", value_name = "NUMBER", default_value = "6281234567890")]
    pub(crate) number: String,
    /// Keep registrations, consent and greetings in this file [default: they end with the talk]
    #[arg(long, value_name = "PATH")]
    pub(crate) register: Option<PathBuf>,
    /// Talk about made-up data instead of the analytics file
    #[arg(long)]
    pub(crate) demo: bool,
}

/// Options of `page`.
#[derive(Debug, Args)]
pub(crate) struct Page {
    /// Where to listen; port 0 lets the system choose
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Show made-up data with made-up messages, instead of the analytics file
    #[arg(long)]
    pub(crate) sample: bool,
    /// The page is reached over https only (by a proxy): the cookie is never sent without it
    #[arg(long)]
    pub(crate) https: bool,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Ask the gateway, too, whether its device is connected
    #[arg(long)]
    pub(crate) online: bool,
}

/// Options of `stand-in`.
#[derive(Debug, Args)]
pub(crate) struct StandIn {
    /// Where to listen; port 0 lets the system choose, and the first line of output tells
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8100")]
    pub(crate) listen: SocketAddr,
    /// Listen on an address that other machines reach
    #[arg(long)]
    pub(crate) anywhere: bool,
    /// The token that requests must carry
    #[arg(long, default_value = "stand-in")]
    pub(crate) token: String,
    /// The device's own number
    #[arg(long, value_name = "NUMBER", default_value = "6281100000000")]
    pub(crate) device: String,
    /// Post webhooks here
    #[arg(long, value_name = "URL")]
    pub(crate) webhook: Option<String>,
    /// The device's secret key, repeated in every webhook
    #[arg(long)]
    pub(crate) secret: Option<String>,
    /// Messages left
    #[arg(long, default_value_t = 1000)]
    pub(crate) quota: u64,
    /// Disconnect the device after so many messages
    #[arg(long, value_name = "N")]
    pub(crate) disconnect_after: Option<u64>,
    /// Write identities as numbers or as texts
    #[arg(long, value_enum, default_value_t)]
    pub(crate) ids: crate::stand_in::Ids,
    /// Post what becomes of each message: sent, delivered, read
    #[arg(long)]
    pub(crate) statuses: bool,
    /// Post each webhook so many times
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) copies: u32,
    /// Post webhooks so many milliseconds late
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) hook_delay: u64,
    /// Post a webhook again after so many milliseconds, unless it was answered with 200
    #[arg(long, value_name = "MS", default_value_t = 60_000)]
    pub(crate) retry_every: u64,
    /// Post a webhook again so many times
    #[arg(long, value_name = "N", default_value_t = 15)]
    pub(crate) retries: u32,
    /// Answer so many milliseconds late
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) delay: u64,
    /// The share of requests that meet a fault by chance, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) chaos: f64,
    /// The seed of chance
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Append every message taken over to this file, a JSON line each, durable before its answer
    #[arg(long, value_name = "FILE")]
    pub(crate) accepted: Option<PathBuf>,
}

/// What to do with the outbox.
#[derive(Debug, Subcommand)]
pub(crate) enum Outbox {
    /// List messages, oldest first, without their texts
    List(Listed),
    /// Show one message
    Show {
        /// Its id in the list
        id: u64,
        /// Show its text, too
        #[arg(long)]
        text: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Send unknown or dead messages again
    Retry(Which),
    /// Say of unknown messages whether they went out
    #[command(allow_missing_positional = true)]
    Settle {
        #[command(flatten)]
        which: Which,
        /// What is known of it
        #[arg(value_enum)]
        went: Went,
    },
    /// Take out messages that are not wanted any more
    Discard(Which),
    /// Send nothing until `resume`
    Pause {
        /// This lane only [default: all]
        #[arg(long)]
        lane: Option<String>,
    },
    /// Send again, whatever halted it
    Resume {
        /// This lane only [default: all]
        #[arg(long)]
        lane: Option<String>,
    },
    /// Move what is queued in one lane to another, after a change of the gateway
    Move {
        /// From this lane, such as fonnte
        #[arg(long, value_name = "LANE")]
        from: String,
        /// To this lane, such as cloud
        #[arg(long, value_name = "LANE")]
        to: String,
    },
    /// Show how far each batch is, the newest first
    Batches {
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List who wants no messages, the newest first, or say it of one number
    Optouts {
        /// The number [default: all, masked]
        number: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// What to do with the register.
#[derive(Debug, Subcommand)]
pub(crate) enum Register {
    /// List the numbers proved to be donors', masked
    List {
        /// Only this donor's
        #[arg(long, value_name = "ID")]
        donor: Option<u64>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Vouch for a number: whoever writes from it is told what the donor may know
    Verify {
        /// The number
        number: String,
        /// Whose it is
        #[arg(long, value_name = "ID")]
        donor: u64,
        /// Take it from the donor whose it was
        #[arg(long)]
        replace: bool,
    },
    /// Note that a number wants no messages, as if BERHENTI had been written from it
    OptOut {
        /// The number
        number: String,
    },
    /// List the requests for erasure, the oldest first
    Erasures {
        /// Only those that wait for an administrator
        #[arg(long)]
        open: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Carry out a confirmed request for erasure, and tell the donor
    Erase {
        /// Its id in the list
        id: u64,
    },
}

/// Which messages are decided on: one, or many at once.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Its id in the list
    #[arg(required_unless_present_any = ["batch", "all"], conflicts_with_all = ["batch", "all"])]
    pub(crate) id: Option<u64>,
    /// Every one of this batch, such as laporan:2026-08, in a stage
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    pub(crate) batch: Option<String>,
    /// Every one there is in a stage
    #[arg(long)]
    pub(crate) all: bool,
    /// The stage of --batch or --all: queued, unknown or dead
    #[arg(long, value_parser = stage)]
    pub(crate) stage: Option<Stage>,
}

/// Options of `outbox list`.
#[derive(Debug, Args)]
pub(crate) struct Listed {
    /// Only this stage: queued, leased, sending, accepted, unknown or dead
    #[arg(long, value_parser = stage)]
    pub(crate) stage: Option<Stage>,
    /// Only what may have gone out or not, and waits for a decision
    #[arg(long, conflicts_with = "stage")]
    pub(crate) unknown: bool,
    /// Only this kind, such as laporan
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Only this batch, such as laporan:2026-08
    #[arg(long)]
    pub(crate) batch: Option<String>,
    /// Only those after this id, to turn the page
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<u64>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: u32,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn stage(text: &str) -> Result<Stage, String> {
    let known = Stage::ALL.iter().copied().find(|stage| stage.code() == text);
    known.ok_or_else(|| "it is one of queued, leased, sending, accepted, unknown, dead".to_owned())
}

/// What is known of a message in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Went {
    /// It went out
    Sent,
    /// It did not go out and is not wanted any more
    NotSent,
}

//! What the stand-in knows: the device, what it accepted, what was said.

use super::fault::{Fault, Faults, Plan};
use super::hook::Post;
use dermawan::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The identity of the first message accepted; the gateway's have nine digits.
const FIRST_ID: u64 = 144_000_000;
/// So many pictures are kept for the page.
const PICTURES: usize = 20;
/// So many lines of conversation are kept for the page, of all telephones together.
const LINES: usize = 2_000;
/// So many webhooks are remembered.
const POSTS: usize = 10_000;

/// How identities are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ids {
    /// As numbers, as today's answers have them.
    #[default]
    Integer,
    /// As texts, as older answers had them.
    String,
}

/// How the stand-in behaves.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The token that requests must carry.
    pub(crate) token: String,
    /// The device's own number.
    pub(crate) device: String,
    /// Where webhooks are posted.
    pub(crate) webhook: Option<String>,
    /// The device's secret key, repeated in every webhook.
    pub(crate) secret: Option<String>,
    /// Messages left.
    pub(crate) quota: u64,
    /// The device disconnects after so many messages.
    pub(crate) disconnect_after: Option<u64>,
    /// How identities are written.
    pub(crate) ids: Ids,
    /// Statuses are posted for accepted messages.
    pub(crate) statuses: bool,
    /// Each webhook is posted so many times.
    pub(crate) copies: u32,
    /// Webhooks are posted so late.
    pub(crate) hook_delay: Duration,
    /// How long until a webhook that was not answered with 200 is posted again.
    pub(crate) retry_every: Duration,
    /// How often it is posted again.
    pub(crate) retries: u32,
    /// Each answer of `/send` takes so long.
    pub(crate) delay: Duration,
    /// The share of requests that meet a fault by chance.
    pub(crate) chaos: f64,
    /// The seed of chance.
    pub(crate) seed: u64,
    /// Where accepted messages are written, each durable before its answer.
    pub(crate) log: Option<PathBuf>,
}

/// A message that the gateway took over.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Accepted {
    pub(super) id: u64,
    pub(super) target: String,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<Attached>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inboxid: Option<String>,
    /// Milliseconds since 1970.
    pub(super) at: i64,
}

/// A file that came along.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Attached {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) bytes: usize,
    #[serde(skip)]
    pub(super) content: Vec<u8>,
}

/// One line of a conversation.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) number: String,
    pub(super) ours: bool,
    pub(super) text: String,
    pub(super) at: i64,
    pub(super) picture: Option<u64>,
}

/// What can be asked of and changed at the control endpoint.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Settings {
    pub(super) connected: bool,
    pub(super) quota: u64,
    pub(super) ids: Ids,
    pub(super) statuses: bool,
    pub(super) copies: u32,
    pub(super) hook_delay_ms: u64,
    pub(super) delay_ms: u64,
    pub(super) disconnect_after: Option<u64>,
}

/// Everything that changes.
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) faults: Faults,
    pub(super) accepted: Vec<Accepted>,
    pub(super) deleted: Vec<u64>,
    pub(super) lines: Vec<Line>,
    pub(super) pictures: Vec<(u64, Attached)>,
    pub(super) posts: Vec<Post>,
    /// Requests to `/send`, whatever became of them.
    pub(super) asked: u64,
    pub(super) next_inbox: u64,
    /// Where webhooks are posted.
    pub(super) webhook: Option<String>,
    log: Option<File>,
}

/// The stand-in's desk.
pub(super) struct Desk {
    pub(super) options: Options,
    pub(super) agent: ureq::Agent,
    state: Mutex<State>,
}

/// Whether webhooks can be posted there.
pub(super) fn is_address(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

impl Desk {
    pub(super) fn new(options: Options) -> Result<Self> {
        if !(1..=100).contains(&options.copies) {
            return Err(Error::new(ErrorKind::InvalidInput, "the stand-in posts a webhook 1 to 100 times"));
        }
        if let Some(webhook) = &options.webhook
            && !is_address(webhook)
        {
            return Err(Error::new(ErrorKind::InvalidInput, "the webhook's address has no known scheme")
                .hint("write it like http://127.0.0.1:8080/webhook/…"));
        }
        let log = match &options.log {
            Some(path) => Some(OpenOptions::new().create(true).append(true).open(path).map_err(|cause| {
                Error::new(ErrorKind::Io, "the log of accepted messages cannot be opened")
                    .context("file", path.display())
                    .caused_by(cause)
            })?),
            None => None,
        };
        let agent = ureq::Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        let settings = Settings {
            connected: true,
            quota: options.quota,
            ids: options.ids,
            statuses: options.statuses,
            copies: options.copies,
            hook_delay_ms: options.hook_delay.as_millis() as u64,
            delay_ms: options.delay.as_millis() as u64,
            disconnect_after: options.disconnect_after,
        };
        let state = State {
            settings,
            faults: Faults::new(options.chaos, options.seed),
            accepted: Vec::new(),
            deleted: Vec::new(),
            lines: Vec::new(),
            pictures: Vec::new(),
            posts: Vec::new(),
            asked: 0,
            next_inbox: 0,
            webhook: options.webhook.clone(),
            log,
        };
        Ok(Self { options, agent, state: Mutex::new(state) })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn next_fault(&self) -> Option<Fault> {
        let mut state = self.lock();
        state.asked += 1;
        state.faults.next()
    }

    pub(super) fn plan(&self, plan: Plan) {
        self.lock().faults.add(plan);
    }
}

impl State {
    /// Takes a message over. What is to be logged is durable when this returns.
    pub(super) fn accept(
        &mut self,
        target: String,
        message: String,
        file: Option<Attached>,
        inboxid: Option<String>,
    ) -> std::io::Result<u64> {
        let id = FIRST_ID + self.accepted.len() as u64;
        let at = jiff::Timestamp::now().as_millisecond();
        let accepted = Accepted { id, target, message, file, inboxid, at };
        if let Some(log) = &mut self.log {
            let mut line = serde_json::to_vec(&accepted)?;
            line.push(b'\n');
            log.write_all(&line)?;
            log.sync_data()?;
        }
        if let Some(file) = &accepted.file {
            self.pictures.push((id, file.clone()));
            let over = self.pictures.len().saturating_sub(PICTURES);
            self.pictures.drain(..over);
        }
        self.said(Line {
            number: accepted.target.clone(),
            ours: false,
            text: accepted.message.clone(),
            at,
            picture: accepted.file.as_ref().map(|_| id),
        });
        // The picture itself is kept apart, and not for all messages.
        let mut kept = accepted;
        if let Some(file) = &mut kept.file {
            file.content = Vec::new();
        }
        self.accepted.push(kept);
        self.settings.quota = self.settings.quota.saturating_sub(1);
        if let Some(left) = &mut self.settings.disconnect_after {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.settings.connected = false;
                self.settings.disconnect_after = None;
            }
        }
        Ok(id)
    }

    pub(super) fn said(&mut self, line: Line) {
        self.lines.push(line);
        let over = self.lines.len().saturating_sub(LINES);
        self.lines.drain(..over);
    }

    pub(super) fn posted(&mut self, post: Post) {
        self.posts.push(post);
        let over = self.posts.len().saturating_sub(POSTS);
        self.posts.drain(..over);
    }
}

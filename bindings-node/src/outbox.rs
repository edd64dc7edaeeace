//! What is owed: messages that wait, and the worker that sends them.

use crate::door::{Later, Making, Maybe, later, later_made, moment, raise, read, read_or_default, zone};
use crate::transport::Transport;
use dermawan::outbox::{
    Decision, Draft, Filter, Halt, HaltKind, Leased, Memory, MessageId, Options, Retention, Sqlite, Ticket, Whom,
};
use dermawan::transport::{Answer, DeviceChange, Picture, StatusChange};
use dermawan::{Number, Result};
use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Uint8Array, Unknown};
use napi_derive::napi;
use serde::Serialize;
use std::sync::Arc;

type Core = dyn dermawan::outbox::Outbox;

/// Messages wait here, durably, until a gateway has taken them over. A file may be open in several processes. Moments
/// (`now`) are a `Date` or text with a time zone.
#[napi]
pub(crate) struct Outbox(Arc<Core>);

impl Outbox {
    fn later<T: Serialize>(&self, work: impl FnOnce(&Core) -> Result<T> + Send + 'static) -> napi::Result<Later> {
        let outbox = self.0.clone();
        Ok(later(move || work(&*outbox)))
    }
}

#[napi]
impl Outbox {
    /// Opens or creates an outbox file; the register and the inbox may live in the same one.
    #[napi(ts_return_type = "Promise<Outbox>")]
    pub fn open(path: String) -> AsyncTask<Making<Outbox>> {
        later_made(move || Ok(Self(Arc::new(Sqlite::open(path)?))))
    }

    /// An outbox that lasts as long as this object.
    #[napi]
    pub fn in_memory() -> Self {
        Self(Arc::new(Memory::default()))
    }

    /// Puts messages in: objects with `key` (unique for good), `lane`, `to`, `text`, and `priority` (`reply`, `alert`,
    /// `thanks`, `care`, or `batch`, the default), `kind`, `donor`, `batch`, `not_before`, `expires` and so on. Resolves to
    /// how many were `added`, `present` already, or `opted_out`.
    #[napi(ts_args_type = "drafts: object[], now: Date | string", ts_return_type = "Promise<any>")]
    pub fn put(&self, env: &Env, drafts: Unknown<'_>, now: Unknown<'_>) -> napi::Result<Later> {
        let (drafts, now): (Vec<Draft>, _) = (read(env, "drafts", drafts)?, moment(env, now)?);
        self.later(move |outbox| outbox.put(&mut drafts.into_iter(), now))
    }

    /// Keeps the picture (PNG or JPEG) of a batch; messages with `picture: true` go out with it.
    #[napi(
        ts_args_type = "batch: string, name: string, mediaType: string, bytes: Uint8Array, now: Date | string",
        ts_return_type = "Promise<null>"
    )]
    pub fn put_picture(
        &self,
        env: &Env,
        batch: String,
        name: String,
        media_type: String,
        bytes: Uint8Array,
        now: Unknown<'_>,
    ) -> napi::Result<Later> {
        let (now, bytes) = (moment(env, now)?, bytes.to_vec());
        self.later(move |outbox| outbox.put_picture(&batch, &Picture { name, media_type, bytes }, now))
    }

    /// The messages that a filter lets through, oldest first, without their texts, numbers masked. `filter` has `stage`,
    /// `delivery`, `kind`, `batch`, `lane`, `donor`, `after` and `limit` (100).
    #[napi(ts_args_type = "filter?: object | null", ts_return_type = "Promise<any[]>")]
    pub fn list(&self, env: &Env, filter: Maybe<'_>) -> napi::Result<Later> {
        let filter: Filter = read_or_default(env, "filter", filter)?;
        self.later(move |outbox| outbox.list(&filter))
    }

    /// One message by its key; `null` where there is none.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn find(&self, key: String) -> napi::Result<Later> {
        self.later(move |outbox| outbox.find(&key))
    }

    /// The text of a message; `null` when it is not there or its text was severed.
    #[napi(ts_args_type = "id: number", ts_return_type = "Promise<string | null>")]
    pub fn text(&self, env: &Env, id: Unknown<'_>) -> napi::Result<Later> {
        let id: MessageId = read(env, "id", id)?;
        self.later(move |outbox| outbox.text(id))
    }

    /// How many messages are in each stage, of one batch or of all.
    #[napi(ts_args_type = "batch?: string | null", ts_return_type = "Promise<any>")]
    pub fn counts(&self, batch: Option<String>) -> napi::Result<Later> {
        self.later(move |outbox| outbox.counts(batch.as_deref()))
    }

    /// How far each batch is, the newest first; `limit` (20 when left out) of them.
    #[napi(ts_args_type = "limit?: number | null", ts_return_type = "Promise<any[]>")]
    pub fn batches(&self, limit: Option<u32>) -> napi::Result<Later> {
        self.later(move |outbox| outbox.batches(limit.unwrap_or(20)))
    }

    /// Every lane with messages or a halt.
    #[napi(ts_return_type = "Promise<any[]>")]
    pub fn lanes(&self) -> napi::Result<Later> {
        self.later(dermawan::outbox::Outbox::lanes)
    }

    /// Does what an administrator decided on one message.
    #[napi(
        ts_args_type = "id: number, decision: 'retry' | 'sent' | 'not_sent' | 'discard', now: Date | string",
        ts_return_type = "Promise<any>"
    )]
    pub fn decide(&self, env: &Env, id: Unknown<'_>, decision: Unknown<'_>, now: Unknown<'_>) -> napi::Result<Later> {
        let (id, decision): (MessageId, Decision) = (read(env, "id", id)?, read(env, "decision", decision)?);
        let now = moment(env, now)?;
        self.later(move |outbox| outbox.decide(id, decision, now))
    }

    /// Halts a lane: `{kind: 'command', reason: '…', since: …, probe_at: null}`.
    #[napi(ts_args_type = "lane: string, halt: object", ts_return_type = "Promise<null>")]
    pub fn halt(&self, env: &Env, lane: String, halt: Unknown<'_>) -> napi::Result<Later> {
        let halt: Halt = read(env, "halt", halt)?;
        self.later(move |outbox| outbox.halt(&lane, &halt))
    }

    /// Lets a lane go on, whatever halted it, or only if `kind` did. Whether it was so halted.
    #[napi(ts_args_type = "lane: string, kind?: string | null", ts_return_type = "Promise<boolean>")]
    pub fn resume(&self, env: &Env, lane: String, kind: Maybe<'_>) -> napi::Result<Later> {
        let kind: Option<HaltKind> = read_or_default(env, "kind", kind)?;
        self.later(move |outbox| outbox.resume(&lane, kind))
    }

    /// Moves what is queued in one lane to another, after a change of the gateway. How many messages that were.
    #[napi(ts_return_type = "Promise<number>")]
    pub fn transfer(&self, lane: String, to: String) -> napi::Result<Later> {
        self.later(move |outbox| outbox.transfer(&lane, &to))
    }

    /// Notes that a number wants no messages, and takes out what waits for it. How many messages that were.
    #[napi(ts_args_type = "number: string, now: Date | string", ts_return_type = "Promise<number>")]
    pub fn opt_out(&self, env: &Env, number: String, now: Unknown<'_>) -> napi::Result<Later> {
        let now = moment(env, now)?;
        self.later(move |outbox| outbox.opt_out(&Number::parse(&number)?, now))
    }

    /// Notes that a number wants messages again. Whether it had opted out.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn opt_in(&self, number: String) -> napi::Result<Later> {
        self.later(move |outbox| outbox.opt_in(&Number::parse(&number)?))
    }

    /// Since when a number wants no messages.
    #[napi(ts_return_type = "Promise<string | null>")]
    pub fn opted_out(&self, number: String) -> napi::Result<Later> {
        self.later(move |outbox| outbox.opted_out(&Number::parse(&number)?))
    }

    /// Marks a leased message as being sent, to be called before its first byte goes out. `false`: it must not be sent.
    #[napi(ts_args_type = "ticket: object, now: Date | string", ts_return_type = "Promise<boolean>")]
    pub fn mark_sending(&self, env: &Env, ticket: Unknown<'_>, now: Unknown<'_>) -> napi::Result<Later> {
        let (ticket, now): (Ticket, _) = (read(env, "ticket", ticket)?, moment(env, now)?);
        self.later(move |outbox| outbox.mark_sending(&ticket, now))
    }

    /// Follows what the gateway tells about an accepted message, an event of `Transport.parse`. `false`: not known (yet).
    #[napi(ts_args_type = "change: object, now: Date | string", ts_return_type = "Promise<boolean>")]
    pub fn status(&self, env: &Env, change: Unknown<'_>, now: Unknown<'_>) -> napi::Result<Later> {
        let (change, now): (StatusChange, _) = (read(env, "change", change)?, moment(env, now)?);
        self.later(move |outbox| outbox.status(&change, now))
    }

    /// Takes back what `holder`, known to be dead, held, or without one what was held too long.
    #[napi(ts_args_type = "now: Date | string, holder?: string | null", ts_return_type = "Promise<any>")]
    pub fn reclaim(&self, env: &Env, now: Unknown<'_>, holder: Option<String>) -> napi::Result<Later> {
        let now = moment(env, now)?;
        self.later(move |outbox| outbox.reclaim(holder.as_deref(), now))
    }

    /// Severs a person, `{number: …}` or `{donor: …}`, from the messages. How many messages that were.
    #[napi(ts_args_type = "whom: object, now: Date | string", ts_return_type = "Promise<number>")]
    pub fn erase(&self, env: &Env, whom: Unknown<'_>, now: Unknown<'_>) -> napi::Result<Later> {
        let (whom, now): (Whom, _) = (read(env, "whom", whom)?, moment(env, now)?);
        self.later(move |outbox| outbox.erase(&whom, now))
    }

    /// Severs the persons from messages that were over before `persons_before`, and removes those before
    /// `messages_before` (`null` for none); from those unknown since before `unknown_before`, too, where it is there.
    #[napi(ts_args_type = "retention: object", ts_return_type = "Promise<any>")]
    pub fn prune(&self, env: &Env, retention: Unknown<'_>) -> napi::Result<Later> {
        let retention: Retention = read(env, "retention", retention)?;
        self.later(move |outbox| outbox.prune(&retention))
    }
}

/// Serves one lane with one gateway. `seed` must be another random whole number (up to 2⁵³) at each step.
#[napi]
pub(crate) struct Worker(dermawan::outbox::Worker);

#[napi]
impl Worker {
    /// A worker; two that run at the same time must not share a `holder`'s name. `timeZone` (`Asia/Jakarta` when left out)
    /// is that of the quiet hours.
    #[napi(
        constructor,
        ts_args_type = "lane: string, holder: string, options?: object | null, timeZone?: string | null"
    )]
    pub fn new(
        env: &Env,
        lane: String,
        holder: String,
        options: Maybe<'_>,
        time_zone: Option<String>,
    ) -> napi::Result<Self> {
        let (options, zone): (Options, _) = (read_or_default(env, "options", options)?, zone(env, time_zone)?);
        dermawan::outbox::Worker::new(lane, holder, options, zone).map(Self).map_err(|error| raise(env, &error))
    }

    /// To be called once before the first step: takes back what a dead worker of the same name held.
    #[napi(ts_args_type = "outbox: Outbox, now: Date | string", ts_return_type = "Promise<any>")]
    pub fn start(&self, env: &Env, outbox: &Outbox, now: Unknown<'_>) -> napi::Result<Later> {
        let (worker, now) = (self.0.clone(), moment(env, now)?);
        outbox.later(move |outbox| worker.start(outbox, now))
    }

    /// To be called after the last step: what it still holds is queued again.
    #[napi(ts_args_type = "outbox: Outbox, now: Date | string", ts_return_type = "Promise<any>")]
    pub fn stop(&self, env: &Env, outbox: &Outbox, now: Unknown<'_>) -> napi::Result<Later> {
        let (worker, now) = (self.0.clone(), moment(env, now)?);
        outbox.later(move |outbox| worker.stop(outbox, now))
    }

    /// Takes one step: at most one message goes out. A thread of the pool waits while the gateway does.
    #[napi(
        ts_args_type = "outbox: Outbox, transport: Transport, now: Date | string, seed: number",
        ts_return_type = "Promise<any>"
    )]
    pub fn step(
        &self,
        env: &Env,
        outbox: &Outbox,
        transport: &Transport,
        now: Unknown<'_>,
        seed: Unknown<'_>,
    ) -> napi::Result<Later> {
        let (worker, transport) = (self.0.clone(), transport.line.clone());
        let (now, seed): (_, u64) = (moment(env, now)?, read(env, "seed", seed)?);
        outbox.later(move |outbox| worker.step(outbox, &*transport, now, seed, &mut |_| {}))
    }

    /// Leases the next message, for a host that sends by itself: `{message: {…}}`, `{wait: …}` or `{halted: {…}}`.
    #[napi(ts_args_type = "outbox: Outbox, now: Date | string, seed: number", ts_return_type = "Promise<any>")]
    pub fn lease(&self, env: &Env, outbox: &Outbox, now: Unknown<'_>, seed: Unknown<'_>) -> napi::Result<Later> {
        let (worker, now, seed): (_, _, u64) = (self.0.clone(), moment(env, now)?, read(env, "seed", seed)?);
        outbox.later(move |outbox| worker.lease(outbox, now, seed))
    }

    /// Writes down what the gateway answered (`{outcome: 'accepted', id: …}`, or what `fonnteAnswer` says) to a leased
    /// message that was marked as being sent. Resolves to its stage.
    #[napi(
        ts_args_type = "outbox: Outbox, leased: object, answer: object, now: Date | string, seed: number",
        ts_return_type = "Promise<string>"
    )]
    pub fn settle(
        &self,
        env: &Env,
        outbox: &Outbox,
        leased: Unknown<'_>,
        answer: Unknown<'_>,
        now: Unknown<'_>,
        seed: Unknown<'_>,
    ) -> napi::Result<Later> {
        let (worker, now, seed): (_, _, u64) = (self.0.clone(), moment(env, now)?, read(env, "seed", seed)?);
        let (leased, answer): (Leased, Answer) = (read(env, "leased", leased)?, read(env, "answer", answer)?);
        outbox.later(move |outbox| worker.settle(outbox, &leased, &answer.try_into()?, now, seed))
    }

    /// A word from the gateway about the device: halts the lane, or lets it go on. Whether anything changed.
    #[napi(ts_args_type = "outbox: Outbox, change: object, now: Date | string", ts_return_type = "Promise<boolean>")]
    pub fn device(&self, env: &Env, outbox: &Outbox, change: Unknown<'_>, now: Unknown<'_>) -> napi::Result<Later> {
        let (worker, change, now): (_, DeviceChange, _) =
            (self.0.clone(), read(env, "change", change)?, moment(env, now)?);
        outbox.later(move |outbox| worker.device(outbox, &change, now))
    }
}

//! What is owed: messages that wait, and the worker that sends them.

use crate::door::{Given, Moment, Said, answer, call, or_default, zone};
use crate::transport::Transport;
use dermawan::Number;
use dermawan::outbox::{
    Decision, Draft, Filter, Halt, HaltKind, Leased, Memory, MessageId, Options, Retention, Sqlite, Ticket, Whom,
};
use dermawan::transport::{self, DeviceChange, Picture, StatusChange};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// Messages wait here, durably, until a gateway has taken them over. A file may be open in several processes.
#[pyclass(frozen, module = "dermawan")]
pub(crate) struct Outbox(Arc<dyn dermawan::outbox::Outbox>);

#[pymethods]
impl Outbox {
    /// Opens or creates an outbox file; the register and the inbox may live in the same one.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        call(py, || Ok(Self(Arc::new(Sqlite::open(path)?))))
    }

    /// An outbox that lasts as long as this object.
    #[staticmethod]
    fn in_memory() -> Self {
        Self(Arc::new(Memory::default()))
    }

    /// Puts messages in: dicts with `key` (unique for good), `lane`, `to`, `text`, and `priority` (`reply`, `alert`,
    /// `thanks`, `care`, or `batch`, the default), `kind`, `donor`, `batch`, `not_before`, `expires` and so on. Returns how
    /// many were `added`, `present` already, or `opted_out`.
    #[pyo3(signature = (drafts: "list[dict]", now) -> "dict")]
    fn put<'py>(&self, py: Python<'py>, drafts: Given<Vec<Draft>>, now: Moment) -> Said<'py> {
        answer(py, || self.0.put(&mut drafts.0.into_iter(), now.0))
    }

    /// Keeps the picture (PNG or JPEG) of a batch; messages with `"picture": True` go out with it.
    fn put_picture(
        &self,
        py: Python<'_>,
        batch: &str,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
        now: Moment,
    ) -> PyResult<()> {
        call(py, || self.0.put_picture(batch, &Picture { name, media_type, bytes }, now.0))
    }

    /// The messages that a filter lets through, oldest first, without their texts, numbers masked. `filter` has `stage`,
    /// `delivery`, `kind`, `batch`, `lane`, `donor`, `after` and `limit` (100).
    #[pyo3(signature = (filter: "dict | None"=None) -> "list[dict]")]
    fn list<'py>(&self, py: Python<'py>, filter: Option<Given<Filter>>) -> Said<'py> {
        answer(py, || self.0.list(&or_default(filter)))
    }

    /// One message by its key.
    #[pyo3(signature = (key) -> "dict | None")]
    fn find<'py>(&self, py: Python<'py>, key: &str) -> Said<'py> {
        answer(py, || self.0.find(key))
    }

    /// The text of a message; `None` when it is not there or its text was severed.
    fn text(&self, py: Python<'_>, id: u64) -> PyResult<Option<String>> {
        call(py, || self.0.text(MessageId(id)))
    }

    /// How many messages are in each stage, of one batch or of all.
    #[pyo3(signature = (batch=None) -> "dict")]
    fn counts<'py>(&self, py: Python<'py>, batch: Option<&str>) -> Said<'py> {
        answer(py, || self.0.counts(batch))
    }

    /// How far each batch is, the newest first.
    #[pyo3(signature = (limit=20) -> "list[dict]")]
    fn batches<'py>(&self, py: Python<'py>, limit: u32) -> Said<'py> {
        answer(py, || self.0.batches(limit))
    }

    /// Every lane with messages or a halt.
    #[pyo3(signature = () -> "list[dict]")]
    fn lanes<'py>(&self, py: Python<'py>) -> Said<'py> {
        answer(py, || self.0.lanes())
    }

    /// Does what an administrator decided on one message: `retry`, `sent`, `not_sent` or `discard`.
    #[pyo3(signature = (id, decision: "str", now) -> "dict")]
    fn decide<'py>(&self, py: Python<'py>, id: u64, decision: Given<Decision>, now: Moment) -> Said<'py> {
        answer(py, || self.0.decide(MessageId(id), decision.0, now.0))
    }

    /// Halts a lane: `{"kind": "command", "reason": "…", "since": …, "probe_at": None}`.
    #[pyo3(signature = (lane, halt: "dict"))]
    fn halt(&self, py: Python<'_>, lane: &str, halt: Given<Halt>) -> PyResult<()> {
        call(py, || self.0.halt(lane, &halt.0))
    }

    /// Lets a lane go on, whatever halted it, or only if `kind` did. Whether it was so halted.
    #[pyo3(signature = (lane, kind: "str | None"=None))]
    fn resume(&self, py: Python<'_>, lane: &str, kind: Option<Given<HaltKind>>) -> PyResult<bool> {
        call(py, || self.0.resume(lane, kind.map(|kind| kind.0)))
    }

    /// Moves what is queued in one lane to another, after a change of the gateway. How many messages that were.
    fn transfer(&self, py: Python<'_>, lane: &str, to: &str) -> PyResult<u64> {
        call(py, || self.0.transfer(lane, to))
    }

    /// Notes that a number wants no messages, and takes out what waits for it. How many messages that were.
    fn opt_out(&self, py: Python<'_>, number: &str, now: Moment) -> PyResult<u64> {
        call(py, || self.0.opt_out(&Number::parse(number)?, now.0))
    }

    /// Notes that a number wants messages again. Whether it had opted out.
    fn opt_in(&self, py: Python<'_>, number: &str) -> PyResult<bool> {
        call(py, || self.0.opt_in(&Number::parse(number)?))
    }

    /// Since when a number wants no messages.
    #[pyo3(signature = (number) -> "str | None")]
    fn opted_out<'py>(&self, py: Python<'py>, number: &str) -> Said<'py> {
        answer(py, || self.0.opted_out(&Number::parse(number)?))
    }

    /// Marks a leased message as being sent, to be called before its first byte goes out. `False`: it must not be sent.
    #[pyo3(signature = (ticket: "dict", now))]
    fn mark_sending(&self, py: Python<'_>, ticket: Given<Ticket>, now: Moment) -> PyResult<bool> {
        call(py, || self.0.mark_sending(&ticket.0, now.0))
    }

    /// Follows what the gateway tells about an accepted message, an event of `Transport.parse`. `False`: not known (yet).
    #[pyo3(signature = (change: "dict", now))]
    fn status(&self, py: Python<'_>, change: Given<StatusChange>, now: Moment) -> PyResult<bool> {
        call(py, || self.0.status(&change.0, now.0))
    }

    /// Takes back what `holder`, known to be dead, held, or without one what was held too long.
    #[pyo3(signature = (now, holder=None) -> "dict")]
    fn reclaim<'py>(&self, py: Python<'py>, now: Moment, holder: Option<&str>) -> Said<'py> {
        answer(py, || self.0.reclaim(holder, now.0))
    }

    /// Severs a person, `{"number": …}` or `{"donor": …}`, from the messages. How many messages that were.
    #[pyo3(signature = (whom: "dict", now))]
    fn erase(&self, py: Python<'_>, whom: Given<Whom>, now: Moment) -> PyResult<u64> {
        call(py, || self.0.erase(&whom.0, now.0))
    }

    /// Severs the persons from messages that were over before `persons_before`, and removes those before
    /// `messages_before` (`None` for none); from those unknown since before `unknown_before`, too, where it is there.
    #[pyo3(signature = (retention: "dict") -> "dict")]
    fn prune<'py>(&self, py: Python<'py>, retention: Given<Retention>) -> Said<'py> {
        answer(py, || self.0.prune(&retention.0))
    }
}

/// Serves one lane with one gateway. `seed` must be another random number at each step.
#[pyclass(frozen, module = "dermawan")]
pub(crate) struct Worker(dermawan::outbox::Worker);

#[pymethods]
impl Worker {
    /// A worker; two that run at the same time must not share a `holder`'s name. `time_zone` is that of the quiet hours.
    #[new]
    #[pyo3(signature = (lane, holder, options: "dict | None"=None, time_zone="Asia/Jakarta"))]
    fn new(
        py: Python<'_>,
        lane: String,
        holder: String,
        options: Option<Given<Options>>,
        time_zone: &str,
    ) -> PyResult<Self> {
        let options = or_default(options);
        call(py, || Ok(Self(dermawan::outbox::Worker::new(lane, holder, options, zone(time_zone)?)?)))
    }

    /// To be called once before the first step: takes back what a dead worker of the same name held.
    #[pyo3(signature = (outbox, now) -> "dict")]
    fn start<'py>(&self, py: Python<'py>, outbox: &Outbox, now: Moment) -> Said<'py> {
        answer(py, || self.0.start(&*outbox.0, now.0))
    }

    /// To be called after the last step: what it still holds is queued again.
    #[pyo3(signature = (outbox, now) -> "dict")]
    fn stop<'py>(&self, py: Python<'py>, outbox: &Outbox, now: Moment) -> Said<'py> {
        answer(py, || self.0.stop(&*outbox.0, now.0))
    }

    /// Takes one step: at most one message goes out. Blocks this thread while the gateway does.
    #[pyo3(signature = (outbox, transport, now, seed) -> "dict")]
    fn step<'py>(&self, py: Python<'py>, outbox: &Outbox, transport: &Transport, now: Moment, seed: u64) -> Said<'py> {
        answer(py, || self.0.step(&*outbox.0, &*transport.line, now.0, seed, &mut |_| {}))
    }

    /// Leases the next message, for a host that sends by itself: `{"message": {…}}`, `{"wait": …}` or `{"halted": {…}}`.
    #[pyo3(signature = (outbox, now, seed) -> "dict")]
    fn lease<'py>(&self, py: Python<'py>, outbox: &Outbox, now: Moment, seed: u64) -> Said<'py> {
        answer(py, || self.0.lease(&*outbox.0, now.0, seed))
    }

    /// Writes down what the gateway answered (`{"outcome": "accepted", "id": …}`, or what `fonnte_answer` says) to a leased
    /// message that was marked as being sent. Returns its stage.
    #[pyo3(signature = (outbox, leased: "dict", answer: "dict", now, seed) -> "str")]
    fn settle<'py>(
        &self,
        py: Python<'py>,
        outbox: &Outbox,
        leased: Given<Leased>,
        answer: Given<transport::Answer>,
        now: Moment,
        seed: u64,
    ) -> Said<'py> {
        self::answer(py, || self.0.settle(&*outbox.0, &leased.0, &answer.0.try_into()?, now.0, seed))
    }

    /// A word from the gateway about the device: halts the lane, or lets it go on. Whether anything changed.
    #[pyo3(signature = (outbox, change: "dict", now))]
    fn device(&self, py: Python<'_>, outbox: &Outbox, change: Given<DeviceChange>, now: Moment) -> PyResult<bool> {
        call(py, || self.0.device(&*outbox.0, &change.0, now.0))
    }
}

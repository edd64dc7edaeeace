//! One thread writes the inbox, and many who wait share a flush of the disk: what costs is the flush and not the row, so
//! two thousand webhooks a second need a few hundred flushes. Settling goes through it too, so that no writer waits for
//! another's lock.

use super::files::Files;
use super::metrics::Counters;
use dermawan::inbox::{Inbox, Kept, Step};
use dermawan::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{Notify, mpsc, oneshot};

/// Writes that may wait. When the disk is so slow that more do, webhooks are refused, and the gateway delivers again.
const WAITING: usize = 8192;
/// The most writes of one transaction: a bound of its time and memory.
const GROUP: usize = 512;

struct Order {
    step: Step,
    done: oneshot::Sender<Result<Kept, ()>>,
}

/// The way to the inbox's writer.
#[derive(Clone)]
pub(super) struct Intake {
    orders: mpsc::Sender<Order>,
}

/// Starts the writer. It ends when the last [`Intake`] is dropped and everything is written.
pub(super) fn start(
    mut inbox: Inbox,
    arrived: Arc<Notify>,
    counters: Arc<Counters>,
    files: Arc<Files>,
) -> Result<(Intake, JoinHandle<()>)> {
    let (orders, mut waiting) = mpsc::channel::<Order>(WAITING);
    let write = move || {
        let mut group: Vec<Order> = Vec::with_capacity(GROUP);
        while let Some(first) = waiting.blocking_recv() {
            group.push(first);
            while group.len() < GROUP
                && let Ok(next) = waiting.try_recv()
            {
                group.push(next);
            }
            let (steps, done): (Vec<Step>, Vec<_>) = group.drain(..).map(|order| (order.step, order.done)).unzip();
            counters.flushes.add(1);
            let committed = inbox.commit(&steps);
            files.note(committed.is_ok());
            match committed {
                Ok(kept) => {
                    for (done, kept) in done.into_iter().zip(kept) {
                        // Who asked may have gone; what is written is written.
                        let _ = done.send(Ok(kept));
                    }
                    arrived.notify_one();
                }
                Err(error) => {
                    tracing::error!(code = error.code(), "the inbox cannot be written: {error}");
                    counters.unwritten.add(done.len() as u64);
                    for done in done {
                        let _ = done.send(Err(()));
                    }
                }
            }
        }
    };
    let thread = std::thread::Builder::new()
        .name("inbox".into())
        .spawn(write)
        .map_err(|cause| Error::new(ErrorKind::Io, "a thread cannot be started").caused_by(cause))?;
    Ok((Intake { orders }, thread))
}

/// It is not written: the disk failed or is too slow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unwritten;

impl Intake {
    /// Writes one step; when it returns, it survives a power cut. Does not wait when too many wait.
    pub(super) async fn keep(&self, step: Step) -> Result<Kept, Unwritten> {
        let (done, answer) = oneshot::channel();
        self.orders.try_send(Order { step, done }).map_err(|_| Unwritten)?;
        answer.await.map_err(|_| Unwritten)?.map_err(|()| Unwritten)
    }

    /// The same, waiting for its turn: for what is already inside.
    pub(super) async fn settle(&self, step: Step) -> Result<Kept, Unwritten> {
        let (done, answer) = oneshot::channel();
        self.orders.send(Order { step, done }).await.map_err(|_| Unwritten)?;
        answer.await.map_err(|_| Unwritten)?.map_err(|()| Unwritten)
    }
}

//! Natural batching of sends: no timer, no waiting when there is nothing to wait for.
//!
//! One task takes a job, adds every other that waits already, and stores them in one transaction;
//! meanwhile the next ones gather. At low load a batch is one message and costs no latency, at high
//! load the commit is shared, and so is what a conversation costs whose messages come together.
//! The writer does the work, not the caller: a send whose caller went away is stored all the same.

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;

use super::{Insert, NewMessage};

/// When so many messages share a transaction no further job joins: it would hold its locks for too long.
const FULL_BATCH: usize = 512;
/// How many jobs may wait before senders are made to wait.
const MAX_WAITING: usize = 1024;
/// So often everything else that can run runs before a batch is closed: what has arrived on a socket is on its way
/// here, and takes a few tasks to get here. Microseconds when nothing else runs; under load it makes a batch four
/// times as long, and a message cost two thirds.
const GATHERING: usize = 4;

/// Messages of one conversation on their way into the database, together and in this order or not at all, and
/// who waits for the outcome.
pub struct Job {
    /// The messages; at least one.
    pub messages: Vec<NewMessage>,
    done: oneshot::Sender<anyhow::Result<Vec<Insert>>>,
}

impl Job {
    /// Tells the caller, if it still waits.
    pub fn answer(self, outcome: anyhow::Result<Vec<Insert>>) {
        // The caller may have gone away; the outcome stands.
        drop(self.done.send(outcome));
    }
}

/// The writer of one store. Its task ends when it is dropped.
pub struct Writer(mpsc::Sender<Job>);

impl Writer {
    /// Starts it; `store` must answer every job it is given.
    pub fn start<S>(store: S) -> Self
    where
        S: Fn(Vec<Job>) -> BoxFuture<'static, ()> + Send + 'static,
    {
        let (sender, mut waiting) = mpsc::channel(MAX_WAITING);
        tokio::spawn(async move {
            while let Some(batch) = next_batch(&mut waiting).await {
                store(batch).await;
            }
        });
        Self(sender)
    }

    /// Stores messages of one conversation; one answer each.
    pub async fn store(&self, messages: Vec<NewMessage>) -> anyhow::Result<Vec<Insert>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let (done, outcome) = oneshot::channel();
        self.0.send(Job { messages, done }).await.map_err(|_| anyhow::anyhow!("the store is closed"))?;
        outcome.await?
    }
}

/// The first job, once there is one, and those that wait behind it. `None` when no more will come.
async fn next_batch(waiting: &mut mpsc::Receiver<Job>) -> Option<Vec<Job>> {
    let mut batch = vec![waiting.recv().await?];
    for _ in 0..GATHERING {
        yield_now().await;
    }
    let mut messages = batch[0].messages.len();
    while messages < FULL_BATCH
        && let Ok(job) = waiting.try_recv()
    {
        messages += job.messages.len();
        batch.push(job);
    }
    Some(batch)
}

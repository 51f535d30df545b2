//! Natural batching of sends: no timer, no waiting when there is nothing to wait for.
//!
//! A lane takes one job, adds every other that waits already, and stores them in one
//! transaction; meanwhile the next ones gather. At low load a batch is one message and costs no
//! latency, at high load the commit is shared. Messages of one conversation always take the same
//! lane and so never wait for each other's lock. The lane does the work, not the caller: a send
//! whose caller went away is stored all the same.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::{Insert, NewMessage};

/// When so many messages share a transaction no further job joins: it would hold its locks for too long.
const FULL_BATCH: usize = 512;
/// How many jobs may wait in a lane before senders are made to wait.
const MAX_WAITING: usize = 1024;

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

/// The lanes of one store. Their tasks end when it is dropped.
pub struct Lanes(Vec<mpsc::Sender<Job>>);

impl Lanes {
    /// Opens `count` lanes; `store` must answer every job it is given.
    pub fn open<S>(count: usize, store: S) -> Self
    where
        S: Fn(Vec<Job>) -> BoxFuture<'static, ()> + Clone + Send + 'static,
    {
        let lane = |store: S| {
            let (sender, mut waiting) = mpsc::channel(MAX_WAITING);
            tokio::spawn(async move {
                while let Some(batch) = next_batch(&mut waiting).await {
                    store(batch).await;
                }
            });
            sender
        };
        Self((0..count).map(|_| lane(store.clone())).collect())
    }

    /// Stores messages of one conversation; one answer each.
    pub async fn store(&self, messages: Vec<NewMessage>) -> anyhow::Result<Vec<Insert>> {
        let Some(NewMessage { sender_id, receiver_id, .. }) = messages.first() else { return Ok(Vec::new()) };
        let mut hasher = DefaultHasher::new();
        (sender_id.min(receiver_id), sender_id.max(receiver_id)).hash(&mut hasher);
        let index = hasher.finish() % self.0.len() as u64;
        let lane = &self.0[usize::try_from(index).expect("it is below the number of lanes")];

        let (done, outcome) = oneshot::channel();
        lane.send(Job { messages, done }).await.map_err(|_| anyhow::anyhow!("the store is closed"))?;
        outcome.await?
    }
}

/// The first job, once there is one, and those that wait behind it. `None` when no more will come.
async fn next_batch(waiting: &mut mpsc::Receiver<Job>) -> Option<Vec<Job>> {
    let mut batch = vec![waiting.recv().await?];
    let mut messages = batch[0].messages.len();
    while messages < FULL_BATCH
        && let Ok(job) = waiting.try_recv()
    {
        messages += job.messages.len();
        batch.push(job);
    }
    Some(batch)
}

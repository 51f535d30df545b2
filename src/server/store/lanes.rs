//! Natural batching of sends: no timer, no waiting when there is nothing to wait for.
//!
//! A lane takes one message, adds every other that waits already, and stores them in one
//! transaction; meanwhile the next ones gather. At low load a batch is one message and costs no
//! latency, at high load the commit is shared. Messages of one conversation always take the same
//! lane and so never wait for each other's lock. The lane does the work, not the caller: a send
//! whose caller went away is stored all the same.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::{Insert, NewMessage};

/// How many messages share a transaction at most. More would not be faster, and hold locks longer.
const MAX_BATCH: usize = 128;
/// How many may wait in a lane before senders are made to wait.
const MAX_WAITING: usize = 1024;

/// A message on its way into the database, and who waits for the outcome.
pub struct Job {
    /// The message.
    pub message: NewMessage,
    done: oneshot::Sender<anyhow::Result<Insert>>,
}

impl Job {
    /// Tells the caller, if it still waits.
    pub fn answer(self, outcome: anyhow::Result<Insert>) {
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
                let mut batch = Vec::new();
                while waiting.recv_many(&mut batch, MAX_BATCH).await > 0 {
                    store(std::mem::take(&mut batch)).await;
                }
            });
            sender
        };
        Self((0..count).map(|_| lane(store.clone())).collect())
    }

    /// Stores a message.
    pub async fn store(&self, message: NewMessage) -> anyhow::Result<Insert> {
        let (a, b) = (message.sender_id, message.receiver_id);
        let mut hasher = DefaultHasher::new();
        (a.min(b), a.max(b)).hash(&mut hasher);
        let index = hasher.finish() % self.0.len() as u64;
        let lane = &self.0[usize::try_from(index).expect("it is below the number of lanes")];

        let (done, outcome) = oneshot::channel();
        lane.send(Job { message, done }).await.map_err(|_| anyhow::anyhow!("the store is closed"))?;
        outcome.await?
    }
}

//! The publishing half: a bounded queue in front of one pipelined connection.
//!
//! A publication is worth little once the store has been asked instead, so each has a short life:
//! it is tried again, over a fresh connection, until it is too old. Order is kept; a try whose
//! answer got lost is repeated, so a payload may come twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Backoff, BusError, meter};

/// At most so many publications wait …
const QUEUE_MESSAGES: usize = 4096;
/// … of so many bytes together.
const QUEUE_BYTES: usize = 16 * 1024 * 1024;
/// One round trip carries at most so many publications …
const BATCH_MESSAGES: usize = 256;
/// … and about so many bytes, so that [`PUBLISH_TIMEOUT`] suffices on a slow network too.
const BATCH_BYTES: usize = 256 * 1024;
/// One try.
const PUBLISH_TIMEOUT: Duration = Duration::from_millis(200);
/// One try to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// What is older was overtaken by the store.
const GIVE_UP_AFTER: Duration = Duration::from_secs(2);
/// Short, because a publication does not live long.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Where publications are put. Never waits.
#[derive(Clone)]
pub(super) struct Outbox {
    queue: mpsc::Sender<Publication>,
    waiting_bytes: Arc<AtomicUsize>,
}

struct Publication {
    channel: String,
    payload: Bytes,
    /// Of no interest to anyone but this instance, so not counted.
    probe: bool,
    queued_at: Instant,
}

impl Outbox {
    /// Queues a message.
    pub(super) fn publish(&self, channel: String, payload: Bytes) -> Result<(), BusError> {
        self.put(channel, payload, false).inspect_err(|_| meter::dropped(1))
    }

    /// Queues a probe. One that does not fit is a probe not heard.
    pub(super) fn probe(&self, channel: &str, payload: Bytes) {
        let _ = self.put(channel.to_owned(), payload, true);
    }

    fn put(&self, channel: String, payload: Bytes, probe: bool) -> Result<(), BusError> {
        let bytes = payload.len();
        if self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > QUEUE_BYTES {
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(BusError::Full);
        }
        let publication = Publication { channel, payload, probe, queued_at: Instant::now() };
        self.queue.try_send(publication).map_err(|error| {
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            match error {
                mpsc::error::TrySendError::Full(_) => BusError::Full,
                mpsc::error::TrySendError::Closed(_) => BusError::Closed,
            }
        })
    }
}

/// The task behind an [`Outbox`].
pub(super) struct Publisher {
    client: Client,
    queue: mpsc::Receiver<Publication>,
    waiting_bytes: Arc<AtomicUsize>,
    drain: CancellationToken,
    connection: Option<MultiplexedConnection>,
    backoff: Backoff,
    /// Messages given up since the last one that got through.
    given_up: usize,
}

impl Publisher {
    /// Once `drain` is cancelled nothing more is taken in, and [`Self::run`] ends when the queue
    /// is empty.
    pub(super) fn new(client: Client, drain: CancellationToken) -> (Outbox, Self) {
        let (sender, queue) = mpsc::channel(QUEUE_MESSAGES);
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let outbox = Outbox { queue: sender, waiting_bytes: Arc::clone(&waiting_bytes) };
        let backoff = Backoff::up_to(LONGEST_PAUSE);
        (outbox, Self { client, queue, waiting_bytes, drain, connection: None, backoff, given_up: 0 })
    }

    pub(super) async fn run(mut self) {
        while let Some(mut batch) = self.next_batch().await {
            loop {
                self.discard_expired(&mut batch);
                if batch.is_empty() {
                    break;
                }
                match self.attempt(&batch).await {
                    Ok(answers) => {
                        self.settle(&batch, &answers);
                        break;
                    }
                    Err(error) => {
                        tracing::debug!(%error, "a try to publish failed");
                        // Whatever its state is now: an answer to an old try must not be taken
                        // for one to the next.
                        self.connection = None;
                        sleep(self.backoff.pause()).await;
                    }
                }
            }
        }
    }

    async fn next_batch(&mut self) -> Option<Vec<Publication>> {
        let first = tokio::select! {
            first = self.queue.recv() => first,
            () = self.drain.cancelled(), if !self.queue.is_closed() => {
                self.queue.close();
                self.queue.recv().await
            }
        }?;
        let mut bytes = first.payload.len();
        let mut batch = vec![first];
        while batch.len() < BATCH_MESSAGES && bytes < BATCH_BYTES {
            let Ok(next) = self.queue.try_recv() else { break };
            bytes += next.payload.len();
            batch.push(next);
        }
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        Some(batch)
    }

    async fn attempt(&mut self, batch: &[Publication]) -> RedisResult<Vec<RedisResult<u64>>> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let mut pipeline = redis::Pipeline::with_capacity(batch.len());
        // One refused publication is no reason to repeat the others.
        pipeline.ignore_errors();
        for publication in batch {
            pipeline.cmd("PUBLISH").arg(&publication.channel).arg(&publication.payload[..]);
        }
        let answers =
            timeout(PUBLISH_TIMEOUT, pipeline.query_async(&mut connection)).await.map_err(timed_out)??;
        self.connection = Some(connection);
        Ok(answers)
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        // Time-outs are ours: one of the library's keeps the connection, half-open or not.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        timeout(CONNECT_TIMEOUT, self.client.get_multiplexed_async_connection_with_config(&config))
            .await
            .map_err(timed_out)?
    }

    fn settle(&mut self, batch: &[Publication], answers: &[RedisResult<u64>]) {
        self.backoff.reset();
        let outcomes = batch.iter().zip(answers).filter(|(publication, _)| !publication.probe);
        let (accepted, refused): (Vec<_>, Vec<_>) = outcomes.partition(|(_, answer)| answer.is_ok());
        for (publication, _) in accepted {
            meter::published(publication.queued_at.elapsed());
        }
        if let Some((_, Err(error))) = refused.first() {
            self.give_up(refused.len(), &error.to_string());
        } else if self.given_up > 0 {
            tracing::info!(given_up = self.given_up, "the bus publishes again");
            self.given_up = 0;
        }
    }

    fn discard_expired(&mut self, batch: &mut Vec<Publication>) {
        let before = messages(batch);
        batch.retain(|publication| publication.queued_at.elapsed() < GIVE_UP_AFTER);
        self.give_up(before - messages(batch), "not published in time");
    }

    fn give_up(&mut self, messages: usize, reason: &str) {
        if messages == 0 {
            return;
        }
        if self.given_up == 0 {
            tracing::warn!(reason, "the bus gives messages up; they wait in the store");
        }
        self.given_up += messages;
        meter::dropped(messages);
    }
}

fn messages(batch: &[Publication]) -> usize {
    batch.iter().filter(|publication| !publication.probe).count()
}

fn timed_out(_: tokio::time::error::Elapsed) -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

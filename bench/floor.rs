//! The floor: the least work that takes a message from one socket through a database and Redis to another.
//!
//! The sockets, the frames and the way through Redis are those of the protocol; in between there is one bare
//! insert. No sessions, no repeated sends, no marks, no limits, no second instance: what a server does beyond
//! this is what it pays for. Everything is batched where something waits, and nothing waits for a batch.

use std::collections::HashMap;
use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use clap::Args;
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use mosaic::chat::protocol::ServerFrame;
use mosaic::domain::{ClientId, Message, MessageId, Seq, UserId};
use mosaic::server::bus::channel;
use mosaic::server::clock::Clock;
use redis::aio::{MultiplexedConnection, PubSubSink, PubSubStream};
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Message as Raw, Utf8Bytes};
use uuid::Uuid;

use crate::floor_store::Table;
use crate::wire::socket_config;

/// Messages that share an insert at most.
const BATCH: usize = 512;

/// Where the floor listens and stores.
#[derive(Debug, Args)]
pub struct Settings {
    /// Listen address.
    #[arg(long)]
    listen: SocketAddr,
    /// An empty database.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// Without it messages go straight to the receiver's socket.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    redis_url: Option<String>,
}

#[derive(Deserialize)]
struct Send {
    client_id: Uuid,
    receiver_id: Uuid,
    content: String,
}

/// A message to store, and the socket that waits for the `ack`.
struct Job {
    message: Message,
    from: UnboundedSender<Utf8Bytes>,
}

/// The sockets of each user.
#[derive(Clone, Default)]
struct Sockets(Arc<Mutex<HashMap<Uuid, UnboundedSender<Utf8Bytes>>>>);

impl Sockets {
    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, UnboundedSender<Utf8Bytes>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, user: Uuid, frame: Utf8Bytes) {
        if let Some(socket) = self.lock().get(&user) {
            // One that is gone misses nothing.
            let _ = socket.send(frame);
        }
    }
}

/// The way to the receiver.
#[derive(Clone)]
enum Road {
    Straight,
    Redis { publish: UnboundedSender<(Uuid, Utf8Bytes)>, subscribe: PubSubSink },
}

#[derive(Clone)]
struct Floor {
    sockets: Sockets,
    road: Road,
    store: UnboundedSender<Job>,
    clock: Clock,
}

/// Serves until it is killed.
///
/// # Errors
/// When the database, Redis or the listen address cannot be had, or one of the first two is lost.
pub async fn serve(settings: Settings) -> Result<()> {
    let table = Table::create(&settings.database_url).await.context("DATABASE_URL")?;
    let sockets = Sockets::default();
    let (road, traffic) = match &settings.redis_url {
        None => (Road::Straight, pending().boxed()),
        Some(url) => {
            let client = redis::Client::open(url.as_str())?;
            let (publish, published) = mpsc::unbounded_channel();
            let publishing = publisher(client.get_multiplexed_async_connection().await?, published);
            let (subscribe, heard) = client.get_async_pubsub().await?.split();
            let subscribing = subscriber(heard, sockets.clone());
            let traffic = async { tokio::try_join!(publishing, subscribing).map(drop) };
            (Road::Redis { publish, subscribe }, traffic.boxed())
        }
    };
    let (store, jobs) = mpsc::unbounded_channel();
    let floor = Floor { sockets, road, store, clock: Clock::system() };
    let listener = TcpListener::bind(settings.listen).await?;
    tokio::select! {
        stored = writer(table, jobs, floor.clone()) => stored,
        accepted = accept(listener, floor) => accepted,
        lost = traffic => lost,
    }
}

async fn accept(listener: TcpListener, floor: Floor) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let floor = floor.clone();
        tokio::spawn(async move {
            // Whoever looks whether there is a server ends without a word; so do clients that are done.
            let _ = connection(stream, floor).await;
        });
    }
}

/// One task for both directions of a socket.
async fn connection(stream: TcpStream, mut floor: Floor) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut user = None;
    #[expect(
        clippy::result_large_err,
        reason = "the library's own type for a refusal, of which there is none"
    )]
    let read_user = |request: &Request, response: Response| {
        user = request.uri().path().rsplit('/').next().and_then(|id| id.parse::<Uuid>().ok());
        Ok(response)
    };
    let mut socket =
        tokio_tungstenite::accept_hdr_async_with_config(stream, read_user, Some(socket_config())).await?;
    let user = user.context("a path that ends with the user's id")?;

    let (outbound, mut waiting) = mpsc::unbounded_channel();
    floor.sockets.lock().insert(user, outbound.clone());
    if let Road::Redis { subscribe, .. } = &mut floor.road {
        subscribe.subscribe(channel(UserId(user))).await?;
    }
    let welcome = ServerFrame::Welcome {
        user_id: UserId(user),
        server_time: floor.clock.now(),
        conversations: Vec::new(),
    };
    socket.send(Raw::text(serde_json::to_string(&welcome)?)).await?;

    let mut batch = Vec::new();
    loop {
        tokio::select! {
            frame = socket.next() => match frame.context("the client is gone")?? {
                Raw::Text(text) => {
                    let message = message(user, serde_json::from_str(&text)?, &floor.clock);
                    floor.store.send(Job { message, from: outbound.clone() })?;
                }
                _ => continue,
            },
            _ = waiting.recv_many(&mut batch, BATCH) => {
                for frame in batch.drain(..) {
                    socket.feed(Raw::Text(frame)).await?;
                }
                socket.flush().await?;
            }
        }
    }
}

fn message(sender: Uuid, send: Send, clock: &Clock) -> Message {
    Message {
        id: MessageId(Uuid::now_v7()),
        client_id: ClientId(send.client_id),
        sender_id: UserId(sender),
        receiver_id: UserId(send.receiver_id),
        content: send.content,
        seq: Seq::ZERO,
        created_at: clock.now(),
        read_at: None,
    }
}

/// Takes one message and all that wait, numbers them, stores them, and tells both sides.
async fn writer(mut table: Table, mut jobs: UnboundedReceiver<Job>, floor: Floor) -> Result<()> {
    let mut last: HashMap<(UserId, UserId), Seq> = HashMap::new();
    let mut batch = Vec::new();
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        for job in &mut batch {
            let (a, b) = (job.message.sender_id, job.message.receiver_id);
            let seq = last.entry((a.min(b), a.max(b))).or_default();
            *seq = seq.next();
            job.message.seq = *seq;
        }
        table.insert(&batch.iter().map(|job| &job.message).collect::<Vec<_>>()).await?;
        for Job { message, from } in batch.drain(..) {
            let row = serde_json::to_string(&message)?;
            let (client_id, receiver) = (message.client_id, message.receiver_id.0);
            // A sender that is gone wants no answer.
            let _ = from.send(
                format!(r#"{{"type":"ack","client_id":"{client_id}","duplicate":false,"message":{row}}}"#)
                    .into(),
            );
            let frame = Utf8Bytes::from(format!(r#"{{"type":"message","message":{row}}}"#));
            match &floor.road {
                Road::Straight => floor.sockets.deliver(receiver, frame),
                Road::Redis { publish, .. } => publish.send((receiver, frame))?,
            }
        }
    }
    Ok(())
}

/// Publishes one and all that wait in one round trip.
async fn publisher(
    mut connection: MultiplexedConnection,
    mut waiting: UnboundedReceiver<(Uuid, Utf8Bytes)>,
) -> Result<()> {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let mut pipeline = redis::Pipeline::with_capacity(batch.len());
        for (user, frame) in batch.drain(..) {
            pipeline.cmd("PUBLISH").arg(channel(UserId(user))).arg(frame.as_str()).ignore();
        }
        let () = pipeline.query_async(&mut connection).await?;
    }
    Ok(())
}

async fn subscriber(mut heard: PubSubStream, sockets: Sockets) -> Result<()> {
    while let Some(message) = heard.next().await {
        let user = message.get_channel_name().trim_start_matches("chat:").parse()?;
        sockets.deliver(user, Utf8Bytes::try_from(message.get_payload_bytes().to_vec())?);
    }
    Ok(())
}

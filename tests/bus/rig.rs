//! What the promises are held against, and how a test waits: for a condition, with a deadline.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use mosaic::domain::UserId;
use mosaic::server::bus::in_process::InProcessBus;
use mosaic::server::bus::redis::RedisBus;
use mosaic::server::bus::{Bus, BusEvent, BusHealth};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::redis_server::RedisServer;

/// Longer than anything a test waits for; a test that passes never waits that long.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A bus with what is needed to look behind it.
pub trait Rig: Sized {
    type Bus: Bus;

    fn start() -> impl Future<Output = Self>;

    /// The instance most tests need.
    fn bus(&self) -> &Self::Bus;

    /// One more instance on the same bus.
    fn join(&self) -> impl Future<Output = Self::Bus>;

    /// Lets [`Self::bus`] go.
    fn drop_bus(self);

    /// How many users this instance listens to.
    fn subscribed_users(&self) -> usize;

    /// How many instances listen to this user, as far as anyone outside can tell.
    fn listeners(&self, user: UserId) -> impl Future<Output = Option<u64>>;

    /// How many connections carry the subscriptions of all instances.
    fn subscribing_connections(&self) -> impl Future<Output = Option<usize>>;
}

pub struct InProcess(InProcessBus);

impl Rig for InProcess {
    type Bus = InProcessBus;

    async fn start() -> Self {
        Self(InProcessBus::new())
    }

    fn bus(&self) -> &InProcessBus {
        &self.0
    }

    async fn join(&self) -> InProcessBus {
        self.0.join()
    }

    fn drop_bus(self) {}

    fn subscribed_users(&self) -> usize {
        self.0.subscribed_users()
    }

    async fn listeners(&self, _: UserId) -> Option<u64> {
        None
    }

    async fn subscribing_connections(&self) -> Option<usize> {
        None
    }
}

pub struct Redis {
    pub server: RedisServer,
    bus: RedisBus,
}

impl Rig for Redis {
    type Bus = RedisBus;

    async fn start() -> Self {
        let server = RedisServer::start().await;
        let bus = healthy_bus(&server.url()).await;
        Self { server, bus }
    }

    fn bus(&self) -> &RedisBus {
        &self.bus
    }

    async fn join(&self) -> RedisBus {
        healthy_bus(&self.server.url()).await
    }

    fn drop_bus(self) {
        drop(self.bus);
    }

    fn subscribed_users(&self) -> usize {
        self.bus.subscribed_users()
    }

    async fn listeners(&self, user: UserId) -> Option<u64> {
        Some(self.server.subscribers(user).await)
    }

    async fn subscribing_connections(&self) -> Option<usize> {
        Some(self.server.clients("pubsub").await)
    }
}

pub async fn healthy_bus(url: &str) -> RedisBus {
    let bus = RedisBus::start(url).expect("the URL is one of Redis");
    becomes(&bus, BusHealth::Healthy).await;
    bus
}

/// Waits until the bus says so; returns after how long.
pub async fn becomes(bus: &impl Bus, health: BusHealth) -> Duration {
    let since = Instant::now();
    until(&format!("the bus is {health:?}"), async || bus.health() == health).await;
    since.elapsed()
}

pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let reached = timeout(DEADLINE, async {
        while !condition().await {
            sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(reached.await.is_ok(), "waited in vain until {what}");
}

pub fn somebody() -> UserId {
    UserId(Uuid::new_v4())
}

pub fn payload(number: usize) -> Bytes {
    Bytes::from(format!(r#"{{"n":{number}}}"#))
}

pub type Stream = BoxStream<'static, BusEvent>;

/// The next event, or `None` at the end of the stream.
pub async fn event(stream: &mut Stream) -> Option<BusEvent> {
    timeout(DEADLINE, stream.next()).await.expect("waited in vain for an event")
}

/// The next payload. `Lost` may come at any time and is nothing wrong.
pub async fn received(stream: &mut Stream) -> Bytes {
    loop {
        match event(stream).await {
            Some(BusEvent::Payload(payload)) => return payload,
            Some(BusEvent::Lost) => {}
            None => panic!("the stream ended before its bus was closed"),
        }
    }
}

/// Reads the payload with this number. Redis may repeat earlier ones (a publication whose answer
/// got lost is made again), but never leaves one out.
pub async fn received_number(stream: &mut Stream, number: usize) {
    loop {
        let next = number_of(&received(stream).await);
        assert!(next <= number, "{next} came where {number} was due");
        if next == number {
            return;
        }
    }
}

/// The number in a payload that begins as [`payload`] does.
pub fn number_of(payload: &Bytes) -> usize {
    let digits: Vec<u8> = payload.iter().copied().skip(5).take_while(u8::is_ascii_digit).collect();
    String::from_utf8(digits).expect("digits are text").parse().expect("a payload with a number")
}

/// Reads on until the stream ends.
pub async fn ended(stream: &mut Stream) {
    while event(stream).await.is_some() {}
}

/// Reads on until something may have been lost.
pub async fn lost(stream: &mut Stream) {
    while event(stream).await.expect("the stream ended before its bus was closed") != BusEvent::Lost {}
}

/// Publishes, once there is room in the queue.
pub async fn publish(bus: &impl Bus, user: UserId, payload: Bytes) {
    let accepted = timeout(DEADLINE, async {
        while bus.publish_message(user, payload.clone()).await.is_err() {
            tokio::task::yield_now().await;
        }
    });
    assert!(accepted.await.is_ok(), "the queue never had room");
}

/// Publishes as somebody does for whom a message waits: at once, whatever the network does.
pub async fn publish_fast(bus: &impl Bus, user: UserId, payload: Bytes) {
    // It may be refused, it must not wait.
    let _ = timeout(Duration::from_millis(50), bus.publish_message(user, payload))
        .await
        .expect("publishing made its caller wait");
}

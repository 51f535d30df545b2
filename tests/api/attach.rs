//! A device attaches while a message is on its way: nothing falls between the subscription and the
//! reading of where the conversations stand.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use mosaic::domain::UserId;
use mosaic::server::bus::in_process::InProcessBus;
use mosaic::server::bus::{Bus, BusError, BusEvent, BusHealth};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::harness::{SOON, Setup, TestApp};

/// Long enough for a welcome that waits for nothing.
const TOO_EARLY: Duration = Duration::from_millis(300);

/// At which moment of a subscription the bus stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Before,
    After,
}

/// A bus whose subscriptions stop at a moment, until they are let go on.
struct HeldBus {
    bus: InProcessBus,
    moment: Moment,
    reached: Semaphore,
    released: Semaphore,
}

impl HeldBus {
    fn new(bus: InProcessBus, moment: Moment) -> Self {
        Self { bus, moment, reached: Semaphore::new(0), released: Semaphore::new(0) }
    }

    async fn hold(&self, moment: Moment) {
        if self.moment == moment {
            self.reached.add_permits(1);
            self.released.acquire().await.unwrap().forget();
        }
    }
}

#[async_trait]
impl Bus for HeldBus {
    async fn publish_message(&self, user: UserId, payload: Bytes) -> Result<(), BusError> {
        self.bus.publish_message(user, payload).await
    }

    async fn subscribe_user(&self, user: UserId) -> BoxStream<'static, BusEvent> {
        self.hold(Moment::Before).await;
        let stream = self.bus.subscribe_user(user).await;
        self.hold(Moment::After).await;
        stream
    }

    fn leave_out(&self, own: &str) {
        self.bus.leave_out(own);
    }

    fn health(&self) -> BusHealth {
        self.bus.health()
    }

    async fn close(&self) {
        self.bus.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_right_before_the_subscription_is_told_of() {
    a_message_meanwhile_is_told_of(Moment::Before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_right_after_the_subscription_is_told_of() {
    a_message_meanwhile_is_told_of(Moment::After).await;
}

async fn a_message_meanwhile_is_told_of(moment: Moment) {
    let bus = InProcessBus::new();
    let held = Arc::new(HeldBus::new(bus.join(), moment));
    let one = TestApp::spawn_with(Setup { bus: Some(Arc::new(bus)), ..Setup::default() }).await;
    let other = TestApp::spawn_with(Setup {
        bus: Some(held.clone()),
        database_url: Some(one.state.config.database_url.clone()),
        ..Setup::default()
    })
    .await;
    let (ada, grace) = (one.person("ada").await, other.moved(&one.person("grace").await));
    let mut welcomed = pin!(grace.welcomed());
    let subscribing = async { timeout(SOON, held.reached.acquire()).await.expect("nobody subscribes") };
    tokio::select! {
        biased;
        _ = &mut welcomed => panic!("{moment:?}: the device is welcomed before anybody subscribes"),
        reached = subscribing => reached.unwrap().forget(),
    }
    let too_early = timeout(TOO_EARLY, &mut welcomed).await;
    assert!(too_early.is_err(), "{moment:?}: the device is welcomed before the subscription stands");
    ada.send(&grace, "Are you there?").await;
    held.released.add_permits(1);
    let (mut device, welcome) = welcomed.await;
    let mut told = vec![welcome];
    told.extend(device.drain().await);
    assert!(told.iter().any(tells_of_the_message), "{moment:?}: the device knows of nothing: {told:?}");
}

fn tells_of_the_message(frame: &Value) -> bool {
    frame["message"]["seq"] == 1 || frame["conversations"][0]["last_seq"] == 1
}

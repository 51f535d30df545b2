//! A Redis that answers, and does not do what it should.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::DateTime;
use futures::StreamExt as _;
use mosaic::chat::protocol::ServerFrame;
use mosaic::domain::{ClientId, Message, MessageId, Seq};
use redis::AsyncCommands as _;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;
use uuid::Uuid;

use crate::deaf_proxy::DeafProxy;
use crate::driver::connected;
use crate::load::Load;
use crate::process::Instance;
use crate::rig::Rig;
use crate::tools::{Dice, say, until, within};

/// How soon an instance knows that it is deaf: a probe every two seconds, five of patience.
const NOTICED: Duration = Duration::from_secs(8);
/// Longer than any frame.
const LONG: usize = 512 * 1024;
/// Longer than what may wait for one person.
const TOO_LONG: usize = 2 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_hears_nothing_finds_out() {
    let test = "deaf";
    let mut rig = Rig::alone(test, 2).await;
    let proxy = DeafProxy::before(rig.redis.port()).await;
    rig.instances[1] = Instance::start(&rig.postgres.url(), Some(&proxy.url())).await;
    rig.bus_becomes("ok").await;
    let (ada, bob) = (rig.client(0, 1, 0), rig.client(1, 0, 1));
    connected(&[&ada, &bob]).await;
    ada.say(String::from("all is well"));
    until("it arrives", async || bob.shows(1)).await;

    proxy.deafen(true);
    ada.say(String::from("unheard"));
    let arrived = within(NOTICED, "it arrives", async || bob.shows(2)).await;
    say(&format!("{test}: a message that was not heard arrived after {arrived:?}"));
    until("the instance knows that it was deaf", async || {
        rig.instances[1].metric("mosaic_bus_reconnects_total").await > 0.0
    })
    .await;
    ada.say(String::from("it is known by now"));
    within(Duration::from_secs(3), "it arrives", async || bob.shows(3)).await;

    proxy.deafen(false);
    rig.bus_becomes("ok").await;
    ada.say(String::from("all is well again"));
    until("it arrives", async || bob.shows(4)).await;
    rig.judge(test, &[ada, bob]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_repeats_itself_late_and_in_any_order_changes_nothing() {
    let test = "repetition";
    let mut rig = Rig::start(test, 8).await;
    let _echo = Echo::of(&rig.redis.url(), rig.dice.fork()).await;
    let mut load = Load::start(&mut rig, 4, Duration::from_millis(50), |person| person % 2);
    load.progress(&rig, 300).await;
    load.stop();
    // Two publications of each message, two instances that hear them: without an echo, four at most.
    until("messages were repeated", async || heard(&rig).await > 5.0 * 300.0).await;
    let heard = heard(&rig).await;
    let report = rig.judge(test, &load.clients).await;
    say(&format!("{test}: {heard} publications were heard, of {} messages", report.acked));
    assert_eq!(report.reconnects, 0, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_dropped_and_counted() {
    let test = "garbage";
    let mut rig = Rig::start(test, 4).await;
    let (ada, bob) = (rig.client(0, 1, 0), rig.client(1, 0, 1));
    connected(&[&ada, &bob]).await;
    let holder = &rig.instances[1];
    let garbage = [
        Vec::new(),
        b"\xff\xfe\x00".to_vec(),
        b"not JSON".to_vec(),
        b"[]".to_vec(),
        br#"{"colour":"green"}"#.to_vec(),
        br#"{"type":"message"}"#.to_vec(),
        message_of_others(&rig),
        b"x".repeat(LONG),
    ];
    until("Bob's channel is subscribed", async || rig.redis.subscribers(bob.person).await == 1).await;
    for payload in &garbage {
        rig.redis.publish(bob.person, payload).await;
    }
    let all = f64::from(u32::try_from(garbage.len()).expect("not that much"));
    until("all of it is counted", async || holder.metric("mosaic_bus_garbage_total").await == all).await;
    let losses = holder.metric("mosaic_bus_lost_total").await;
    rig.redis.publish(bob.person, &b"x".repeat(TOO_LONG)).await;
    until("the longest counts as lost", async || holder.metric("mosaic_bus_lost_total").await > losses).await;

    ada.say(String::from("and this is none"));
    until("it arrives", async || bob.shows(1)).await;
    let report = rig.judge(test, &[ada, bob]).await;
    assert_eq!(report.reconnects, 0, "{report}");
}

/// What an instance would publish, on the wrong channel.
fn message_of_others(rig: &Rig) -> Vec<u8> {
    let message = Message {
        id: MessageId(Uuid::new_v4()),
        client_id: ClientId(Uuid::new_v4()),
        sender_id: rig.people[2].id,
        receiver_id: rig.people[3].id,
        content: String::from("not for Bob"),
        seq: Seq(1),
        created_at: DateTime::UNIX_EPOCH,
        read_at: None,
    };
    serde_json::to_vec(&ServerFrame::Message { message }).expect("a frame serialises")
}

async fn heard(rig: &Rig) -> f64 {
    let each = rig.instances.iter().map(|instance| instance.metric("mosaic_bus_received_total"));
    futures::future::join_all(each).await.into_iter().sum()
}

/// Publishes everything that is published to people a second time and a third, up to a second later.
struct Echo(AbortHandle);

impl Echo {
    async fn of(url: &str, mut dice: Dice) -> Self {
        let client = redis::Client::open(url).expect("the URL of the private server");
        let mut ear = client.get_async_pubsub().await.expect("Redis answers");
        ear.psubscribe("chat:*").await.expect("Redis answers");
        let mouth = client.get_multiplexed_async_connection().await.expect("Redis answers");
        let task = tokio::spawn(async move {
            let (mut heard, mut said, mut echoes) = (ear.into_on_message(), BTreeSet::new(), JoinSet::new());
            while let Some(message) = heard.next().await {
                let channel = message.get_channel_name().to_owned();
                let payload = message.get_payload_bytes().to_vec();
                if !said.insert((channel.clone(), payload.clone())) {
                    continue;
                }
                for _ in 0..2 {
                    let (channel, payload, mut mouth) = (channel.clone(), payload.clone(), mouth.clone());
                    let delay = dice.about(Duration::from_millis(500));
                    echoes.spawn(async move {
                        sleep(delay).await;
                        let _: () = mouth.publish(channel, payload).await.expect("Redis answers");
                    });
                }
            }
        });
        Self(task.abort_handle())
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.0.abort();
    }
}

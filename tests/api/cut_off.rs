//! Instances that cannot tell each other: what was lost unnoticed, what could not be sent at all, and
//! clocks that disagree.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::TimeDelta;
use futures::stream::BoxStream;
use mosaic::domain::UserId;
use mosaic::server::bus::in_process::InProcessBus;
use mosaic::server::bus::{Bus, BusError, BusEvent, BusHealth};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::harness::{Setup, TestApp, uuid};
use crate::instances::two;

/// A bus that lets nothing out, and says so or not.
struct Mute {
    inner: InProcessBus,
    says_so: bool,
}

#[async_trait]
impl Bus for Mute {
    async fn publish_message(&self, _: UserId, _: Bytes) -> Result<(), BusError> {
        if self.says_so { Err(BusError::Full) } else { Ok(()) }
    }

    async fn subscribe_user(&self, user: UserId) -> BoxStream<'static, BusEvent> {
        self.inner.subscribe_user(user).await
    }

    fn leave_out(&self, own: &str) {
        self.inner.leave_out(own);
    }

    fn health(&self) -> BusHealth {
        if self.says_so { BusHealth::Degraded } else { BusHealth::Healthy }
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// Two servers on one file; the first one's bus is mute.
async fn one_mute(says_so: bool) -> (TestApp, TestApp) {
    let bus = InProcessBus::new();
    let inner = bus.join();
    let mute =
        TestApp::spawn_with(Setup { bus: Some(Arc::new(Mute { inner, says_so })), ..Setup::default() }).await;
    let database_url = Some(mute.state.config.database_url.clone());
    let well =
        TestApp::spawn_with(Setup { bus: Some(Arc::new(bus)), database_url, ..Setup::default() }).await;
    (mute, well)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_unnoticed_the_next_ping_tells_once() {
    let (mute, well) = one_mute(false).await;
    let ada = mute.person("ada").await;
    let grace = well.moved(&mute.person("grace").await);
    let mut hers = ada.device().await;
    let mut his = grace.device().await;
    // Their first message: no head of his names this conversation yet.
    hers.send(&grace, &uuid(), "Hello").await;
    let pong = ping(&mut his).await;
    let head = &pong["conversations"][0];
    assert_eq!(
        (&head["peer_id"], &head["last_seq"], &head["unread"]),
        (&json!(ada.id), &json!(1), &json!(1))
    );
    assert_eq!(ping(&mut his).await["conversations"], Value::Null, "told once");

    // Marks as well: these go out through the mute instance, to a device of the other one.
    let ada_here = well.moved(&ada);
    let mut hers_here = ada_here.device().await;
    let mut his_there = mute.moved(&grace).device().await;
    his_there.say(json!({"type": "read", "peer_id": ada.id, "seq": 1})).await;
    his_there.expect("read").await;
    let pong = ping(&mut hers_here).await;
    assert_eq!(pong["conversations"][0]["peer_read_seq"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_cut_off_instance_cannot_tell_the_others_ask_for() {
    let (mute, well) = one_mute(true).await;
    let ada = mute.person("ada").await;
    let grace = well.moved(&mute.person("grace").await);
    let (mut hers, mut his) = (ada.device().await, grace.device().await);
    let mut told = Vec::new();
    for seq in 1..=3 {
        hers.send(&grace, &uuid(), "Hello").await;
        let arrives = async {
            loop {
                let resync = his.expect("resync").await;
                let last = resync["conversations"][0]["last_seq"].clone();
                told.push(resync);
                if last == seq {
                    return;
                }
            }
        };
        timeout(Duration::from_secs(3), arrives).await.expect("later than three seconds");
    }
    assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "each change is told once: {told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_disagree_change_neither_order_nor_log_out() {
    for hours in [-1, 1] {
        let (wrong, right) = two().await;
        let ada = wrong.person("ada").await;
        let grace = right.moved(&wrong.person("grace").await);
        let (mut hers, mut his) = (ada.device().await, grace.device().await);
        let mut hers_elsewhere = right.moved(&ada).device().await;
        wrong.clock.advance(TimeDelta::hours(hours));
        for n in 1..=3 {
            let ack = hers.send(&grace, &uuid(), "by the wrong clock").await;
            assert_eq!(ack["message"]["seq"], 2 * n - 1);
            let ack = his.send(&ada, &uuid(), "by the right clock").await;
            assert_eq!(ack["message"]["seq"], 2 * n);
        }
        let page = grace.get(&format!("/messages/history/{}", ada.id)).await;
        let seqs: Vec<_> = page["messages"].as_array().unwrap().iter().map(|it| it["seq"].clone()).collect();
        assert_eq!(seqs, [1, 2, 3, 4, 5, 6]);
        assert_eq!(
            ada.request(Method::POST, "/auth/logout").send().await.unwrap().status(),
            StatusCode::NO_CONTENT
        );
        let code = timeout(Duration::from_secs(2), hers_elsewhere.close_code()).await;
        assert_eq!(code.expect("later than two seconds"), 4401, "{hours} h");
    }
}

async fn ping(device: &mut crate::harness::Device) -> Value {
    device.say(json!({"type": "ping"})).await;
    device.expect("pong").await
}

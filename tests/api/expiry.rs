//! A log-in that is past its time takes its sockets along.

use std::sync::Arc;

use chrono::TimeDelta;
use mosaic::server::bus::in_process::InProcessBus;
use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Setup, TestApp, uuid};

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_that_was_not_used_for_a_week_closes_its_sockets_on_every_instance() {
    let bus = Arc::new(InProcessBus::new());
    let one = TestApp::spawn_with(Setup { bus: Some(bus.clone()), ..Setup::default() }).await;
    let database_url = Some(one.state.config.database_url.clone());
    let other =
        TestApp::spawn_with(Setup { bus: Some(Arc::new(bus.join())), database_url, ..Setup::default() })
            .await;
    let (ada, grace) = (one.person("ada").await, other.person("grace").await);
    let (mut here, mut there) = (ada.device().await, other.moved(&ada).device().await);
    for app in [&one, &other] {
        app.clock.advance(TimeDelta::days(6));
    }
    let mut his = grace.device().await;
    for device in [&mut here, &mut there] {
        // To be connected is no use.
        assert!(device.drain().await.iter().all(|frame| frame["type"] != "error"));
    }
    for app in [&one, &other] {
        app.clock.advance(TimeDelta::days(1));
    }
    for device in [&mut here, &mut there] {
        assert_eq!(device.close_code().await, 4401);
    }
    assert_eq!(ada.status("/auth/me").await, StatusCode::UNAUTHORIZED);
    his.drain().await;
    assert_eq!(grace.status("/auth/me").await, StatusCode::OK, "others stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_over_a_socket_is_a_use_of_the_log_in_until_the_thirtieth_day() {
    let app = TestApp::spawn().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    ada.send(&grace, "one").await;
    let mut device = ada.device().await;
    let acts = [
        json!({"type": "send", "client_id": uuid(), "receiver_id": grace.id, "content": "two"}),
        json!({"type": "typing", "peer_id": grace.id}),
        json!({"type": "read", "peer_id": grace.id, "seq": 1}),
        json!({"type": "typing", "peer_id": grace.id}),
    ];
    for act in acts {
        app.clock.advance(TimeDelta::days(6));
        device.say(act).await;
        device.drain().await;
        app.state.service.end_expired_sessions().await.unwrap();
        device.drain().await;
    }
    app.clock.advance(TimeDelta::days(6));
    assert_eq!(device.close_code().await, 4401, "it is thirty days old");
}

//! Two servers that share PostgreSQL and Redis, and two that share a file and a process.

use std::sync::Arc;
use std::time::Duration;

use mosaic::server::bus::in_process::InProcessBus;
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::Connection as _;

use crate::harness::{Device, Setup, TestApp, uuid, wait_until};

/// The private services `make test` starts. Missing is a failure: these tests are never passed over.
fn service(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests by `make test`"))
}

async fn database() -> String {
    let admin = service("TEST_DATABASE_URL");
    let name = format!("mosaic_{}", uuid::Uuid::new_v4().simple());
    let pool = sqlx::PgPool::connect(&admin).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&pool).await.unwrap();
    pool.close().await;
    let (base, _) = admin.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

pub async fn two() -> (TestApp, TestApp) {
    let database_url = database().await;
    let setup = || Setup {
        database_url: Some(database_url.clone()),
        redis_url: Some(service("TEST_REDIS_URL")),
        ..Setup::default()
    };
    let both = (TestApp::spawn_with(setup()).await, TestApp::spawn_with(setup()).await);
    for app in [&both.0, &both.1] {
        let healthy = || async { app.state.service.bus.health() == mosaic::server::bus::BusHealth::Healthy };
        assert!(wait_until(healthy).await, "the bus never became healthy");
    }
    both
}

/// What a device is told at the position of `ack`; the bus may repeat what came before.
async fn news(device: &mut Device, ack: &serde_json::Value) -> serde_json::Value {
    loop {
        let frame = device.expect("message").await;
        if frame["message"]["seq"].as_u64() >= ack["message"]["seq"].as_u64() {
            return frame["message"].clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_on_different_instances_talk() {
    let (one, other) = two().await;
    let ada = one.person("ada").await;
    let grace = other.moved(&one.person("grace").await);
    let (mut hers, mut his) = (ada.device().await, grace.device().await);
    for n in 1..=20 {
        let ack = hers.send(&grace, &uuid(), &format!("{n}")).await;
        assert_eq!(news(&mut his, &ack).await, ack["message"]);
        let ack = his.send(&ada, &uuid(), &format!("re {n}")).await;
        assert_eq!(news(&mut hers, &ack).await, ack["message"]);
    }
    his.say(json!({"type": "read", "peer_id": ada.id, "seq": 40})).await;
    assert_eq!(hers.expect("read").await["seq"], 40);
    his.say(json!({"type": "typing", "peer_id": ada.id})).await;
    assert_eq!(hers.expect("typing").await["peer_id"], grace.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_on_one_instance_closes_its_sockets_on_the_other() {
    let (one, other) = two().await;
    let ada = one.person("ada").await;
    let mut elsewhere = other.moved(&ada).device().await;
    assert_eq!(
        ada.request(Method::POST, "/auth/logout").send().await.unwrap().status(),
        StatusCode::NO_CONTENT
    );
    let code = tokio::time::timeout(Duration::from_secs(2), elsewhere.close_code()).await;
    assert_eq!(code.expect("later than two seconds"), 4401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_publish_on_the_bus_is_not_believed() {
    let (one, _other) = two().await;
    let (ada, grace) = (one.person("ada").await, one.person("grace").await);
    let mut device = ada.device().await;
    let client = redis::Client::open(service("TEST_REDIS_URL")).unwrap();
    let mut stranger = client.get_multiplexed_async_connection().await.unwrap();
    let foreign = grace.send(&one.person("alan").await, "not for ada").await;
    // Half of what a device's mailbox holds: more could be told, rightly, as a loss.
    let garbage = ["", "{", "null", "[]", "{\"type\":\"message\"}", &"x".repeat(1 << 19)].map(str::to_owned);
    let forged = json!({"type": "message", "message": foreign}).to_string();
    let ack = json!({"type": "ack", "client_id": uuid(), "duplicate": false, "message": foreign}).to_string();
    let genuine = json!({"type": "typing", "peer_id": grace.id}).to_string();
    for payload in garbage.into_iter().chain([forged, ack, genuine]) {
        let heard: i64 = redis::cmd("PUBLISH")
            .arg(format!("chat:{}", ada.id))
            .arg(payload)
            .query_async(&mut stranger)
            .await
            .unwrap();
        assert_eq!(heard, 1, "one subscriber connection an instance");
    }
    assert_eq!(device.next().await["type"], "typing", "only the frame that could be ours came through");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_in_one_process_share_a_bus() {
    let bus = Arc::new(InProcessBus::new());
    let one = TestApp::spawn_with(Setup { bus: Some(bus.clone()), ..Setup::default() }).await;
    let url = one.state.config.database_url.clone();
    let other = TestApp::spawn_with(Setup {
        bus: Some(Arc::new(bus.join())),
        database_url: Some(url),
        ..Setup::default()
    })
    .await;
    let ada = one.person("ada").await;
    let grace = other.moved(&one.person("grace").await);
    let (mut hers, mut his) = (ada.device().await, grace.device().await);
    let ack = hers.send(&grace, &uuid(), "Hello").await;
    assert_eq!(his.expect("message").await["message"], ack["message"]);
}

/// What an administrator does to the server's database.
async fn tamper(app: &TestApp, statements: &'static str) {
    let mut connection = sqlx::PgConnection::connect(&app.state.config.database_url).await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

pub async fn one_on_postgres() -> TestApp {
    TestApp::spawn_with(Setup { database_url: Some(database().await), ..Setup::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_compares_is_served_in_turns_and_nothing_waits_for_it() {
    let app = one_on_postgres().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    ada.send(&grace, "one").await;
    let mut his = grace.device().await;
    let mut hers = Vec::new();
    for _ in 0..24 {
        hers.push(ada.device().await);
    }
    tamper(
        &app,
        "alter view sides rename to swift_sides;
         create view sides as with pause as materialized (select pg_sleep(1.5))
             select swift_sides.* from swift_sides, pause",
    )
    .await;
    app.state.service.hub.resync(ada.id.parse().unwrap());
    tokio::time::sleep(Duration::from_millis(200)).await;
    his.say(json!({"type": "typing", "peer_id": ada.id})).await;
    for device in &mut hers {
        assert_eq!(device.next().await["type"], "typing", "a slow comparison held up what is new");
    }
    for device in &mut hers {
        assert_eq!(device.next().await["conversations"][0]["last_seq"], 1, "every device gets its turn");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arrival_that_could_not_be_noted_is_noted_soon() {
    let app = one_on_postgres().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    tamper(&app, "alter function note_arrival rename to note_no_arrival").await;
    let _hers = ada.device().await;
    let is_online = async || app.is_online(&ada, &grace).await;
    assert!(!is_online().await);
    tamper(&app, "alter function note_no_arrival rename to note_arrival").await;
    assert!(wait_until(is_online).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_slow_at_departures_does_not_hold_up_the_end() {
    let app = one_on_postgres().await;
    let mut devices = Vec::new();
    for n in 0..17 {
        devices.push(app.person(&format!("ada{n}")).await.device().await);
    }
    tamper(
        &app,
        "create function linger() returns trigger language plpgsql as
             $$ begin perform pg_sleep(4); return old; end $$;
         create trigger linger before delete on presence for each row execute function linger()",
    )
    .await;
    app.state.shutdown.cancel();
    for device in &mut devices {
        assert_eq!(device.close_code().await, 1012);
    }
    // Eight at a time, this would take twelve seconds; dropping the server waits for ten.
}

//! Limits of rate refuse with a time to come back, and only what is too much.

use std::net::{IpAddr, Ipv4Addr};

use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::harness::{SOON, Setup, TestApp, refused, uuid, wait_until};

async fn limited() -> TestApp {
    TestApp::spawn_with(Setup { rate_limit: true, ..Setup::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn log_in_tries_are_limited_by_account() {
    let app = limited().await;
    let try_once = async |username: &str| {
        let body = json!({"username": username, "password": "wrong horse"});
        app.anonymous(Method::POST, "/auth/login").json(&body).send().await.unwrap()
    };
    for _ in 0..5 {
        assert_eq!(try_once("ada").await.status(), StatusCode::UNAUTHORIZED);
    }
    let refused = try_once("ADA").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(try_once("grace").await.status(), StatusCode::UNAUTHORIZED, "others are not in the way");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_sends_are_held_back_in_order_and_may_be_repeated() {
    let app = limited().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    let mut device = ada.device().await;
    let ids: Vec<String> = (0..55).map(|_| uuid()).collect();
    for (n, id) in ids.iter().enumerate() {
        device
            .say(json!({"type": "send", "client_id": id, "receiver_id": grace.id, "content": n.to_string()}))
            .await;
    }
    let mut stored = Vec::new();
    let mut refused = Vec::new();
    while stored.len() + refused.len() < ids.len() {
        let frame = device.next().await;
        match frame["type"].as_str() {
            Some("presence") => {}
            Some("ack") => stored.push(frame["client_id"].clone()),
            _ => {
                assert_eq!(
                    (&frame["code"], &frame["retryable"]),
                    (&json!("rate_limited"), &json!(true)),
                    "{frame}"
                );
                refused.push(frame["client_id"].clone());
            }
        }
    }
    assert!(stored.len() >= 20 && !refused.is_empty());
    let order: Vec<_> = stored.iter().chain(&refused).cloned().collect();
    assert_eq!(
        order,
        ids.iter().map(|id| json!(id)).collect::<Vec<_>>(),
        "nothing overtakes what was refused"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_floods_is_closed() {
    let app = limited().await;
    let ada = app.person("ada").await;
    let mut device = ada.device().await;
    for _ in 0..200 {
        if futures::SinkExt::send(&mut device.0, r#"{"type":"ping"}"#.into()).await.is_err() {
            break;
        }
    }
    assert_eq!(device.close_code().await, 4429);
}

/// Asks for these in turn until one is refused; gives back how many were answered.
async fn answered_of(mut ask: impl AsyncFnMut(usize) -> reqwest::Response, most: usize) -> usize {
    for number in 0..most {
        let answer = ask(number).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=2).contains(&wait), "{wait} s");
            assert!(answer.headers().contains_key("x-request-id"));
            refused(answer, 429, "rate_limited").await;
            return number;
        }
    }
    panic!("{most} were answered")
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_stranger_asks_for_is_limited_by_their_address() {
    let app = limited().await;
    let stranger = reqwest::Client::builder().local_address(IpAddr::from([127, 0, 0, 2])).build().unwrap();
    let avatar = format!("/avatars/{}.svg", uuid());
    let paths = [
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/openapi.json",
        &avatar,
        "/login",
        "/nowhere",
        "/pkg/none.js",
    ];
    let ask = async |number: usize| stranger.get(app.url(paths[number % paths.len()])).send().await.unwrap();
    let answered = answered_of(ask, 20_000).await;
    assert!(answered >= 1000, "{answered}");
    assert_eq!(
        app.anonymous(Method::GET, "/healthz").send().await.unwrap().status(),
        StatusCode::OK,
        "others are not in the way"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_somebody_asks_for_is_limited_wherever_they_are() {
    let app = limited().await;
    let (ada, grace) = (app.person("ada").await, app.person("grace").await);
    ada.send(&grace, "hello").await;
    let inbox = "/messages/conversations".to_owned();
    let profile = format!("/profiles/{}", grace.id);
    let devices: Vec<_> = [2, 3]
        .map(|host| {
            reqwest::Client::builder().local_address(IpAddr::from([127, 0, 0, host])).build().unwrap()
        })
        .into();
    let ask = async |number: usize| {
        let device = &devices[number % 2];
        let request = match number % 3 {
            0 => device.get(app.url(&inbox)),
            1 => device.get(app.url(&profile)),
            _ => device.post(app.url(&format!("/messages/read/{}", grace.id))).json(&json!({"seq": 1})),
        };
        request.bearer_auth(&ada.token).send().await.unwrap()
    };
    let answered = answered_of(ask, 10_000).await;
    assert!(answered >= 299, "{answered}");
    assert_eq!(grace.status("/auth/me").await, StatusCode::OK, "others are not in the way");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_waits_longer_than_who_comes_from_elsewhere() {
    let app =
        TestApp::spawn_with(Setup { rate_limit: true, trusted_proxies: "127.0.0.1", ..Setup::default() })
            .await;
    let try_from = async |address: &str| {
        let body = json!({"username": "ada", "password": "wrong horse"});
        let request = app.anonymous(Method::POST, "/auth/login").header("x-forwarded-for", address);
        request.json(&body).send().await.unwrap()
    };
    for _ in 0..5 {
        // What is on the left anybody may have written.
        assert_eq!(try_from("203.0.113.9, 198.51.100.7").await.status(), StatusCode::UNAUTHORIZED);
    }
    let wait_of = async |address: &str| {
        let refused = try_from(address).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "{address}");
        refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap()
    };
    let (guesser, owner) = (wait_of("198.51.100.7").await, wait_of("203.0.113.9").await);
    assert!((13..=15).contains(&guesser), "{guesser} s after the fifth failure");
    assert!((1..=12).contains(&owner), "the account's own allowance does not grow: {owner} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_believed_to_come_from_where_they_say() {
    let app = limited().await;
    for number in 0..6 {
        let body =
            json!({"username": format!("ada{number}"), "password": "correct horse", "display_name": "Ada"});
        let request = app.anonymous(Method::POST, "/auth/signup");
        let request = request.header("x-forwarded-for", format!("198.51.100.{number}")).json(&body);
        let status = request.send().await.unwrap().status();
        let wanted = if number < 5 { StatusCode::CREATED } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(status, wanted, "sign-up {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_sockets() {
    let app = limited().await;
    let mut devices = Vec::new();
    for number in 1..=8 {
        let person = app.person_from(&format!("person{number}"), [127, 0, 0, number]).await;
        devices.extend(join_all((0..8).map(|_| person.device())).await);
    }
    let late = app.person_from("late", [127, 0, 0, 9]).await;
    let upgrade = async || {
        let path = format!("/messages/ws/{}?token={}", late.id, late.ticket().await);
        late.upgrade(&path, None).await
    };
    assert_eq!(upgrade().await.err(), Some(429));
    let hub = &app.state.service.hub;
    assert_eq!(hub.all().len(), 64);
    drop(devices.pop());
    assert!(wait_until(|| std::future::ready(hub.all().len() == 63)).await);
    // The place is given back a moment after the socket left.
    let again = wait_until(|| {
        std::future::ready(app.state.service.limits.socket(Ipv4Addr::LOCALHOST.into()).is_ok())
    })
    .await;
    assert!(again && upgrade().await.is_ok(), "the place is not given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_so_many_connections_and_others_have_their_own() {
    let app = limited().await;
    let is_served = async |mut stream: TcpStream| {
        // Refused, both fail or bring nothing.
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: mosaic\r\n\r\n").await;
        let mut answer = [0; 12];
        let read = timeout(SOON, stream.read_exact(&mut answer)).await.expect("neither answered nor closed");
        read.is_ok_and(|_| answer == *b"HTTP/1.1 200")
    };
    let from = async |last: u8| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into()).unwrap();
        socket.connect(app.address).await.unwrap()
    };
    let mut held = Vec::new();
    for _ in 0..256 {
        held.push(from(2).await);
    }
    assert!(!is_served(from(2).await).await, "one connection too many is served");
    assert!(is_served(from(3).await).await, "others are refused");
    drop(held.pop());
    assert!(wait_until(|| async { is_served(from(2).await).await }).await, "the place is not given back");
}

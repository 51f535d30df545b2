//! Every way in which Redis goes away, and that the bus notices, says so and comes back.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use mosaic::domain::UserId;
use mosaic::server::bus::redis::RedisBus;
use mosaic::server::bus::{Bus, BusError, BusEvent, BusHealth, channel};
use tokio::time::{Instant, timeout};

use crate::deaf_proxy::DeafProxy;
use crate::redis_server::RedisServer;
use crate::rig::{
    Redis, Rig, Stream, becomes, event, healthy_bus, lost, payload, publish, publish_fast, received,
    somebody, until,
};

/// A blink of trouble, connections included: far below what anyone notices.
const SOON: Duration = Duration::from_secs(6);

/// What is published now is received.
async fn live_again(bus: &RedisBus, user: UserId, stream: &mut Stream) {
    publish(bus, user, payload(4711)).await;
    while received(stream).await != payload(4711) {}
}

#[tokio::test]
async fn a_closed_subscription_is_set_up_again() {
    let rig = Redis::start().await;
    let (user, other) = (somebody(), somebody());
    let mut stream = rig.bus().subscribe_user(user).await;
    let mut others = rig.bus().subscribe_user(other).await;
    assert_eq!(rig.server.disconnect("pubsub").await, 1);
    for (user, stream) in [(user, &mut stream), (other, &mut others)] {
        assert_eq!(event(stream).await, Some(BusEvent::Lost));
        live_again(rig.bus(), user, stream).await;
    }
    becomes(rig.bus(), BusHealth::Healthy).await;
    assert_eq!(rig.server.clients("pubsub").await, 1, "the old connection is gone");
}

#[tokio::test]
async fn a_thousand_users_are_subscribed_again() {
    let rig = Redis::start().await;
    let users: Vec<_> = (0..1_000).map(|_| somebody()).collect();
    let mut streams = join_all(users.iter().map(|user| rig.bus().subscribe_user(*user))).await;
    rig.server.disconnect("pubsub").await;
    for (user, stream) in users.iter().zip(&mut streams) {
        assert_eq!(event(stream).await, Some(BusEvent::Lost));
        live_again(rig.bus(), *user, stream).await;
    }
}

#[tokio::test]
async fn a_publication_outlives_its_connection() {
    let rig = Redis::start().await;
    let user = somebody();
    let mut stream = rig.bus().subscribe_user(user).await;
    for number in 0..20 {
        rig.server.disconnect("normal").await;
        publish(rig.bus(), user, payload(number)).await;
        while received(&mut stream).await != payload(number) {}
    }
}

#[tokio::test]
async fn a_killed_redis_is_survived() {
    let mut rig = Redis::start().await;
    let user = somebody();
    let mut stream = rig.bus().subscribe_user(user).await;
    rig.server.kill();
    let since = Instant::now();
    while rig.bus().health() == BusHealth::Healthy {
        assert!(since.elapsed() < SOON, "nobody noticed");
        publish_fast(rig.bus(), user, payload(0)).await;
        tokio::task::yield_now().await;
    }
    for number in 0..1_000 {
        publish_fast(rig.bus(), user, payload(number)).await;
    }
    // Somebody comes while it is away.
    let newcomer = somebody();
    let mut new = timeout(Duration::from_millis(500), rig.bus().subscribe_user(newcomer))
        .await
        .expect("a degraded bus does not make one wait");

    rig.server.restart().await;
    assert!(becomes(rig.bus(), BusHealth::Healthy).await < SOON, "back only late");
    lost(&mut stream).await;
    live_again(rig.bus(), user, &mut stream).await;
    assert_eq!(event(&mut new).await, Some(BusEvent::Lost));
    live_again(rig.bus(), newcomer, &mut new).await;
}

#[tokio::test]
async fn redis_may_come_later() {
    let mut server = RedisServer::absent();
    let bus = RedisBus::start(&server.url()).expect("the URL is fine");
    assert_eq!(bus.health(), BusHealth::Degraded);
    let user = somebody();
    let mut stream = timeout(Duration::from_millis(500), bus.subscribe_user(user))
        .await
        .expect("a degraded bus does not make one wait");
    publish_fast(&bus, user, payload(1)).await;
    server.restart().await;
    assert!(becomes(&bus, BusHealth::Healthy).await < SOON, "noticed only late");
    lost(&mut stream).await;
    live_again(&bus, user, &mut stream).await;
}

#[tokio::test]
async fn a_frozen_redis_is_noticed_and_blocks_nobody() {
    let rig = Redis::start().await;
    let user = somebody();
    let mut stream = rig.bus().subscribe_user(user).await;
    rig.server.freeze();
    let since = Instant::now();
    while rig.bus().health() == BusHealth::Healthy {
        assert!(since.elapsed() < Duration::from_secs(7), "nobody noticed");
        publish_fast(rig.bus(), user, payload(0)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    rig.server.thaw();
    assert!(becomes(rig.bus(), BusHealth::Healthy).await < SOON, "back only late");
    lost(&mut stream).await;
    live_again(rig.bus(), user, &mut stream).await;
}

#[tokio::test]
async fn subscribing_at_a_frozen_redis_takes_a_second_at_most() {
    let rig = Redis::start().await;
    rig.server.freeze();
    let user = somebody();
    let mut stream = timeout(Duration::from_millis(1_900), rig.bus().subscribe_user(user))
        .await
        .expect("the wait for a confirmation is bounded");
    rig.server.thaw();
    assert_eq!(event(&mut stream).await, Some(BusEvent::Lost), "confirmed later than it returned");
    live_again(rig.bus(), user, &mut stream).await;
}

#[tokio::test]
async fn a_deaf_subscription_is_noticed_and_replaced() {
    let server = RedisServer::start().await;
    let proxy = DeafProxy::before(server.port()).await;
    let bus = healthy_bus(&proxy.url()).await;
    let user = somebody();
    let mut stream = bus.subscribe_user(user).await;
    proxy.deafen(true);
    publish(&bus, user, payload(1)).await;
    let noticed = becomes(&bus, BusHealth::Degraded).await;
    assert!(noticed < Duration::from_secs(7), "noticed only after {noticed:?}");
    proxy.deafen(false);
    assert!(becomes(&bus, BusHealth::Healthy).await < Duration::from_secs(8), "back only late");
    assert_eq!(event(&mut stream).await, Some(BusEvent::Lost), "that is what became of the payload");
    live_again(&bus, user, &mut stream).await;
}

#[tokio::test]
async fn too_much_to_publish_is_refused_at_once() {
    let server = RedisServer::absent();
    let bus = RedisBus::start(&server.url()).expect("the URL is fine");
    let user = somebody();
    let mut refused = 0;
    for number in 0..10_000 {
        match bus.publish_message(user, payload(number)).await {
            Ok(()) => {}
            Err(BusError::Full) => refused += 1,
            Err(BusError::Closed) => panic!("nobody closed it"),
        }
    }
    assert!(refused > 5_000, "{refused}");
    // What was accepted is too old after two seconds, and there is room again.
    until("there is room", async || bus.publish_message(user, payload(0)).await.is_ok()).await;
    let big = Bytes::from(vec![b' '; 1024 * 1024]);
    let accepted = join_all((0..64).map(|_| bus.publish_message(user, big.clone()))).await;
    assert!(accepted.iter().filter(|result| result.is_ok()).count() <= 17, "bytes are bounded too");
    timeout(Duration::from_secs(2), bus.close()).await.expect("closing takes a second at most");
}

#[tokio::test]
async fn garbage_is_passed_on_as_it_is() {
    let rig = Redis::start().await;
    let user = somebody();
    let mut stream = rig.bus().subscribe_user(user).await;
    let big = vec![0xff; 512 * 1024];
    let garbage: [&[u8]; 4] = [b"", b"\xff\xfe\x00", b"not json", &big];
    for payload in garbage {
        assert_eq!(rig.server.publish(&channel(user), payload).await, 1);
        assert_eq!(received(&mut stream).await, payload);
    }
    live_again(rig.bus(), user, &mut stream).await;
}

#[tokio::test]
async fn a_unix_socket_works() {
    let server = RedisServer::start().await;
    let bus = healthy_bus(&server.socket_url()).await;
    let user = somebody();
    let mut stream = bus.subscribe_user(user).await;
    publish(&bus, user, payload(1)).await;
    assert_eq!(received(&mut stream).await, payload(1));
    server.disconnect("pubsub").await;
    assert_eq!(event(&mut stream).await, Some(BusEvent::Lost));
    live_again(&bus, user, &mut stream).await;
}

#[tokio::test]
async fn closing_leaves_no_connection_behind() {
    let rig = Redis::start().await;
    let _stream = rig.bus().subscribe_user(somebody()).await;
    rig.bus().close().await;
    until("no subscription is left", async || rig.server.clients("pubsub").await == 0).await;
    until("only who asks is left", async || rig.server.clients("normal").await == 1).await;
}

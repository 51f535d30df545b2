//! The promises of `Bus`, each as a function of the rig.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use mosaic::server::bus::{Bus, BusError, BusEvent};
use tokio::time::timeout;

use crate::rig::{
    Rig, ended, event, number_of, payload, publish, received, received_number, somebody, until,
};

pub async fn published_after_subscribing_is_received_in_order<R: Rig>() {
    let rig = R::start().await;
    let user = somebody();
    let mut stream = rig.bus().subscribe_user(user).await;
    for number in 0..400 {
        publish(rig.bus(), user, payload(number)).await;
    }
    for number in 0..400 {
        received_number(&mut stream, number).await;
    }
}

pub async fn two_subscribers_of_one_user_both_get_it<R: Rig>() {
    let rig = R::start().await;
    let user = somebody();
    let mut one = rig.bus().subscribe_user(user).await;
    let mut two = rig.bus().subscribe_user(user).await;
    publish(rig.bus(), user, payload(1)).await;
    assert_eq!(received(&mut one).await, payload(1));
    assert_eq!(received(&mut two).await, payload(1));
}

pub async fn other_users_get_nothing<R: Rig>() {
    let rig = R::start().await;
    let (user, other) = (somebody(), somebody());
    let mut stream = rig.bus().subscribe_user(user).await;
    let mut others = rig.bus().subscribe_user(other).await;
    publish(rig.bus(), user, payload(1)).await;
    assert_eq!(received(&mut stream).await, payload(1));
    publish(rig.bus(), other, payload(2)).await;
    assert_eq!(received(&mut others).await, payload(2), "the first thing to arrive is one's own");
}

pub async fn an_instance_need_not_hear_itself<R: Rig>() {
    let rig = R::start().await;
    let second = rig.join().await;
    let user = somebody();
    rig.bus().leave_out(r#"{"origin":"first","#);
    second.leave_out(r#"{"origin":"second","#);
    let mut here = rig.bus().subscribe_user(user).await;
    let mut there = second.subscribe_user(user).await;
    let ours = Bytes::from_static(br#"{"origin":"first","n":1}"#);
    let theirs = Bytes::from_static(br#"{"origin":"second","n":2}"#);
    publish(rig.bus(), user, ours.clone()).await;
    assert_eq!(received(&mut there).await, ours);
    publish(&second, user, theirs.clone()).await;
    assert_eq!(received(&mut here).await, theirs, "the first thing to arrive is the other's");
    publish(rig.bus(), user, payload(3)).await;
    assert_eq!(received(&mut there).await, payload(3), "one's own did not arrive in between");
}

pub async fn instances_hear_each_other<R: Rig>() {
    let rig = R::start().await;
    let second = rig.join().await;
    let (user, other) = (somebody(), somebody());
    let mut here = rig.bus().subscribe_user(user).await;
    let mut there = second.subscribe_user(user).await;
    let mut other_there = second.subscribe_user(other).await;
    publish(rig.bus(), user, payload(1)).await;
    publish(rig.bus(), other, payload(2)).await;
    assert_eq!(received(&mut here).await, payload(1));
    assert_eq!(received(&mut there).await, payload(1));
    assert_eq!(received(&mut other_there).await, payload(2));
}

pub async fn dropping_the_last_stream_unsubscribes<R: Rig>() {
    let rig = R::start().await;
    let user = somebody();
    let one = rig.bus().subscribe_user(user).await;
    let mut two = rig.bus().subscribe_user(user).await;
    drop(one);
    publish(rig.bus(), user, payload(1)).await;
    assert_eq!(received(&mut two).await, payload(1), "one of two is left");
    assert_eq!(rig.subscribed_users(), 1);
    assert_eq!(rig.listeners(user).await.unwrap_or(1), 1);

    drop(two);
    assert_eq!(rig.subscribed_users(), 0);
    until("nobody listens", async || rig.listeners(user).await.unwrap_or(0) == 0).await;

    let mut again = rig.bus().subscribe_user(user).await;
    publish(rig.bus(), user, payload(2)).await;
    received_number(&mut again, 2).await;
}

pub async fn giving_up_a_subscription_leaves_nothing_behind<R: Rig>() {
    let rig = R::start().await;
    let user = somebody();
    for _ in 0..50 {
        // Dropped at its first wait, or with what it returned.
        let _ = timeout(Duration::ZERO, rig.bus().subscribe_user(user)).await;
    }
    assert_eq!(rig.subscribed_users(), 0);
    until("nobody listens", async || rig.listeners(user).await.unwrap_or(0) == 0).await;
}

pub async fn coming_and_going_in_haste_ends_in_the_right_state<R: Rig>() {
    let rig = R::start().await;
    let (stays, leaves) = (somebody(), somebody());
    let churn = |user| {
        let bus = rig.bus();
        async move {
            for round in 0..100 {
                if round % 3 == 0 {
                    let _ = timeout(Duration::ZERO, bus.subscribe_user(user)).await;
                } else {
                    drop(bus.subscribe_user(user).await);
                }
            }
        }
    };
    futures::join!(churn(stays), churn(leaves), churn(stays), churn(leaves));
    let mut stream = rig.bus().subscribe_user(stays).await;
    publish(rig.bus(), stays, payload(1)).await;
    assert_eq!(received(&mut stream).await, payload(1));
    assert_eq!(rig.subscribed_users(), 1);
    until("nobody listens to who left", async || rig.listeners(leaves).await.unwrap_or(0) == 0).await;
    assert_eq!(rig.listeners(stays).await.unwrap_or(1), 1);
}

pub async fn a_slow_reader_gets_lost_and_what_is_new<R: Rig>() {
    slow_reader::<R>(3_000, 0).await;
}

pub async fn a_slow_reader_of_big_payloads_gets_lost_and_what_is_new<R: Rig>() {
    slow_reader::<R>(60, 64 * 1024).await;
}

async fn slow_reader<R: Rig>(payloads: usize, padding: usize) {
    let numbered = |number: usize| {
        let padding = " ".repeat(padding);
        Bytes::from(format!(r#"{{"n":{number}{padding}}}"#))
    };
    let rig = R::start().await;
    let user = somebody();
    let mut slow = rig.bus().subscribe_user(user).await;
    let mut fast = rig.bus().subscribe_user(user).await;
    for number in 0..payloads {
        publish(rig.bus(), user, numbered(number)).await;
        received_number(&mut fast, number).await;
    }

    assert_eq!(event(&mut slow).await, Some(BusEvent::Lost));
    let (mut last, mut kept) = (None, 0);
    while last != Some(payloads - 1) {
        let Some(BusEvent::Payload(payload)) = event(&mut slow).await else { panic!("told more than once") };
        let number = number_of(&payload);
        match last {
            None => assert!(number > 0, "nothing was lost"),
            Some(last) => assert!(number <= last + 1, "{number} came after {last}"),
        }
        assert_eq!(payload, numbered(number));
        last = last.max(Some(number));
        kept += 1;
    }
    assert!(kept <= 512 && kept * padding <= 1024 * 1024, "{kept} payloads waited");
    publish(rig.bus(), user, numbered(payloads)).await;
    received_number(&mut slow, payloads).await;
}

pub async fn a_thousand_users_share_one_connection<R: Rig>() {
    let rig = R::start().await;
    let users: Vec<_> = (0..1_000).map(|_| somebody()).collect();
    let mut streams = join_all(users.iter().map(|user| rig.bus().subscribe_user(*user))).await;
    assert_eq!(rig.subscribed_users(), 1_000);
    assert_eq!(rig.subscribing_connections().await.unwrap_or(1), 1);
    for (number, user) in users.iter().enumerate() {
        publish(rig.bus(), *user, payload(number)).await;
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        assert_eq!(received(stream).await, payload(number));
    }
    drop(streams);
    assert_eq!(rig.subscribed_users(), 0);
    for user in [users[0], users[500], users[999]] {
        until("nobody listens", async || rig.listeners(user).await.unwrap_or(0) == 0).await;
    }
}

pub async fn payloads_are_delivered_verbatim<R: Rig>() {
    let rig = R::start().await;
    let user = somebody();
    let mut stream = rig.bus().subscribe_user(user).await;
    let payloads = [
        Bytes::from_static(br#"{"type":"message","text":"\u0000 \ud83d\ude00 \r\n $5 *3"}"#),
        Bytes::from("{\"text\":\"\u{1f600} \u{202e} \u{0} e\u{301}\"}\r\n"),
        Bytes::from_static(b"{}"),
        Bytes::from(format!(r#"{{"text":"{}"}}"#, "\u{1f600}".repeat(16 * 1024))),
    ];
    for payload in &payloads {
        publish(rig.bus(), user, payload.clone()).await;
    }
    for (number, payload) in payloads.iter().enumerate() {
        let mut next = received(&mut stream).await;
        while payloads[..number].contains(&next) {
            next = received(&mut stream).await;
        }
        assert_eq!(next, *payload);
    }
}

pub async fn closing_ends_the_streams<R: Rig>() {
    let rig = R::start().await;
    let user = somebody();
    let mut stream = rig.bus().subscribe_user(user).await;
    publish(rig.bus(), user, payload(1)).await;
    assert_eq!(received(&mut stream).await, payload(1));

    timeout(Duration::from_secs(3), rig.bus().close()).await.expect("closing takes a second at most");
    ended(&mut stream).await;
    assert_eq!(event(&mut stream).await, None, "it stays ended");
    let refused = rig.bus().publish_message(user, payload(2)).await;
    assert!(matches!(refused, Err(BusError::Closed)), "{refused:?}");
    let mut late = rig.bus().subscribe_user(user).await;
    assert_eq!(event(&mut late).await, None);
    rig.bus().close().await;
}

pub async fn closing_publishes_what_is_queued<R: Rig>() {
    let rig = R::start().await;
    let other = rig.join().await;
    let user = somebody();
    let mut stream = other.subscribe_user(user).await;
    for number in 0..400 {
        publish(rig.bus(), user, payload(number)).await;
    }
    rig.bus().close().await;
    for number in 0..400 {
        received_number(&mut stream, number).await;
    }
}

pub async fn closing_one_instance_leaves_the_others<R: Rig>() {
    let rig = R::start().await;
    let other = rig.join().await;
    let user = somebody();
    let mut stays = rig.bus().subscribe_user(user).await;
    let mut ends = other.subscribe_user(user).await;
    other.close().await;
    ended(&mut ends).await;
    publish(rig.bus(), user, payload(1)).await;
    assert_eq!(received(&mut stays).await, payload(1));
}

pub async fn dropping_a_bus_ends_its_streams<R: Rig>() {
    let rig = R::start().await;
    let mut stream = rig.bus().subscribe_user(somebody()).await;
    rig.drop_bus();
    ended(&mut stream).await;
}

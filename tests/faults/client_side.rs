//! Trouble on the way between a client and its instance.

use std::time::Duration;

use futures::future::join_all;
use mosaic::chat::Connection;
use mosaic::chat::protocol::{ClientFrame, close_code};
use mosaic::domain::{ClientId, MessageBody, Seq};
use tokio::time::Instant;
use uuid::Uuid;

use crate::driver::{Client, connected};
use crate::history::report::Spread;
use crate::process::SLOW;
use crate::proxy::{Proxy, Way, Weather};
use crate::rig::Rig;
use crate::tools::{DEADLINE, say, until, within};

/// Connections that are cut at the same time, each of its own client.
const AT_ONCE: usize = 8;
/// The text of the message that is under way when its connection is cut.
const TEXT: &str = "The quick brown fox jumps over the lazy dog, and the lazy dog does not mind.";
/// A `send` with that text, at most; an `ack` is longer by the row.
const SEND_BYTES: usize = 224;
const ACK_BYTES: usize = 512;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_anywhere_loses_and_doubles_nothing() {
    cut_at("cut, every sixteenth byte", 16).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a minute: make test-faults"]
async fn a_connection_cut_at_each_byte_loses_and_doubles_nothing() {
    cut_at("cut, each byte", 1).await;
}

async fn cut_at(test: &str, step: usize) {
    let mut rig = Rig::start(test, 2 * AT_ONCE).await;
    let up = (0..SEND_BYTES).step_by(step).map(|byte| (Way::Up, byte));
    let down = (0..ACK_BYTES).step_by(step).map(|byte| (Way::Down, byte));
    let places: Vec<_> = up.chain(down).collect();
    let mut lines = Vec::new();
    for line in 0..AT_ONCE {
        let proxy = rig.proxy().await;
        let client = rig.client_behind(&proxy, 2 * line, 2 * line + 1);
        let places: Vec<_> = places.iter().skip(line).step_by(AT_ONCE).copied().collect();
        lines.push((proxy, client, places));
    }
    let cuts: usize =
        join_all(lines.iter().map(|line| cut_line(&line.0, &line.1, &line.2))).await.into_iter().sum();
    say(&format!("{test}: {cuts} of {} messages had their connection cut", places.len()));
    // Beyond the end of a frame there is nothing to cut.
    assert!(cuts >= places.len() / 2, "{cuts} of {} places", places.len());
    let clients: Vec<_> = lines.into_iter().map(|(_, client, _)| client).collect();
    let report = rig.judge(test, &clients).await;
    assert_eq!(report.acked, places.len());
    // Right behind its last byte an acknowledgement has arrived.
    let met = report.unknown;
    assert!(met <= cuts && met * 100 >= cuts * 95, "{met} of {cuts} cuts met a message under way");
}

/// Sends one message for each place, and cuts the connection there.
async fn cut_line(proxy: &Proxy, client: &Client, places: &[(Way, usize)]) -> usize {
    for (number, (way, byte)) in places.iter().enumerate() {
        // A page that was just loaded reconnects at once; one that was cut off often waits longer.
        proxy.becomes(Weather::Fair);
        client.reload();
        let before = u64::try_from(number).expect("few messages");
        until("the page is loaded again", async || client.is_live() && client.shows(before)).await;
        proxy.becomes(Weather::Cut(*way, *byte));
        client.say(format!("{TEXT} {number}"));
        until("it is acknowledged", async || client.shows(before + 1)).await;
    }
    proxy.cuts()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_acknowledgement_is_given_again() {
    let test = "ack lost";
    let mut rig = Rig::start(test, 2).await;
    let proxy = rig.proxy().await;
    let (ada, bob) = (rig.client_behind(&proxy, 0, 1), rig.client(1, 0, 1));
    connected(&[&ada, &bob]).await;
    proxy.becomes(Weather::Lossy(Way::Down));
    ada.say(String::from("once"));
    ada.say(String::from("and once more"));
    until("both are stored and arrive", async || bob.view().shown == Seq(2)).await;
    assert!(!ada.is_settled(), "the acknowledgements were to be lost");
    // In this order: an acknowledgement that is still to come is not to get through.
    proxy.cut();
    proxy.becomes(Weather::Fair);
    until("both are acknowledged", async || ada.is_settled()).await;
    let report = rig.judge(test, &[ada, bob]).await;
    assert_eq!((report.acked, report.unknown), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_in_mid_send_loses_nothing() {
    let test = "reload in mid-send";
    let mut rig = Rig::start(test, 2).await;
    let proxy = rig.proxy().await;
    let (ada, bob) = (rig.client_behind(&proxy, 0, 1), rig.client(1, 0, 1));
    connected(&[&ada, &bob]).await;
    proxy.becomes(Weather::Lossy(Way::Up));
    ["one", "two", "three"].into_iter().for_each(|text| ada.say(String::from(text)));
    ada.reload();
    until("all three were sent in vain", async || rig.recorder.unknown() == 3).await;
    proxy.becomes(Weather::Fair);
    proxy.cut();
    until("all of it arrives", async || bob.shows(3)).await;
    rig.judge(test, &[ada, bob]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a minute: make test-faults"]
async fn a_half_open_connection_is_noticed_on_both_sides() {
    let test = "half open";
    let mut rig = Rig::start(test, 2).await;
    let proxy = rig.proxy().await;
    let (ada, bob) = (rig.client_behind(&proxy, 0, 1), rig.client(1, 0, 1));
    connected(&[&ada, &bob]).await;
    assert_eq!(rig.instances[0].metric("mosaic_sockets").await, 1.0);
    proxy.becomes(Weather::Dead);
    bob.say(String::from("Are you there?"));
    let noticed = within(Duration::from_secs(45), "the client notices", async || {
        ada.view().connection != Connection::Live
    });
    // The farewell, which nobody answers, takes some seconds.
    let closed = within(Duration::from_secs(50), "the server notices", async || {
        rig.instances[0].metric("mosaic_sockets").await == 0.0
    });
    let (noticed, closed) = tokio::join!(noticed, closed);
    say(&format!("{test}: noticed by the client after {noticed:?}, by the server after {closed:?}"));
    proxy.becomes(Weather::Fair);
    proxy.cut();
    connected(&[&ada]).await;
    rig.judge(test, &[ada, bob]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_stops_reading_is_let_go_and_costs_nobody_else_anything() {
    let test = "stops reading";
    let mut rig = Rig::alone(test, 4).await;
    let (ada, bob) = (rig.client(0, 1, 0), rig.client(1, 0, 0));
    connected(&[&ada, &bob]).await;
    let door = rig.instances[0].door();
    let mut talker = rig.caller(2).device(door).await;
    let mut deaf = rig.caller(3).device(door).await;
    let (receiver_id, content) = (rig.people[3].id, "\u{1F980}".repeat(MessageBody::MAX_CHARS));
    let memory = rig.instances[0].memory();
    let (mut most, mut took, mut number) = (0, Vec::new(), 0);
    let begun = Instant::now();
    // As long as it takes until what lies between the two is full, and ten seconds more.
    while rig.instances[0].metric(SLOW).await == 0.0 {
        assert!(begun.elapsed() < DEADLINE, "a device that does not read is kept");
        for _ in 0..20 {
            let client_id = ClientId(Uuid::new_v4());
            talker.say(&ClientFrame::Send { client_id, receiver_id, content: content.clone() }).await;
            talker.acknowledged(client_id).await;
        }
        number += 1;
        ada.say(format!("{number}"));
        took.push(until("it arrives", async || bob.shows(number)).await);
        most = most.max(rig.instances[0].memory());
    }
    let (took, grown) = (Spread::of(took), most.saturating_sub(memory) / 1024);
    say(&format!("{test}: let go after {:?}; others: {took}; {grown} KiB more", begun.elapsed()));
    assert!(took.max() < Duration::from_secs(1), "others had to wait: {took}");
    assert!(grown < 16 * 1024, "{grown} KiB for a device that does not read");
    until("it has left", async || rig.instances[0].metric("mosaic_sockets").await == 3.0).await;
    assert!(matches!(deaf.closed().await, None | Some(close_code::TOO_SLOW)));
}

//! A network that is slow or stuck, and whoever is as slow as that.

use std::time::Duration;

use mosaic::chat::Connection;
use mosaic::chat::protocol::{ClientFrame, close_code};
use mosaic::domain::{ClientId, MessageBody};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::driver::connected;
use crate::process::SLOW;
use crate::proxy::{Way, Weather};
use crate::rig::Rig;
use crate::tools::{say, until};

/// By which a slow network holds things up.
const DELAY: Duration = Duration::from_millis(150);
/// What each of two people writes over it, and between two of these.
const MESSAGES: u64 = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// More long messages than the buffers of two sockets hold, and few enough for a client who missed
/// them to fetch them all.
const BEHIND: u64 = 400;
/// Written at a time.
const BATCH: u64 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_network_changes_nothing_but_the_time() {
    let test = "slow network";
    let mut rig = Rig::start(test, 2).await;
    let proxy = rig.proxy().await;
    proxy.becomes(Weather::Slow(DELAY));
    let (ada, bob) = (rig.client_behind(&proxy, 0, 1), rig.client_behind(&proxy, 1, 0));
    connected(&[&ada, &bob]).await;
    let mut dice = rig.dice.fork();
    for number in 1..=MESSAGES {
        ada.say(format!("{number}"));
        bob.say(format!("re {number}"));
        sleep(dice.about(PAUSE)).await;
    }
    until("all of it arrives", async || ada.shows(2 * MESSAGES) && bob.shows(2 * MESSAGES)).await;
    let report = rig.judge(test, &[ada, bob]).await;
    assert_eq!((report.unknown, report.refused, report.reconnects), (0, 0, 0), "{report}");
    // Both ways take half of the delay at least.
    assert!(report.ack.percentile(1) >= DELAY, "the network was not slow: {report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "half a minute: make test-faults"]
async fn a_device_whose_line_is_stuck_comes_back_whole() {
    let test = "stuck line";
    let mut rig = Rig::start(test, 2).await;
    let proxy = rig.proxy().await;
    let (ada, bob) = (rig.client(0, 1, 1), rig.client_behind(&proxy, 1, 0));
    connected(&[&ada, &bob]).await;
    proxy.becomes(Weather::Stuck(Way::Down));
    let filler = "\u{1F980}".repeat(MessageBody::MAX_CHARS - 4);
    for last in (1..=BEHIND / BATCH).map(|batch| batch * BATCH) {
        (last - BATCH..last).for_each(|number| ada.say(format!("{number} {filler}")));
        until("they are stored", async || ada.shows(last)).await;
    }
    assert!(!bob.shows(BEHIND), "the line is not stuck");
    // The server waits for its buffers to empty, the client for the answer to its ping.
    let server_gave_up = async || rig.instances[0].metric(SLOW).await > 0.0;
    let client_gave_up = || bob.view().connection != Connection::Live;
    let took = until("somebody gives the line up", async || client_gave_up() || server_gave_up().await).await;
    let who = if client_gave_up() { "client" } else { "server" };
    say(&format!("{test}: given up by the {who} {took:?} after the last of {BEHIND} messages"));
    proxy.becomes(Weather::Fair);
    until("all of it arrives", async || bob.shows(BEHIND)).await;
    let report = rig.judge(test, &[ada, bob]).await;
    assert!(report.reconnects > 0, "it came back without having been away: {report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_upload_is_closed() {
    let mut rig = Rig::start("slow upload", 1).await;
    let proxy = rig.proxy().await;
    proxy.becomes(Weather::Trickle(Way::Up));
    let mut slow = TcpStream::connect(proxy.address()).await.expect("the proxy listens");
    let head = format!("GET /healthz HTTP/1.1\r\nhost: mosaic\r\nx-filler: {}\r\n\r\n", "x".repeat(1000));
    slow.write_all(head.as_bytes()).await.expect("the proxy takes all of it");
    let mut answer = Vec::new();
    let ended = timeout(Duration::from_secs(20), slow.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "a byte a second keeps a connection open");
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "the request was never complete");
    assert_eq!(rig.instances[0].get("/healthz").await.map(|(status, _)| status), Some(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_body_is_given_up() {
    let mut rig = Rig::start("slow body", 2).await;
    let proxy = rig.proxy().await;
    let mut slow = TcpStream::connect(proxy.address()).await.expect("the proxy listens");
    let token = &rig.people[0].token;
    let head = format!(
        "POST /messages/send HTTP/1.1\r\nhost: mosaic\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    );
    slow.write_all(head.as_bytes()).await.expect("the proxy takes all of it");
    until("the server has the head", async || proxy.carried() >= head.len()).await;
    proxy.becomes(Weather::Trickle(Way::Up));
    slow.write_all("x".repeat(1000).as_bytes()).await.expect("the proxy takes all of it");
    let mut answer = vec![0; 1024];
    let read = timeout(Duration::from_secs(20), slow.read(&mut answer)).await;
    let read = read.expect("a byte a second keeps a request going").expect("it is answered");
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer:?}");
    assert_eq!(rig.instances[0].get("/healthz").await.map(|(status, _)| status), Some(200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a minute: make test-faults"]
async fn a_frame_at_a_byte_a_second_is_given_up() {
    let test = "slow frame";
    let mut rig = Rig::start(test, 2).await;
    let proxy = rig.proxy().await;
    let sockets = rig.instances[0].metric("mosaic_sockets").await;
    let mut device = rig.caller(0).device(rig.door_behind(&proxy)).await;
    proxy.becomes(Weather::Trickle(Way::Up));
    let (client_id, receiver_id) = (ClientId(Uuid::new_v4()), rig.people[1].id);
    device.say(&ClientFrame::Send { client_id, receiver_id, content: "x".repeat(200) }).await;
    let begun = Instant::now();
    let code = device.closed_within(Duration::from_secs(50)).await;
    say(&format!("{test}: given up after {:?}", begun.elapsed()));
    assert_eq!(code, Some(close_code::SILENT));
    until("it has left", async || rig.instances[0].metric("mosaic_sockets").await == sockets).await;
    assert_eq!(rig.postgres.numbers("SELECT count(*) FROM messages").await, [0]);
    assert_eq!(rig.instances[0].get("/healthz").await.map(|(status, _)| status), Some(200));
}

//! Requests that no client library would make, byte by byte.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::harness::{PASSWORD, TestApp};
use crate::process::Process;

/// Everything that comes back until the server hangs up.
async fn answer(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may have seen enough before it was told all of it.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let all = timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await;
    // What came before the connection broke is an answer all the same.
    let _ = all.expect("it was never hung up");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request that a proxy may take for the body of the one before it.
const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

/// The head of a log-in, with these headers.
fn log_in(headers: &str) -> String {
    format!("POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n")
}

/// Whoever stands in between may have believed the other length: nothing is answered but that, neither what
/// this server takes for the body nor what is hidden behind it (RFC 9112, 6.1 and 6.3).
#[tokio::test(flavor = "multi_thread")]
async fn two_ways_to_say_the_length_are_no_way() {
    let app = TestApp::spawn().await;
    let length = "content-LENGTH:5\r\n";
    for path in ["/auth/login", "/messages/send", "/login", "/nowhere"] {
        for both in [format!("{length}{CHUNKED}"), format!("{CHUNKED}{length}")] {
            // A proxy that goes by the length passes on five bytes of body and then a request.
            for body in [format!("0\r\n\r\n{HIDDEN}"), format!("5\r\n{{\"a\":\r\n0\r\n\r\n{HIDDEN}")] {
                let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n{both}Sec-Fetch-Site: cross-site\r\n");
                let answer = answer(app.address, format!("{head}\r\n{body}").as_bytes()).await;
                assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
                assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
                assert!(answer.contains(r#"{"error":{"code":"two_lengths","message":""#), "{answer}");
                assert_eq!(
                    answer.matches("HTTP/1.1").count(),
                    1,
                    "the hidden request was answered: {answer}"
                );
            }
        }
    }
}

/// Also on a connection on which others were answered, and where the two headers come in pieces.
#[tokio::test(flavor = "multi_thread")]
async fn a_later_request_says_its_length_once_too() {
    let app = TestApp::spawn().await;
    let first = format!("{}{{}}", log_in("Content-Length: 2\r\n"));
    for both in [format!("{CHUNKED}Content-Length: 5\r\n"), format!("Content-Length: 5\r\n{CHUNKED}")] {
        let second = format!("{}0\r\n\r\n{HIDDEN}", log_in(&both));
        let all = answer(app.address, format!("{first}{second}").as_bytes()).await;
        assert_eq!(statuses(&all), ["422", "400"], "{all}");

        let mut stream = TcpStream::connect(app.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        for piece in format!("{first}{second}").as_bytes().chunks(7) {
            // The end may be refused while it is on its way.
            let _ = stream.write_all(piece).await;
            tokio::task::yield_now().await;
        }
        let mut all = Vec::new();
        let _ = timeout(Duration::from_secs(15), stream.read_to_end(&mut all)).await.unwrap();
        let all = String::from_utf8_lossy(&all);
        assert_eq!(statuses(&all), ["422", "400"], "{all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_the_metrics_is_no_exception() {
    let server = Process::start(&[("MOSAIC_METRICS_ADDR", "localhost:0")]).await;
    let request =
        format!("GET /metrics HTTP/1.1\r\nHost: x\r\n{CHUNKED}Content-Length: 5\r\n\r\n0\r\n\r\n{HIDDEN}");
    let all = answer(server.address_of("metrics are served"), request.as_bytes()).await;
    assert_eq!(statuses(&all), ["400"], "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_chunks_is_a_body() {
    let app = TestApp::spawn().await;
    app.person("ada").await;
    let body = format!(r#"{{"username":"ada","password":"{PASSWORD}"}}"#);
    let (one, two) = body.split_at(7);
    let chunks = format!("{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n", one.len(), two.len());
    let plain = format!("{}{body}", log_in(&format!("Content-Length: {}\r\n", body.len())));
    let chunked = format!("{}{chunks}", log_in(CHUNKED));
    let last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for requests in [format!("{chunked}{last}"), format!("{plain}{plain}{chunked}{chunked}{last}")] {
        let all = answer(app.address, requests.as_bytes()).await;
        let wanted = requests.matches("HTTP/1.1").count();
        assert_eq!(statuses(&all), vec!["200"; wanted], "{all}");
    }
}

/// The status of each answer that came on a connection.
fn statuses(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lengths_that_are_none_are_refused() {
    let app = TestApp::spawn().await;
    for lengths in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: -1",
        "Content-Length: 5, 6",
        "Content-Length: 99999999999999999999999",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
    ] {
        let request = format!("POST /auth/login HTTP/1.1\r\nHost: x\r\n{lengths}\r\n\r\n0\r\n\r\n");
        let answer = answer(app.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{lengths}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_unknown_length_is_cut_off_where_it_is_too_big() {
    let app = TestApp::spawn().await;
    let chunk = format!("400\r\n{}\r\n", " ".repeat(1024));
    for (kind, path) in [("application/json", "/auth/login"), ("application/x-www-form-urlencoded", "/login")]
    {
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Type: {kind}");
        let request = format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(20));
        let answer = answer(app.address, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_above_eight_kilobytes_are_too_long() {
    let app = TestApp::spawn().await;
    for path in ["/", "/login", "/nowhere", "/profiles/matches", "/messages/ws/x", "/api/get_me", "/pkg/x.js"]
    {
        for length in [8 * 1024, 32 * 1024] {
            let query = "x".repeat(length);
            let request = format!("GET {path}?q={query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let answer = answer(app.address, request.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 414"), "{path}, {length}: {answer}");
        }
    }
}

/// Above 64 KiB the head is not read to its end, so nobody knows what in it is so long.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_of_a_megabyte_is_refused_as_a_head() {
    let app = TestApp::spawn().await;
    let search = format!("GET /profiles/matches?q={} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1 << 20));
    let answer = answer(app.address, search.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_hung_up_on() {
    let app = TestApp::spawn().await;
    let began = Instant::now();
    answer(app.address, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    assert!(began.elapsed() >= Duration::from_secs(5), "hung up for the wrong reason");
}

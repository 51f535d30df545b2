//! Requests that no client library would make, byte by byte.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::harness::TestApp;

/// Everything that comes back until the server hangs up.
async fn answer(app: &TestApp, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    // The server may have seen enough before it was told all of it.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let all = timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await;
    // What came before the connection broke is an answer all the same.
    let _ = all.expect("it was never hung up");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Whoever stands in between may have believed the other length: what this server takes for the body ends
/// the connection, so that nothing hidden behind it is answered (RFC 9112, 6.3).
#[tokio::test(flavor = "multi_thread")]
async fn two_ways_to_say_the_length_are_no_way() {
    let app = TestApp::spawn().await;
    let hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let (length, chunked) = ("Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n");
    for path in ["/auth/login", "/messages/send", "/nowhere"] {
        for both in [format!("{length}{chunked}"), format!("{chunked}{length}")] {
            let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{both}");
            let answer = answer(&app, format!("{head}\r\n0\r\n\r\n{hidden}").as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
            assert_eq!(answer.matches("HTTP/1.1").count(), 1, "the hidden request was answered: {answer}");
        }
    }
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
        let answer = answer(&app, request.as_bytes()).await;
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
        let answer = answer(&app, request.as_bytes()).await;
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
            let answer = answer(&app, request.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 414"), "{path}, {length}: {answer}");
        }
    }
}

/// Above 64 KiB the head is not read to its end, so nobody knows what in it is so long.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_of_a_megabyte_is_refused_as_a_head() {
    let app = TestApp::spawn().await;
    let search = format!("GET /profiles/matches?q={} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1 << 20));
    let answer = answer(&app, search.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_hung_up_on() {
    let app = TestApp::spawn().await;
    let began = Instant::now();
    answer(&app, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    assert!(began.elapsed() >= Duration::from_secs(5), "hung up for the wrong reason");
}

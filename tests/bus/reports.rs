//! What an operator sees: one line for each change of state, counters, and never a secret.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use metrics_exporter_prometheus::PrometheusBuilder;
use mosaic::server::bus::redis::{RedisBus, RedisUrlError};
use mosaic::server::bus::{Bus, BusEvent, BusHealth};

use crate::redis_server::RedisServer;
use crate::rig::{becomes, event, lost, payload, publish, received, somebody, until};

thread_local! {
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes to the log of the thread it is used on.
struct Log;

impl Log {
    fn clear() {
        LOG.with_borrow_mut(Vec::clear);
    }

    fn text() -> String {
        LOG.with_borrow(|log| String::from_utf8(log.clone()).expect("a log is text"))
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Called before the first line can be logged: a line first met on a thread without a subscriber
/// would be taken for one that nobody ever wants.
pub fn keep_logs() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing_subscriber::fmt().with_ansi(false).with_writer(|| Log).init());
}

// On one thread, so that log and counters of this test are apart from those of the others.
#[tokio::test(flavor = "current_thread")]
async fn changes_of_state_are_logged_once_and_counted() {
    keep_logs();
    Log::clear();
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let counts = recorder.handle();
    let count = |name: &str| -> u64 {
        let text = counts.render();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or(0)
    };

    let mut server = RedisServer::absent().with_password("open-sesame");
    let bus = RedisBus::start(&server.url()).expect("the URL is fine");
    let user = somebody();
    let mut stream = bus.subscribe_user(user).await;
    publish(&bus, user, payload(0)).await;
    until("the message is given up", async || count("mosaic_bus_publish_dropped_total") == 1).await;
    assert_eq!(count("mosaic_bus_healthy"), 0);
    assert_eq!(count("mosaic_bus_received_total"), 0);

    server.restart().await;
    becomes(&bus, BusHealth::Healthy).await;
    assert_eq!(count("mosaic_bus_healthy"), 1);
    assert_eq!(event(&mut stream).await, Some(BusEvent::Lost));
    assert!(count("mosaic_bus_lost_total") > 0);
    publish(&bus, user, payload(1)).await;
    assert_eq!(received(&mut stream).await, payload(1));
    assert!(count("mosaic_bus_received_total") > 0);
    until("the answer is counted", async || count("mosaic_bus_published_total") == 1).await;

    server.disconnect("pubsub").await;
    lost(&mut stream).await;
    assert!(count("mosaic_bus_reconnects_total") > 0);
    becomes(&bus, BusHealth::Healthy).await;
    bus.close().await;

    let text = Log::text();
    alternate(&text, "the bus is degraded", "the bus is healthy");
    alternate(&text, "the bus gives messages up", "the bus publishes again");
    assert!(!text.contains("open-sesame") && !text.contains(&user.to_string()), "{text}");
}

/// Changes are told, not states: first the one, then the other, and so on.
fn alternate(log: &str, one: &str, other: &str) {
    let told: Vec<bool> = log
        .lines()
        .filter(|line| line.contains(one) || line.contains(other))
        .map(|line| line.contains(one))
        .collect();
    assert!(told.len() >= 2 && told[0], "{log}");
    assert!(told.windows(2).all(|pair| pair[0] != pair[1]), "{log}");
}

#[tokio::test]
async fn a_wrong_url_is_refused_without_repeating_it() {
    for url in ["", "redis", "http://x:open-sesame@h", "redis://:open-sesame@h:notaport", "redis+unix:"] {
        let refused = RedisBus::start(url).err().expect("not a Redis URL");
        assert!(matches!(refused, RedisUrlError::Malformed), "{url}: {refused:?}");
        assert!(!format!("{refused} {refused:?}").contains("open-sesame"));
    }
    let refused = RedisBus::start("rediss://127.0.0.1").err().expect("no TLS");
    assert!(matches!(refused, RedisUrlError::Tls), "{refused:?}");
}

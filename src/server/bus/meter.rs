//! What a bus counts. The names are what `/metrics` shows and dashboards rely on; what they mean is told in
//! [`telemetry`](crate::server::telemetry).

use std::time::Duration;

use metrics::{counter, gauge, histogram};

/// A message left for the other instances, this long after it was handed to the bus.
pub(super) fn published(after: Duration) {
    counter!("mosaic_bus_published_total").increment(1);
    histogram!("mosaic_bus_publish_seconds").record(after);
}

/// Messages will not leave.
pub(super) fn dropped(messages: usize) {
    counter!("mosaic_bus_publish_dropped_total").increment(wide(messages));
}

/// A payload came in.
pub(super) fn received() {
    counter!("mosaic_bus_received_total").increment(1);
}

/// The subscription stands again after a fault.
pub(super) fn reconnected() {
    counter!("mosaic_bus_reconnects_total").increment(1);
}

/// A stream was told to compare with the store.
pub(super) fn lost() {
    counter!("mosaic_bus_lost_total").increment(1);
}

/// The state changed.
pub(super) fn healthy(healthy: bool) {
    gauge!("mosaic_bus_healthy").set(f64::from(u8::from(healthy)));
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

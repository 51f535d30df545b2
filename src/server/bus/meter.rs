//! What a bus counts. The names are what `/metrics` shows and dashboards rely on.

use metrics::{counter, gauge};

/// Registers the text that `/metrics` prints beside each name.
pub(super) fn describe() {
    metrics::describe_counter!("mosaic_bus_published_total", "Messages handed to the bus for good.");
    metrics::describe_counter!("mosaic_bus_publish_dropped_total", "Messages the bus gave up publishing.");
    metrics::describe_counter!("mosaic_bus_received_total", "Payloads received for users of this instance.");
    metrics::describe_counter!("mosaic_bus_reconnects_total", "Times the subscription was set up again.");
    metrics::describe_counter!(
        "mosaic_bus_lost_total",
        "Times a local stream was told that it may lack something."
    );
    metrics::describe_gauge!("mosaic_bus_healthy", "1 while fan-out between instances works, else 0.");
}

/// Messages left for the other instances.
pub(super) fn published(messages: usize) {
    counter!("mosaic_bus_published_total").increment(wide(messages));
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

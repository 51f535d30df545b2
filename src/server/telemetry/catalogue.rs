//! What `/metrics` can show, in words. A test sees that nothing is counted that is not listed here
//! and explained in `docs/OPERATIONS.md`.

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};

/// A counter, with the one label it may have and the values known before they are met: a rate can
/// only be told of a series that was there at zero.
struct Counter {
    name: &'static str,
    help: &'static str,
    label: Option<(&'static str, &'static [&'static str])>,
}

const fn plain(name: &'static str, help: &'static str) -> Counter {
    Counter { name, help, label: None }
}

const fn labelled(
    name: &'static str,
    label: &'static str,
    values: &'static [&'static str],
    help: &'static str,
) -> Counter {
    Counter { name, help, label: Some((label, values)) }
}

const COUNTERS: &[Counter] = &[
    plain("mosaic_accept_errors_total", "Connections the listening socket could not accept."),
    labelled(
        "mosaic_acks_total",
        "way",
        &["http", "socket"],
        "Sends that were acknowledged, after their commit.",
    ),
    plain("mosaic_bus_garbage_total", "Payloads from the bus that were not believed, and dropped."),
    plain("mosaic_bus_lost_total", "Times a local stream was told that it may lack something."),
    plain("mosaic_bus_publish_dropped_total", "Publications the bus gave up."),
    plain("mosaic_bus_published_total", "Publications handed to the bus for good."),
    plain("mosaic_bus_received_total", "Payloads received for users of this instance."),
    plain("mosaic_bus_reconnects_total", "Times the subscription was set up again."),
    plain("mosaic_connections_refused_total", "Connections hung up on because their address had too many."),
    labelled(
        "mosaic_forgotten_total",
        "kind",
        &["messages", "sends", "sessions", "tickets"],
        "What was deleted because it is not kept any longer.",
    ),
    plain("mosaic_gaps_healed_total", "Times a device fetched messages that it had not been told of."),
    plain("mosaic_panics_total", "Panics of this process, caught or not."),
    labelled("mosaic_pool_timeouts_total", "pool", &[], "Work given up because no connection became free."),
    labelled(
        "mosaic_rate_limited_total",
        "limit",
        &[
            "contact",
            "export",
            "frames",
            "history",
            "log_in_account",
            "log_in_address",
            "log_in_failures",
            "report",
            "request_address",
            "request_person",
            "search",
            "send",
            "sign_up",
            "sockets",
            "ticket",
        ],
        "What was refused, by the limit that refused it.",
    ),
    plain("mosaic_reports_total", "Reports that people made about others."),
    labelled("mosaic_requests_total", "status", &[], "Answers over HTTP, by status."),
    labelled(
        "mosaic_resyncs_total",
        "cause",
        &["bus", "overflow", "poll"],
        "Times a device was told to compare with the store, by what may have been lost.",
    ),
    labelled(
        "mosaic_sends_total",
        "duplicate",
        &["no", "yes"],
        "Messages stored, and repeated sends that were found stored already.",
    ),
    labelled(
        "mosaic_sockets_closed_total",
        "code",
        &["none", "1012", "4008", "4401", "4408", "4409", "4429"],
        "Sockets that ended, by close code; none when the device hung up or the connection broke.",
    ),
    plain("mosaic_store_errors_total", "Use cases that failed because the store could not answer."),
    plain("mosaic_stuck_connections_total", "Connections that took too little of what they had asked for."),
];

const GAUGES: &[(&str, &str)] = &[
    ("mosaic_bus_healthy", "1 while fan-out between instances works, else 0."),
    ("mosaic_pool_idle_connections", "Open database connections that are lent to nobody, by pool."),
    ("mosaic_pool_in_use_connections", "Database connections that are lent, by pool."),
    ("mosaic_pool_limit_connections", "Database connections that may be lent at a time, by pool."),
    ("mosaic_sockets", "Sockets of this instance."),
];

const HISTOGRAMS: &[(&str, &str)] = &[
    ("mosaic_bus_publish_seconds", "From handing a message to the bus until the bus has it."),
    (
        "mosaic_delivery_seconds",
        "From taking in a message until it waits to be written to a device, here or on another instance.",
    ),
    ("mosaic_pool_wait_seconds", "How long work waited for a database connection, by pool."),
    ("mosaic_request_seconds", "From the head of a request to the head of its answer."),
    ("mosaic_send_seconds", "From taking in a message until its sender may be told that it is stored."),
];

/// Upper bounds, in seconds, of the buckets of every histogram: each of them counts seconds. The last
/// is the longest a request may take.
pub const BUCKETS: &[f64] =
    &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Tells the recorder what there is, and sets the counters to zero.
pub fn describe() {
    for Counter { name, help, label } in COUNTERS {
        describe_counter!(*name, *help);
        match label {
            None => counter!(*name).increment(0),
            Some((label, values)) => {
                values.iter().for_each(|value| counter!(*name, *label => *value).increment(0));
            }
        }
    }
    for (name, help) in GAUGES {
        describe_gauge!(*name, *help);
    }
    gauge!("mosaic_sockets").set(0);
    for (name, help) in HISTOGRAMS {
        describe_histogram!(*name, Unit::Seconds, *help);
    }
}

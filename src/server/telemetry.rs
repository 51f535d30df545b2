//! Logs and metrics: set up once, before anything else.
//!
//! A log line never carries message text, tokens, cookies, passwords or a URL with its query.

mod catalogue;

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;

use anyhow::{Context as _, Result};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use super::config::{Config, LogFormat};

/// Libraries that at finer levels log what they carry, whatever the settings ask for.
const DISCREET: [&str; 1] = ["tungstenite=debug"];

/// Starts logging to standard error, panics included.
///
/// # Errors
/// When the filter cannot be read, or logging was started before.
pub fn start_logging(config: &Config) -> Result<()> {
    let filter = EnvFilter::try_new(&config.log)
        .with_context(|| format!("MOSAIC_LOG is no filter: {:?}", config.log))?;
    let filter = DISCREET.iter().fold(filter, |filter, limit| {
        filter.add_directive(limit.parse().expect("each of them is a directive"))
    });
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(true)
        // A line that cannot be written, to a full disk for instance, is lost: saying so would panic.
        .log_internal_errors(false);
    match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    }
    .map_err(|error| anyhow::anyhow!("logging could not be started: {error}"))?;
    std::panic::set_hook(Box::new(note_panic));
    Ok(())
}

/// Starts collecting metrics; the handle renders them as Prometheus text. May be called once a process.
///
/// # Errors
/// When a collector is installed already.
pub fn start_metrics() -> Result<PrometheusHandle> {
    let builder =
        PrometheusBuilder::new().set_buckets(catalogue::BUCKETS).context("the buckets are wrong")?;
    let handle = builder.install_recorder().context("metrics could not be started")?;
    catalogue::describe();
    Ok(handle)
}

fn note_panic(panic: &PanicHookInfo<'_>) {
    metrics::counter!("mosaic_panics_total").increment(1);
    let location = panic.location().map(ToString::to_string);
    let trace = Backtrace::capture();
    let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
    tracing::error!(location, trace, "a panic: {}", what_panicked(panic.payload()));
}

/// What a panic says, if that stands in the source. What is put together when it happens may quote
/// what it is about: a message cut in the middle of a letter, for one.
fn what_panicked(payload: &dyn Any) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("what it says is not for the log")
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn a_panic_does_not_quote_what_it_is_about() {
        let of = |panic: fn()| what_panicked(&*catch_unwind(panic).unwrap_err());
        assert_eq!(of(|| panic!("a fixed text")), "a fixed text");
        assert_eq!(of(|| assert!("héllo".split_at(2).0.is_empty())), "what it says is not for the log");
    }
}

//! What an instance does on its own: says that it lives, watches for ended log-ins, and, while the
//! bus is away, asks the store what happened to its users.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::{MissedTickBehavior, interval};

use super::AppState;
use super::bus::BusHealth;
use super::service::Service;

/// How often an instance says that it lives.
const BEAT: Duration = Duration::from_secs(10);
/// How often ended log-ins are asked for; a socket may outlive its log-in by twice this.
const WATCH: Duration = Duration::from_millis(900);
/// How far back each question reaches, so that instances' clocks may differ a little.
const OVERLAP: TimeDelta = TimeDelta::seconds(30);
/// How far back the poll reaches: a frozen bus is noticed after a few seconds only.
const POLL_OVERLAP: TimeDelta = TimeDelta::seconds(10);
/// How often limits forget.
const SWEEP: Duration = Duration::from_secs(60);

/// Starts all of it; ends with the server.
pub fn start(state: &AppState) {
    every(state, BEAT, |service| async move { Ok(service.beat().await?) });
    every(state, WATCH, watch_sessions);
    every(state, WATCH, poll_while_degraded);
    every(state, SWEEP, |service| async move {
        service.limits.sweep();
        Ok(())
    });
}

fn every<F>(state: &AppState, period: Duration, work: impl Fn(Arc<Service>) -> F + Send + 'static)
where
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let (service, shutdown) = (Arc::clone(&state.service), state.shutdown.clone());
    state.tasks.spawn(async move {
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_failing = false;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = shutdown.cancelled() => return,
            }
            let result = work(Arc::clone(&service)).await;
            match &result {
                Err(error) if !is_failing => {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "background work fails and will be tried again"
                    );
                }
                Ok(()) if is_failing => tracing::info!("background work is well again"),
                _ => {}
            }
            is_failing = result.is_err();
        }
    });
}

/// Closes the sockets of log-ins that ended anywhere. The store is asked, not the bus, so that it
/// holds with the bus up or down.
async fn watch_sessions(service: Arc<Service>) -> anyhow::Result<()> {
    let ended = service.store.revoked_since(service.clock.now() - OVERLAP).await?;
    if !ended.is_empty() {
        service.hub.end_sessions(&ended);
    }
    Ok(())
}

async fn poll_while_degraded(service: Arc<Service>) -> anyhow::Result<()> {
    if service.bus.health() == BusHealth::Healthy {
        return Ok(());
    }
    let users = service.hub.users();
    for user in service.store.active_since(&users, service.clock.now() - POLL_OVERLAP).await? {
        metrics::counter!("mosaic_resyncs_total", "cause" => "poll").increment(1);
        service.hub.resync(user);
    }
    Ok(())
}

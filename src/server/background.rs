//! What an instance does on its own: says that it lives, watches for log-ins that end, deletes what is
//! not kept and, while the bus is away, asks the store what happened to its users.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::AppState;
use super::bus::BusHealth;
use super::changes::Changes;
use super::fanout::encode;
use super::service::Service;
use super::store::COMMIT_LAG;
use crate::chat::protocol::ServerFrame;

/// How often an instance says that it lives.
const BEAT: Duration = Duration::from_secs(10);
/// How often whoever could not be noted as being here is tried again.
const NOTE: Duration = Duration::from_secs(1);
/// How often ended log-ins are asked for; a socket may outlive its log-in by twice this.
const WATCH: Duration = Duration::from_millis(900);
/// How often the log-ins of the sockets here are looked at for their age: they last for days.
const EXPIRY: Duration = Duration::from_secs(5);
/// An instance counts as cut off for this much longer than it is: the others may look only now.
const LINGER: Duration = Duration::from_secs(3);
/// How often limits forget, and metrics are summed up.
const SWEEP: Duration = Duration::from_secs(60);
/// How often what is not kept is deleted.
const FORGET: Duration = Duration::from_secs(600);

/// Starts all of it; ends with the server.
pub fn start(state: &AppState) {
    every(state, BEAT, |service| async move { Ok(service.beat().await?) });
    every(state, NOTE, |service| async move { Ok(service.note_missed().await?) });
    every(state, WATCH, watch_sessions);
    every(state, EXPIRY, |service| async move { Ok(service.end_expired_sessions().await?) });
    let poll = Arc::new(Mutex::new(Poll::default()));
    every(state, WATCH, move |service| {
        let poll = Arc::clone(&poll);
        async move { poll.lock().await.look(&service).await }
    });
    let (retention, shutdown) = (state.config.retention, state.shutdown.clone());
    every(state, FORGET, move |service| {
        let shutdown = shutdown.clone();
        async move {
            // However much there is to delete, the end of the server does not wait for it.
            match shutdown.run_until_cancelled(service.forget(retention)).await {
                Some(forgotten) => Ok(forgotten?),
                None => Ok(()),
            }
        }
    });
    let metrics = state.metrics.clone();
    every(state, SWEEP, move |service| {
        // Histograms keep what was recorded until they are looked at; perhaps nobody does.
        metrics.iter().for_each(PrometheusHandle::run_upkeep);
        async move {
            service.limits.sweep();
            Ok(())
        }
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
    let until = service.store.watermark().await?;
    let since = service.watermark.borrow().unwrap_or(until) - COMMIT_LAG;
    let ended = service.store.revoked_since(since).await?;
    if !ended.is_empty() {
        service.hub.end_sessions(&ended);
    }
    service.watermark.send_replace(Some(until));
    Ok(())
}

/// What stands in for the bus while this instance, or any other, is cut off from it.
#[derive(Default)]
struct Poll {
    changes: Option<Changes>,
    last_trouble: Option<Instant>,
}

impl Poll {
    async fn look(&mut self, service: &Service) -> anyhow::Result<()> {
        if service.bus.health() == BusHealth::Degraded {
            self.last_trouble = Some(Instant::now());
        }
        let is_cut_off = self.last_trouble.is_some_and(|last| last.elapsed() < LINGER);
        if !service.note_bus(is_cut_off).await? {
            self.changes = None;
            return Ok(());
        }
        let watermark = service.store.watermark().await?;
        let changes = self.changes.get_or_insert_with(|| Changes::since(watermark));
        let users = service.hub.users();
        for (user, conversations) in
            changes.next(&*service.store, &users, watermark, service.clock.now()).await?
        {
            metrics::counter!("mosaic_resyncs_total", "cause" => "poll").increment(1);
            service.hub.deliver(user, &[encode(&ServerFrame::Resync { conversations })], None);
        }
        Ok(())
    }
}

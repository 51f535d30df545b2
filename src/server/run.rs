//! The life of a server: parts, start, stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures::{TryStreamExt as _, stream};
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bus::SharedBus;
use super::bus::in_process::InProcessBus;
use super::bus::redis::RedisBus;
use super::clock::Clock;
use super::config::Config;
use super::hub::Hub;
use super::limits::Limits;
use super::service::Service;
use super::store::{self, SharedStore};
use super::{AppState, background, http, routes};
use crate::chat::protocol::close_code;
use crate::domain::UserId;

// From the signal to the end of the process it takes all of these and a second for the bus: less
// than the 20 seconds a supervisor is told to wait.

/// Sockets are closed over this time, so that their devices do not all come back at once.
const CLOSE_OVER: Duration = Duration::from_secs(3);
/// They are closed in so many groups at most.
const CLOSE_GROUPS: usize = 60;
/// Then connections and what they began may take this long to end; the process ends without them.
const DRAIN: Duration = Duration::from_secs(10);
/// Then noting who left may take this long.
const DEPART: Duration = Duration::from_secs(5);
/// How many departures are noted at a time.
const DEPARTURES: usize = 8;

/// The bus the settings ask for.
///
/// # Errors
/// When the address cannot be one. A Redis that is away is no error: the bus waits for it.
pub fn open_bus(config: &Config) -> Result<SharedBus> {
    match &config.redis_url {
        Some(url) => Ok(Arc::new(RedisBus::start(url).context("REDIS_URL cannot be used")?)),
        None => Ok(Arc::new(InProcessBus::default())),
    }
}

/// Puts a server together; nothing listens yet.
#[must_use]
pub fn assemble(
    config: Config,
    store: SharedStore,
    bus: SharedBus,
    clock: Clock,
    metrics: Option<PrometheusHandle>,
) -> AppState {
    let leptos = leptos_options(&config);
    let limits = Limits::new(config.rate_limit);
    AppState {
        service: Service::new(store, bus, clock, limits),
        config: Arc::new(config),
        leptos,
        metrics,
        shutdown: CancellationToken::new(),
        tasks: TaskTracker::new(),
    }
}

/// Migrates, listens, and serves until a signal comes or the state's `shutdown` is cancelled.
///
/// # Errors
/// When the database or the listen address cannot be had.
pub async fn serve(config: Config, metrics: PrometheusHandle) -> Result<()> {
    let store = store::connect(&config.database_url).await.context("DATABASE_URL cannot be used")?;
    store.migrate().await.map_err(anyhow::Error::from).context("the database could not be migrated")?;
    let listener = listen(config.site_addr)?;
    if !config.rate_limit {
        tracing::warn!("MOSAIC_RATE_LIMIT is off: nothing limits anybody. Only for load tests.");
    }
    if config.rate_limit && config.origin.is_https() && config.trusted_proxies.is_empty() {
        tracing::warn!(
            "MOSAIC_TRUSTED_PROXIES is not set: everybody who comes through the proxy that ends TLS shares the \
             limits of one address"
        );
    }
    let bus = open_bus(&config)?;
    let state = assemble(config, store, bus, Clock::system(), Some(metrics));
    if let Some(address) = state.config.metrics_addr {
        serve_metrics(listen(address)?, &state)?;
    }
    let origin = state.config.origin.canonical().to_owned();
    tracing::info!(address = %listener.local_addr()?, %origin, "Mosaic serves");
    let shutdown = state.shutdown.clone();
    tokio::spawn(async move {
        signal().await;
        tracing::info!("a signal came: the server drains");
        shutdown.cancel();
    });
    serve_on(listener, state).await;
    Ok(())
}

fn listen(address: SocketAddr) -> Result<TcpListener> {
    http::listen(address).with_context(|| format!("cannot listen on {address}"))
}

/// Serves the metrics, and nothing else, to the end of the process: what is drained is of interest too.
fn serve_metrics(listener: TcpListener, state: &AppState) -> Result<()> {
    tracing::info!(address = %listener.local_addr()?, "metrics are served");
    let app = routes::metrics_router(state.clone());
    let state = AppState { tasks: TaskTracker::new(), ..state.clone() };
    tokio::spawn(async move { http::serve(listener, app, &state, CancellationToken::new()).await });
    Ok(())
}

/// Serves on a listener until `shutdown`, then drains. While sockets are being closed the listener
/// still answers, so that everybody hears of it: not ready, and no upgrades.
pub async fn serve_on(listener: TcpListener, state: AppState) {
    if let Some(Err(error)) = state.shutdown.run_until_cancelled(state.service.beat()).await {
        tracing::error!(%error, "the first sign of life could not be given");
    }
    background::start(&state);
    let app = routes::router(state.clone());
    let stop = CancellationToken::new();
    let closing = async {
        state.shutdown.cancelled().await;
        let users = state.service.hub.users();
        close_sockets(&state.service.hub, CLOSE_OVER).await;
        stop.cancel();
        users
    };
    let listening = http::serve(listener, app, &state, stop.clone());
    let (users, ()) = tokio::join!(closing, listening);
    drain(&state, users).await;
}

/// Tells every socket to close, in groups over a while.
async fn close_sockets(hub: &Hub, over: Duration) {
    let sockets = hub.all();
    let mut pauses = interval(over / CLOSE_GROUPS as u32);
    for group in sockets.chunks(sockets.len().div_ceil(CLOSE_GROUPS).max(1)) {
        pauses.tick().await;
        for socket in group {
            socket.close(close_code::RESTARTING, "restarting");
        }
    }
}

/// Waits for what is under way, says who left, and lets the bus go last.
async fn drain(state: &AppState, users: Vec<UserId>) {
    state.tasks.close();
    let under_way = async {
        state.tasks.wait().await;
        state.service.finish().await;
    };
    if timeout(DRAIN, under_way).await.is_err() {
        tracing::warn!(connections = state.tasks.len(), "not everything that was under way ended in time");
    }
    // Nobody is to wait for the lease to find out that these people left.
    let departures = stream::iter(users.into_iter().map(Ok))
        .try_for_each_concurrent(DEPARTURES, |user| state.service.depart(user));
    match timeout(DEPART, departures).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "departures could not be noted; the lease will tell"),
        Err(_) => tracing::warn!("departures take too long; the lease will tell"),
    }
    state.service.bus.close().await;
}

/// `SIGINT` or `SIGTERM`.
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("a handler for SIGTERM can be set");
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// The build leaves `hash.txt` beside the binary when it gave the files hashed names.
fn leptos_options(config: &Config) -> LeptosOptions {
    let is_hashed = std::env::current_exe().is_ok_and(|exe| exe.with_file_name("hash.txt").is_file());
    LeptosOptions::builder()
        .output_name("mosaic")
        .site_root(&*config.site_root.to_string_lossy())
        .site_pkg_dir("pkg")
        .site_addr(config.site_addr)
        .hash_files(is_hashed)
        .build()
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;
    use uuid::Uuid;

    use super::*;
    use crate::domain::SessionId;
    use crate::server::auth::Viewer;

    #[tokio::test]
    async fn a_crowd_is_closed_in_no_more_time_than_a_few() {
        let hub = Hub::new(false);
        let viewer = Viewer { user_id: UserId(Uuid::nil()), session_id: SessionId(Uuid::nil()) };
        for _ in 0..5000 {
            hub.join(viewer, |_| tokio::spawn(std::future::pending::<()>()).abort_handle());
        }
        let started = Instant::now();
        close_sockets(&hub, Duration::from_millis(600)).await;
        let taken = started.elapsed();
        assert!((500..2000).contains(&taken.as_millis()), "{taken:?}");
        for socket in hub.all() {
            assert_eq!(socket.closing().await.0, close_code::RESTARTING);
        }
    }
}

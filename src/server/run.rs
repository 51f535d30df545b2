//! The life of a server: parts, start, stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bus::SharedBus;
use super::bus::in_process::InProcessBus;
use super::bus::redis::RedisBus;
use super::clock::Clock;
use super::config::Config;
use super::limits::Limits;
use super::service::Service;
use super::store::{self, SharedStore};
use super::{AppState, background, http, routes};
use crate::chat::protocol::close_code;

/// Connections may take this long to end; then the process ends without them.
const DRAIN: Duration = Duration::from_secs(15);
/// Sockets are closed over this time, so that their devices do not all come back at once.
const CLOSE_OVER: Duration = Duration::from_secs(3);

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
    let listener = TcpListener::bind(config.site_addr)
        .await
        .with_context(|| format!("cannot listen on {}", config.site_addr))?;
    if !config.rate_limit {
        tracing::warn!("MOSAIC_RATE_LIMIT is off: nothing limits anybody. Only for load tests.");
    }
    let bus = open_bus(&config)?;
    let state = assemble(config, store, bus, Clock::system(), Some(metrics));
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

/// Serves on a listener until `shutdown`, then drains.
pub async fn serve_on(listener: TcpListener, state: AppState) {
    if let Err(error) = state.service.beat().await {
        tracing::error!(%error, "the first sign of life could not be given");
    }
    background::start(&state);
    let app = routes::router(state.clone());
    http::serve(listener, app, state.shutdown.clone(), state.tasks.clone()).await;
    drain(&state).await;
}

/// Closes the sockets one after the other, waits for what is under way, and lets the bus go last.
async fn drain(state: &AppState) {
    let users = state.service.hub.users();
    let sockets = state.service.hub.all();
    let pause = CLOSE_OVER / u32::try_from(sockets.len().max(1)).unwrap_or(u32::MAX);
    for socket in sockets {
        socket.close(close_code::RESTARTING, "restarting");
        tokio::time::sleep(pause.min(Duration::from_millis(50))).await;
    }
    state.tasks.close();
    if tokio::time::timeout(DRAIN, state.tasks.wait()).await.is_err() {
        tracing::warn!(connections = state.tasks.len(), "some connections did not end in time");
    }
    // Nobody is to wait for the lease to find out that these people left.
    for user in users {
        if let Err(error) = state.service.depart(user).await {
            tracing::warn!(%error, "departures could not be noted; the lease will tell");
            break;
        }
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

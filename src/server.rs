//! The server: use cases over a store and a bus, behind HTTP and a `WebSocket`.
//!
//! Reading order: [`store`] and [`bus`] are the two ports; [`service`] holds the use cases;
//! [`hub`] and [`fanout`] bring what happened to the devices; [`routes`] are the edges;
//! [`run`] puts it together and takes it down again.

pub mod auth;
pub mod avatar;
pub mod background;
pub mod bus;
pub mod changes;
pub mod clock;
pub mod commands;
pub mod config;
pub mod cursor;
pub mod device;
pub mod error;
pub mod fanout;
pub mod http;
pub mod hub;
pub mod input;
pub mod limits;
pub mod origin;
pub mod pages;
pub mod people;
pub mod proxies;
pub mod routes;
pub mod run;
pub mod service;
pub mod store;
pub mod telemetry;

use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use config::Config;
use service::Service;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The use cases.
    pub service: Arc<Service>,
    /// The settings.
    pub config: Arc<Config>,
    /// What the page shell needs to know of the build.
    pub leptos: LeptosOptions,
    /// Renders the metrics; absent where several servers share a process.
    pub metrics: Option<PrometheusHandle>,
    /// Cancelled when the server is to go away.
    pub shutdown: CancellationToken,
    /// Connections and background work, waited for at the end.
    pub tasks: TaskTracker,
}

impl AppState {
    /// The session cookie's name: with TLS the prefix makes browsers hold it to this host (RFC 6265bis).
    #[must_use]
    pub fn cookie_name(&self) -> &'static str {
        if self.config.origin.is_https() { "__Host-sid" } else { "sid" }
    }

    /// What a page may open sockets to; a development build also listens for its own reload.
    #[must_use]
    pub fn page_socket_sources(&self) -> String {
        let mut sources = self.config.origin.socket_sources();
        if std::env::var_os("LEPTOS_WATCH").is_some() {
            let port = self.leptos.reload_port;
            sources += &format!(" ws://127.0.0.1:{port} ws://localhost:{port}");
        }
        sources
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

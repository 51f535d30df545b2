//! The listening socket: HTTP/1.1 with the timers that keep slow connections from piling up, and the
//! numbers that keep anybody's connections from taking the place of everybody's.
//!
//! `axum::serve` has no time limit for headers, so a connection that sends a byte a minute would
//! live for ever; hence the loop is here.

mod lengths;
mod line;

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::AppState;
use super::limits::Place;
use super::routes::{Peer, TwoLengths};
use lengths::Lengths;
use line::Line;

/// The head of a request has to be there within this time; so has the next one, or the connection ends.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// After an error of accepting (out of file descriptors, say) the next try waits this long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Largest head of a request.
const HEAD_BYTES: usize = 64 * 1024;
/// What the system may keep of an answer that is not taken; it would be megabytes for each connection.
/// The system doubles it for its own needs.
const SEND_BUFFER_BYTES: u32 = 128 * 1024;
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;
/// File descriptors that connections leave to databases, files and the bus.
const RESERVED: usize = 256;

/// What a connection takes up while it is open, also after it became a WebSocket: room in this
/// process, and a place of its address, which a trusted proxy has no number of.
type Held = (OwnedSemaphorePermit, Option<Place>);

/// Listens on an address.
///
/// # Errors
/// Those of the system.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    // Connections have it from the listener.
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections until `stop`; those that are open then end after their current answer.
pub async fn serve(listener: TcpListener, app: Router, state: &AppState, stop: CancellationToken) {
    let room = Arc::new(Semaphore::new(room(state.config.rate_limit)));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            () = stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, address, permit)) => {
                let peer = Peer(address.ip().to_canonical());
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection ended before it began");
                    continue;
                }
                if let Some(held) = admit(state, peer, permit) {
                    state.tasks.spawn(connection(stream, held, peer, app.clone(), stop.clone()));
                }
            }
            Err(error) if is_of_the_other_end(&error) => {
                tracing::debug!(%error, "a connection ended before it began");
            }
            Err(error) => {
                metrics::counter!("mosaic_accept_errors_total").increment(1);
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whoever hangs up before they are accepted must not make the others wait.
fn is_of_the_other_end(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// The next connection, once there is room for it; until then it waits with the system.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    Ok((stream, address, permit))
}

/// Counts a connection; `None` when its address has too many, and then it is hung up on: an answer
/// would cost more than it is worth.
fn admit(state: &AppState, Peer(address): Peer, permit: OwnedSemaphorePermit) -> Option<Held> {
    if state.config.trusted_proxies.contain(address) {
        return Some((permit, None));
    }
    let place = state.service.limits.connection(address);
    if place.is_none() {
        metrics::counter!("mosaic_connections_refused_total").increment(1);
    }
    place.map(|place| (permit, Some(place)))
}

/// How many connections there may be at a time: as many as there are file descriptors, less some for
/// everything else, without which even those who are connected could not be served.
fn room(is_limited: bool) -> usize {
    let descriptors = fs::read_to_string("/proc/self/limits").ok().and_then(|limits| open_files(&limits));
    match descriptors.filter(|_| is_limited) {
        Some(descriptors) => descriptors.saturating_sub(RESERVED).clamp(RESERVED, Semaphore::MAX_PERMITS),
        None => Semaphore::MAX_PERMITS,
    }
}

/// The soft limit in the table of a process on Linux; `None` where there is none.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

async fn connection(stream: TcpStream, held: Held, peer: Peer, app: Router, stop: CancellationToken) {
    let lengths = Lengths::default();
    let line = Line::new(stream, lengths.counter(), held);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer);
        if lengths.are_two(request.headers()) {
            request.extensions_mut().insert(TwoLengths);
        }
        app.clone().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(line), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection broke");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_what_the_system_gives_less_what_is_needed_elsewhere() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             95981                95981                processes \n\
                      Max open files            1024                 524288               files     \n";
        assert_eq!(open_files(limits), Some(1024));
        assert_eq!(
            open_files("Max open files            unlimited            unlimited            files"),
            None
        );
        assert_eq!(room(false), Semaphore::MAX_PERMITS);
        assert!((RESERVED..=Semaphore::MAX_PERMITS).contains(&room(true)));
    }
}

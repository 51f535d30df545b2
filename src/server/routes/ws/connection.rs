//! One connection: a reader that takes the device's frames in order, and a writer that alone owns
//! the sending half.
//!
//! The order of attaching is the heart of it: the socket is registered and its user's channel
//! subscribed *before* the store is asked where the conversations stand. What happens in between
//! waits in the queue and follows `welcome`; the other order would lose it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::Error as ProtocolError;

use super::FRAME_BYTES;
use super::frames::Device;
use crate::chat::protocol::{ServerFrame, close_code};
use crate::server::AppState;
use crate::server::auth::Viewer;
use crate::server::fanout::encode;
use crate::server::hub::{Batch, Closing, Socket};

/// The server pings this often.
const PING: Duration = Duration::from_secs(20);
/// Nothing heard for this long: the device is gone.
const SILENCE: Duration = Duration::from_secs(45);
/// A device that takes longer to read what was written is too slow.
const WRITE_TIME: Duration = Duration::from_secs(10);
/// How long the closing handshake may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// A subscription is waited for no longer; while the bus is away the store is polled instead.
const SUBSCRIBE: Duration = Duration::from_secs(2);

const PROTOCOL_ERROR: u16 = 1002;

/// Serves a connection to its end.
pub async fn serve(state: AppState, viewer: Viewer, websocket: WebSocket) {
    let service = &state.service;
    let user = viewer.user_id;
    let mut joined = service.hub.join(viewer, |subscribed| service.fanout.forward(user, subscribed));
    let socket = Arc::clone(&joined.socket);
    if state.shutdown.is_cancelled() {
        socket.close(close_code::RESTARTING, "restarting");
    }
    if joined.is_first {
        service.joined(user).await;
    }
    // Without an answer in time the bus is down, and then a resync follows when it is back.
    let _ = timeout(SUBSCRIBE, joined.subscribed.wait_for(|subscribed| *subscribed)).await;
    let (sink, stream) = websocket.split();
    match welcome(&state, viewer).await {
        Some(welcome) => exchange(&state, &socket, sink, stream, welcome).await,
        None => farewell(sink, stream, (close_code::RESTARTING, "try again later")).await,
    }
    if service.hub.leave(&socket) {
        service.left(user);
    }
}

async fn welcome(state: &AppState, viewer: Viewer) -> Option<Utf8Bytes> {
    let conversations = state.service.heads(viewer.user_id).await.ok()?;
    let server_time = state.service.clock.now();
    Some(encode(&ServerFrame::Welcome { user_id: viewer.user_id, server_time, conversations }))
}

type Sink = SplitSink<WebSocket, Message>;
type Stream = SplitStream<WebSocket>;

async fn exchange(
    state: &AppState,
    socket: &Arc<Socket>,
    sink: Sink,
    mut stream: Stream,
    welcome: Utf8Bytes,
) {
    let mut writer = tokio::spawn(write(state.clone(), Arc::clone(socket), sink, welcome));
    tokio::select! {
        closing = read(Device::new(state, socket), &mut stream) => {
            match closing {
                Some((code, reason)) => socket.close(code, reason),
                None => writer.abort(),
            }
            let _ = timeout(FAREWELL + WRITE_TIME, &mut writer).await;
        }
        _ = &mut writer => {}
    }
    writer.abort();
    wait_for_close(&mut stream).await;
}

/// The device's half of the closing handshake: hanging up earlier could take our reason with it.
async fn wait_for_close(stream: &mut Stream) {
    let _ = timeout(FAREWELL, async { while let Some(Ok(_)) = stream.next().await {} }).await;
}

/// Takes frames until the device closes (`None`) or must be closed.
async fn read(mut device: Device<'_>, stream: &mut Stream) -> Option<Closing> {
    loop {
        let Ok(next) = timeout(SILENCE, stream.next()).await else {
            return Some((close_code::SILENT, "nothing heard"));
        };
        match next? {
            Ok(Message::Text(text)) if text.len() > FRAME_BYTES => {
                return Some((close_code::TOO_BIG, "frame too big"));
            }
            Ok(Message::Text(text)) => device.take(&text).await,
            Ok(Message::Binary(_)) => return Some((close_code::UNSUPPORTED, "text frames only")),
            Ok(Message::Ping(_) | Message::Pong(_)) => device.count(),
            Ok(Message::Close(_)) => return None,
            Err(error) => return refusal(error),
        }
        if !device.is_within_budget() {
            return Some((close_code::TOO_FAST, "too many frames"));
        }
    }
}

/// The protocol layer reports what it met but does not tell the device; that is for us to do.
fn refusal(error: axum::Error) -> Option<Closing> {
    match error.into_inner().downcast_ref::<ProtocolError>() {
        Some(ProtocolError::Capacity(_)) => Some((close_code::TOO_BIG, "frame too big")),
        Some(ProtocolError::Utf8(_)) => Some((close_code::NOT_UTF8, "not UTF-8")),
        Some(ProtocolError::Protocol(error)) if !is_hang_up(error) => {
            Some((PROTOCOL_ERROR, "protocol error"))
        }
        _ => None,
    }
}

fn is_hang_up(error: &tokio_tungstenite::tungstenite::error::ProtocolError) -> bool {
    use tokio_tungstenite::tungstenite::error::ProtocolError as Kind;
    matches!(error, Kind::ResetWithoutClosingHandshake | Kind::ReceivedAfterClosing | Kind::SendAfterClosing)
}

/// Writes what waits, all of it before one flush, until the socket is to be closed.
async fn write(state: AppState, socket: Arc<Socket>, mut sink: Sink, welcome: Utf8Bytes) {
    let mut pings = interval_at(Instant::now() + PING, PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch = Batch { frames: vec![welcome], ..Batch::default() };
    loop {
        let written = timeout(WRITE_TIME, write_batch(&state, &socket, &mut sink, &mut batch)).await;
        match written {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                metrics::counter!("mosaic_slow_devices_total").increment(1);
                batch.close = Some((close_code::TOO_SLOW, "too slow"));
            }
        }
        if let Some((code, reason)) = batch.close {
            let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
            let _ = timeout(FAREWELL, sink.send(Message::Close(Some(frame)))).await;
            return;
        }
        tokio::select! {
            next = socket.next() => batch = next,
            _ = pings.tick() => {
                batch = Batch::default();
                if !matches!(timeout(WRITE_TIME, sink.send(Message::Ping(Default::default()))).await, Ok(Ok(()))) {
                    batch.close = Some((close_code::TOO_SLOW, "too slow"));
                }
            }
        }
    }
}

async fn write_batch(
    state: &AppState,
    socket: &Socket,
    sink: &mut Sink,
    batch: &mut Batch,
) -> Result<(), axum::Error> {
    for frame in batch.frames.drain(..) {
        sink.feed(Message::Text(frame)).await?;
    }
    if std::mem::take(&mut batch.resync) {
        match state.service.heads(socket.viewer.user_id).await {
            Ok(conversations) => {
                let frame = ServerFrame::Resync { conversations };
                sink.feed(Message::Text(encode(&frame))).await?;
            }
            // The device finds out on its own by the heads of its next ping, or by reconnecting.
            Err(error) => {
                tracing::warn!(%error, "a resync could not be read; the device is asked to reconnect");
                batch.close.get_or_insert((close_code::RESTARTING, "try again later"));
            }
        }
    }
    sink.flush().await
}

async fn farewell(mut sink: Sink, mut stream: Stream, (code, reason): Closing) {
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    let _ = timeout(FAREWELL, sink.send(Message::Close(Some(frame)))).await;
    wait_for_close(&mut stream).await;
}

//! One connection: a reader that takes the device's frames in order, and a writer that alone owns
//! the sending half.
//!
//! The order of attaching is the heart of it: the socket is registered and its user's channel
//! subscribed *before* the store is asked where the conversations stand. What happens in between
//! waits in the queue and follows `welcome`; the other order would lose it.
//!
//! The order of ending is the other half: the reader ends first, after it has answered the frame in
//! hand; then the socket leaves the hub; then the writer says the rest.
//!
//! Most sockets are idle most of the time. What is only done now and then is boxed while it is done, so
//! that the task of an idle socket has no room for it.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures::stream::SplitStream;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::SetOnce;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Error as ProtocolError;
use tracing::Instrument as _;

use super::FRAME_BYTES;
use super::frames::Device;
use super::writer::{FAREWELL, Sink, say_goodbye, write};
use crate::chat::protocol::{ServerFrame, close_code};
use crate::server::AppState;
use crate::server::auth::Viewer;
use crate::server::fanout::encode;
use crate::server::hub::{Closing, Joined, Socket};
use crate::server::service::Service;

/// Nothing heard for this long: the device is gone.
const SILENCE: Duration = Duration::from_secs(45);
/// When the socket is to be closed, the frame in hand may take this long. What takes longer is
/// hardly stored, and when it is, the device finds out by sending it again.
const LAST_FRAME: Duration = Duration::from_secs(8);
/// How long the device's half of the closing handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(2);
/// Frames that are passed over meanwhile. Whoever sends on and on is hung up on: reading a flood costs
/// others more than the code of its end is worth.
const PASSED_OVER: usize = 512;
/// A subscription is waited for no longer; while the bus is away the store is polled instead.
const SUBSCRIBE: Duration = Duration::from_secs(2);

const PROTOCOL_ERROR: u16 = 1002;

/// Takes over a WebSocket: a task of its own serves it to its end, and holds `place` for as long.
pub fn take_over(state: &AppState, viewer: Viewer, websocket: WebSocket, place: impl Send + 'static) {
    let service = Arc::clone(&state.service);
    let joined = service.hub.join(viewer, |subscribed| service.fanout.forward(viewer.user_id, subscribed));
    if state.shutdown.is_cancelled() {
        joined.socket.close(close_code::RESTARTING, "restarting");
    }
    let (sink, stream) = websocket.split();
    state.tasks.spawn(serve(service, joined, sink, stream, place).in_current_span());
}

async fn serve(
    service: Arc<Service>,
    Joined { socket, subscribed, is_first }: Joined,
    mut sink: Sink,
    mut stream: Stream,
    _place: impl Send,
) {
    let viewer = socket.viewer;
    if is_first {
        Box::pin(service.joined(viewer.user_id)).await;
    }
    let attached = tokio::select! {
        biased;
        closing = socket.closing() => Err(closing),
        welcome = Box::pin(attach(&service, viewer, subscribed)) => {
            welcome.ok_or((close_code::RESTARTING, "try again later"))
        }
    };
    match attached {
        Ok(welcome) => exchange(&service, &socket, sink, stream, welcome).await,
        Err(closing) => {
            leave(&service, &socket, Some(closing));
            if say_goodbye(&mut sink, closing).await {
                wait_for_close(&mut stream).await;
            }
        }
    }
}

/// Waits for the user's channel, then asks the store.
async fn attach(service: &Service, viewer: Viewer, subscribed: Arc<SetOnce<()>>) -> Option<Utf8Bytes> {
    // Without an answer in time the bus is down, and then a resync follows when it is back.
    let _ = timeout(SUBSCRIBE, subscribed.wait()).await;
    let conversations = service.heads(viewer.user_id).await.ok()?;
    let server_time = service.clock.now();
    Some(encode(&ServerFrame::Welcome { user_id: viewer.user_id, server_time, conversations }))
}

type Stream = SplitStream<WebSocket>;

async fn exchange(
    service: &Arc<Service>,
    socket: &Arc<Socket>,
    sink: Sink,
    mut stream: Stream,
    welcome: Utf8Bytes,
) {
    let mut writer = tokio::spawn(write(Arc::clone(socket), sink, welcome).in_current_span());
    let ended = tokio::select! {
        closing = read(service, socket, &mut stream) => Ok(closing),
        told = &mut writer => Err(told.unwrap_or(false)),
        never = tell_losses(service, socket) => match never {},
    };
    let closing = match &ended {
        Ok(closing) => *closing,
        Err(_) => socket.closing().now_or_never(),
    };
    leave(service, socket, closing);
    let is_shaking_hands = match ended {
        Ok(Some((code, reason))) => {
            socket.close(code, reason);
            socket.finish();
            matches!(timeout(FAREWELL, &mut writer).await, Ok(Ok(true)))
        }
        Ok(None) => true,
        Err(told) => told,
    };
    writer.abort();
    if is_shaking_hands {
        wait_for_close(&mut stream).await;
    }
}

/// Whoever is told nothing more is not here any more, however long their connection lingers. Without
/// a `closing` it was the device that hung up, or the connection broke.
fn leave(service: &Arc<Service>, socket: &Socket, closing: Option<Closing>) {
    let code = closing.map_or_else(|| "none".to_owned(), |(code, _)| code.to_string());
    tracing::debug!(code, "the socket ended");
    metrics::counter!("mosaic_sockets_closed_total", "code" => code).increment(1);
    if service.hub.leave(socket) {
        service.left(socket.viewer.user_id);
    }
}

/// The device's half of the closing handshake: hanging up earlier could take our reason with it.
async fn wait_for_close(stream: &mut Stream) {
    let passed_over = stream.take(PASSED_OVER).take_while(|frame| ready(frame.is_ok()));
    let _ = timeout(HANDSHAKE, passed_over.for_each(|_| ready(()))).await;
}

/// Takes frames until the device closes (`None`) or must be closed.
async fn read(service: &Arc<Service>, socket: &Arc<Socket>, stream: &mut Stream) -> Option<Closing> {
    let mut device = Device::new(service, socket);
    loop {
        // Sends that came together are stored together; they wait for none that is not there yet.
        let next = if device.is_gathering() {
            stream.next().now_or_never()
        } else {
            tokio::select! {
                biased;
                closing = socket.closing() => return Some(closing),
                next = timeout(SILENCE, stream.next()) => match next {
                    Ok(next) => Some(next),
                    Err(_) => return Some((close_code::SILENT, "nothing heard")),
                }
            }
        };
        let step = match next {
            None => Step::Settle,
            Some(Some(Ok(Message::Text(text)))) if text.len() <= FRAME_BYTES => Step::Take(text),
            Some(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => Step::Count,
            Some(last) => Step::End(last.and_then(reason)),
        };
        let work = async {
            match &step {
                Step::Take(text) => device.take(text).await,
                Step::Count => device.count(),
                Step::Settle | Step::End(_) => device.settle().await,
            }
            if !device.is_within_budget() {
                device.settle().await;
            }
        };
        if let Some(closing) = Box::pin(unless_overdue(socket, work)).await {
            return Some(closing);
        }
        if let Step::End(closing) = step {
            return closing;
        }
        if !device.is_within_budget() {
            return Some((close_code::TOO_FAST, "too many frames"));
        }
    }
}

/// What is to be done next with a device.
enum Step {
    /// Take a frame.
    Take(Utf8Bytes),
    /// Note that there was one.
    Count,
    /// Store the sends that came.
    Settle,
    /// The same, and take nothing more.
    End(Option<Closing>),
}

/// Why nothing more is taken after this; `None` when the device closes.
fn reason(last: Result<Message, axum::Error>) -> Option<Closing> {
    match last {
        Ok(Message::Text(_)) => Some((close_code::TOO_BIG, "frame too big")),
        Ok(Message::Binary(_)) => Some((close_code::UNSUPPORTED, "text frames only")),
        Ok(_) => None,
        Err(error) => refusal(error),
    }
}

/// Does what the frame in hand asks for; `Some` when it is waited for no longer.
async fn unless_overdue(socket: &Socket, work: impl Future<Output = ()>) -> Option<Closing> {
    tokio::select! {
        () = work => None,
        closing = overdue(socket, LAST_FRAME) => Some(closing),
    }
}

/// Waits until the frame in hand is waited for no longer: for a while after the socket is to be
/// closed, not at all after the log-in ended.
async fn overdue(socket: &Socket, patience: Duration) -> Closing {
    let closing = socket.closing().await;
    tokio::select! {
        () = socket.silenced() => {}
        () = sleep(patience) => {}
    }
    closing
}

/// Tells the device to compare whenever something was lost. Beside reader and writer, so that a slow
/// store holds up neither.
async fn tell_losses(service: &Service, socket: &Socket) -> Infallible {
    loop {
        socket.lost().await;
        match Box::pin(service.heads(socket.viewer.user_id)).await {
            Ok(conversations) => socket.reply(encode(&ServerFrame::Resync { conversations })).await,
            // The device compares on its own when it comes back.
            Err(error) => {
                tracing::warn!(%error, "a resync could not be read; the device is asked to reconnect");
                socket.close(close_code::RESTARTING, "try again later");
            }
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

#[cfg(test)]
mod tests {
    use tokio::time::Instant;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{SessionId, UserId};
    use crate::server::hub::Hub;

    fn socket() -> Arc<Socket> {
        let viewer = Viewer { user_id: UserId(Uuid::nil()), session_id: SessionId(Uuid::nil()) };
        let forward = |_| tokio::spawn(std::future::pending::<()>()).abort_handle();
        Hub::new(true).join(viewer, forward).socket
    }

    #[tokio::test]
    async fn the_frame_in_hand_is_waited_for_after_the_close_but_not_for_ever() {
        let socket = socket();
        let patience = Duration::from_millis(200);
        let mut overdue = Box::pin(overdue(&socket, patience));
        assert!(timeout(2 * patience, &mut overdue).await.is_err(), "an open socket has all the time");
        socket.close(close_code::RESTARTING, "restarting");
        let started = Instant::now();
        let (code, _) = timeout(10 * patience, overdue).await.expect("a stuck frame held up the close");
        assert_eq!(code, close_code::RESTARTING);
        assert!(started.elapsed() >= patience);
    }

    #[tokio::test]
    async fn the_frame_in_hand_is_not_waited_for_when_the_log_in_ended() {
        let socket = socket();
        socket.end_session();
        let overdue = timeout(Duration::from_secs(5), overdue(&socket, Duration::from_secs(60)));
        assert_eq!(overdue.await.expect("it was waited for").0, close_code::SESSION_ENDED);
    }
}

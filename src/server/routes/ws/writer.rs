//! The writing half of a connection. It alone owns the sink, and it waits for nothing but the
//! device: whatever has to be read from the store is read elsewhere and queued.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures::SinkExt as _;
use futures::stream::SplitSink;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use crate::chat::protocol::close_code;
use crate::server::hub::{Closing, Socket};

/// The server pings this often.
const PING: Duration = Duration::from_secs(20);
/// A device that takes longer to read what was written is too slow.
const WRITE_TIME: Duration = Duration::from_secs(10);
/// Once nothing is read any more, what waits and the close frame are written within this time. It
/// is short because a log-in may end meanwhile, and two seconds later nothing may be handed out.
pub const FAREWELL: Duration = Duration::from_secs(1);

pub type Sink = SplitSink<WebSocket, Message>;

/// Writes what waits, all of it before one flush, until the socket is to be closed. Says whether
/// the device could be told why.
pub async fn write(socket: Arc<Socket>, mut sink: Sink, welcome: Utf8Bytes) -> bool {
    let mut pings = interval_at(Instant::now() + PING, PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut messages, mut close) = (vec![Message::Text(welcome)], None);
    loop {
        let written = tokio::select! {
            biased;
            () = socket.silenced() => Ok(Ok(())),
            written = Box::pin(timeout(WRITE_TIME, write_all(&mut sink, messages))) => written,
        };
        match written {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return false,
            Err(_) => {
                let closing = (close_code::TOO_SLOW, "too slow");
                socket.close(closing.0, closing.1);
                close = Some(closing);
            }
        }
        if let Some(closing) = close {
            return Box::pin(say_goodbye(&mut sink, closing)).await;
        }
        (messages, close) = tokio::select! {
            batch = socket.next() => (batch.frames.into_iter().map(Message::Text).collect(), batch.close),
            _ = pings.tick() => (vec![Message::Ping(Default::default())], None),
        };
    }
}

async fn write_all(sink: &mut Sink, messages: Vec<Message>) -> Result<(), axum::Error> {
    for message in messages {
        sink.feed(message).await?;
    }
    sink.flush().await
}

/// Tells the device why it is closed; `false` when it could not be told in time.
pub async fn say_goodbye(sink: &mut Sink, (code, reason): Closing) -> bool {
    let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    matches!(timeout(FAREWELL, sink.send(Message::Close(Some(frame)))).await, Ok(Ok(())))
}

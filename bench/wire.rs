//! A device on the wire: the frames that matter to a load, and the socket that carries them.

use std::borrow::Cow;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use uuid::Uuid;

/// What is waited for comes within this time, or is lost.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Of a socket's read buffer; the library's default of 128 KiB would slow the load and both its ends.
const BUFFER_BYTES: usize = 4 * 1024;

/// The settings of every socket of the load, and of the floor.
pub fn socket_config() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(BUFFER_BYTES).write_buffer_size(0)
}

/// What a load wants to know of a stored message.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct Stored {
    /// Whose send it was.
    pub client_id: Uuid,
    /// Its position in the conversation.
    pub seq: u64,
}

/// Where a conversation stands, from `welcome`.
#[derive(Debug, Deserialize)]
pub struct Head {
    /// The other member.
    pub peer_id: Uuid,
    /// The position of the newest message.
    pub last_seq: u64,
}

/// A frame of the server.
#[derive(Debug)]
pub enum Heard {
    /// First of all.
    Welcome(Vec<Head>),
    /// A send is stored.
    Ack(Stored),
    /// A message of the peer.
    Message(Stored),
    /// Everything that says nothing about messages.
    Other,
}

#[derive(Deserialize)]
struct Tagged<'f> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'f, str>,
}

#[derive(Deserialize)]
struct Carrying {
    message: Stored,
    #[serde(default)]
    duplicate: bool,
}

#[derive(Deserialize)]
struct Welcoming {
    conversations: Vec<Head>,
}

/// Reads a frame. Only what a load looks at is parsed, so that the load stays the smaller part.
///
/// # Errors
/// When it is no frame, and when it refuses a send or calls it a repeated one: none is.
pub fn understand(text: &str) -> Result<Heard> {
    let tagged: Tagged = serde_json::from_str(text).with_context(|| format!("not a frame: {text}"))?;
    match &*tagged.kind {
        "ack" => {
            let ack: Carrying = serde_json::from_str(text)?;
            if ack.duplicate {
                bail!("a first send was taken for a repeated one: {text}");
            }
            Ok(Heard::Ack(ack.message))
        }
        "message" => Ok(Heard::Message(serde_json::from_str::<Carrying>(text)?.message)),
        "welcome" => Ok(Heard::Welcome(serde_json::from_str::<Welcoming>(text)?.conversations)),
        "error" => bail!("the server refused: {text}"),
        _ => Ok(Heard::Other),
    }
}

/// The frame of a send.
pub fn send_frame(client_id: Uuid, receiver_id: Uuid, content: &str) -> String {
    json!({"type": "send", "client_id": client_id, "receiver_id": receiver_id, "content": content})
        .to_string()
}

/// A welcomed device.
pub struct Device {
    socket: WebSocketStream<TcpStream>,
    /// What `welcome` listed.
    pub heads: Vec<Head>,
}

impl Device {
    /// Opens a socket and waits for `welcome`. `address` is of the form `ws://127.0.0.1:port/…`.
    ///
    /// # Errors
    /// When the server does not take it.
    pub async fn open(address: &str) -> Result<Self> {
        let host = address.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let opening = async {
            let stream = TcpStream::connect(host).await?;
            stream.set_nodelay(true)?;
            let config = Some(socket_config());
            let (socket, _) = tokio_tungstenite::client_async_with_config(address, stream, config).await?;
            let mut device = Self { socket, heads: Vec::new() };
            match device.next().await? {
                Heard::Welcome(heads) => device.heads = heads,
                heard => bail!("{heard:?} came before welcome"),
            }
            Ok(device)
        };
        timeout(PATIENCE, opening).await.context("the socket does not open")?
    }

    /// The next frame.
    ///
    /// # Errors
    /// When the socket closes, and as [`understand`].
    pub async fn next(&mut self) -> Result<Heard> {
        loop {
            match self.socket.next().await.context("the socket ended")?? {
                Message::Text(text) => return understand(&text),
                Message::Close(reason) => bail!("the server closed the socket: {reason:?}"),
                _ => {}
            }
        }
    }

    /// The next frame if it is there already.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub fn next_now(&mut self) -> Result<Option<Heard>> {
        self.next().now_or_never().transpose()
    }

    /// Queues a frame; [`Self::flush`] sends it.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn feed(&mut self, frame: String) -> Result<()> {
        Ok(self.socket.feed(Message::text(frame)).await?)
    }

    /// Sends what is queued.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn flush(&mut self) -> Result<()> {
        Ok(self.socket.flush().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = r#"{"id":"0199b5b0-1234-7c33-8d5e-6f7a8b9c0d03","client_id":"8f14e45f-ceea-467f-a8d5-91c2a3b4d5e6",
        "content":"a \"quoted\" word","seq":8}"#;

    #[test]
    fn a_message_is_found_in_both_frames_that_carry_one() {
        let stored = Stored { client_id: "8f14e45f-ceea-467f-a8d5-91c2a3b4d5e6".parse().unwrap(), seq: 8 };
        let ack = understand(&format!(r#"{{"type":"ack","duplicate":false,"message":{MESSAGE}}}"#)).unwrap();
        assert!(matches!(ack, Heard::Ack(found) if found == stored));
        let message = understand(&format!(r#"{{"message":{MESSAGE},"type":"message"}}"#)).unwrap();
        assert!(matches!(message, Heard::Message(found) if found == stored));
        assert!(matches!(understand(r#"{"type":"presence"}"#), Ok(Heard::Other)));
    }

    #[test]
    fn a_refusal_and_a_repeated_send_are_errors() {
        assert!(understand(r#"{"type":"error","code":"invalid","message":"No."}"#).is_err());
        assert!(understand(&format!(r#"{{"type":"ack","duplicate":true,"message":{MESSAGE}}}"#)).is_err());
        assert!(understand("nothing").is_err());
    }
}

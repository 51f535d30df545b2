//! The calls of a client, and the bare socket under it.

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use mosaic::chat::protocol::{ClientFrame, HistoryPage, ServerFrame};
use mosaic::chat::{HistoryQuery, PAGE};
use mosaic::domain::{ClientId, UserId};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::tools::DEADLINE;

/// A call that takes longer has failed, as in the browser.
const TIME_OUT: Duration = Duration::from_secs(10);

/// Somebody of the crowd, with a log-in.
#[derive(Clone, Debug, Deserialize)]
pub struct Person {
    #[serde(rename = "user_id")]
    pub id: UserId,
    pub token: String,
}

/// One way to a server. Sockets may take another one than calls: through a proxy, say.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    pub http: SocketAddr,
    pub socket: SocketAddr,
}

/// Why a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The log-in is gone.
    Unauthenticated,
    /// Anything else; trying again later may help.
    Otherwise,
}

pub type WebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What a person says over HTTP.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    pub person: Person,
}

impl Caller {
    pub fn new(person: Person) -> Self {
        let http = reqwest::Client::builder().timeout(TIME_OUT).build().expect("a client");
        Self { http, person }
    }

    pub async fn ticket(&self, door: Door) -> Result<String, Refused> {
        #[derive(Deserialize)]
        struct Ticket {
            ticket: String,
        }
        let request = self.http.post(format!("http://{}/messages/ws-ticket", door.http));
        let answer: Ticket = self.call(request).await?.json().await.map_err(|_| Refused::Otherwise)?;
        Ok(answer.ticket)
    }

    pub async fn history(
        &self,
        door: Door,
        peer: UserId,
        query: HistoryQuery,
    ) -> Result<HistoryPage, Refused> {
        let position = match query {
            HistoryQuery::Newest => String::new(),
            HistoryQuery::Before(seq) => format!("&before={seq}"),
            HistoryQuery::After(seq) => format!("&after={seq}"),
        };
        let address = format!("http://{}/messages/history/{peer}?limit={PAGE}{position}", door.http);
        self.call(self.http.get(address)).await?.json().await.map_err(|_| Refused::Otherwise)
    }

    pub async fn log_out(&self, door: Door) -> Result<(), Refused> {
        self.call(self.http.post(format!("http://{}/auth/logout", door.http))).await.map(drop)
    }

    async fn call(&self, request: RequestBuilder) -> Result<Response, Refused> {
        let answer = request.bearer_auth(&self.person.token).send().await.map_err(|_| Refused::Otherwise)?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            StatusCode::UNAUTHORIZED => Err(Refused::Unauthenticated),
            _ => Err(Refused::Otherwise),
        }
    }

    /// Opens a socket with a fresh ticket.
    pub async fn open(&self, door: Door) -> Result<WebSocket, Refused> {
        let ticket = self.ticket(door).await?;
        let address = format!("ws://{}/messages/ws/{}?token={ticket}", door.socket, self.person.id);
        let opened = timeout(TIME_OUT, tokio_tungstenite::connect_async(address)).await;
        opened.map_err(|_| Refused::Otherwise)?.map(|(socket, _)| socket).map_err(|_| Refused::Otherwise)
    }

    /// A bare socket, welcomed: for what a session hides.
    pub async fn device(&self, door: Door) -> Device {
        let socket = self.open(door).await.expect("the server is well");
        let mut device = Device(socket);
        assert!(matches!(device.next().await, Heard::Frame(ServerFrame::Welcome { .. })));
        device
    }
}

/// A socket without a session behind it.
pub struct Device(WebSocket);

/// What a bare socket brings.
#[derive(Debug)]
pub enum Heard {
    Frame(ServerFrame),
    Closed(Option<u16>),
}

impl Device {
    pub async fn say(&mut self, frame: &ClientFrame) {
        self.0.send(encoded(frame)).await.expect("the socket stands");
    }

    pub async fn next(&mut self) -> Heard {
        timeout(DEADLINE, self.heard()).await.expect("waited in vain for a frame")
    }

    async fn heard(&mut self) -> Heard {
        loop {
            if let Some(heard) = understood(self.0.next().await) {
                return heard;
            }
        }
    }

    /// Reads until this send is acknowledged.
    pub async fn acknowledged(&mut self, send: ClientId) {
        loop {
            match self.next().await {
                Heard::Frame(ServerFrame::Ack { client_id, .. }) if client_id == send => return,
                Heard::Frame(ServerFrame::Error { code, .. }) => panic!("a send was refused: {code}"),
                Heard::Frame(_) => {}
                Heard::Closed(code) => panic!("the socket was closed with {code:?}"),
            }
        }
    }

    /// Reads until the socket closes; returns with which code.
    pub async fn closed(&mut self) -> Option<u16> {
        self.closed_within(DEADLINE).await
    }

    /// The same, with a time limit that is part of what is promised.
    pub async fn closed_within(&mut self, limit: Duration) -> Option<u16> {
        let closed = timeout(limit, async {
            loop {
                if let Heard::Closed(code) = self.heard().await {
                    return code;
                }
            }
        });
        closed.await.expect("the socket is kept open")
    }
}

/// What a message of the socket means; `None` for what is the protocol's own business.
pub fn understood(message: Option<Result<Message, tungstenite::Error>>) -> Option<Heard> {
    match message {
        Some(Ok(Message::Text(text))) => serde_json::from_str(&text).ok().map(Heard::Frame),
        Some(Ok(Message::Close(frame))) => {
            Some(Heard::Closed(frame.map(|CloseFrame { code, .. }| code.into())))
        }
        Some(Ok(_)) => None,
        Some(Err(_)) | None => Some(Heard::Closed(None)),
    }
}

pub fn encoded(frame: &ClientFrame) -> Message {
    Message::text(serde_json::to_string(frame).expect("a frame serialises"))
}

//! What a device says, turned into use cases. Frames of one socket are processed one after the
//! other, so a sender's messages keep their order.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde_json::Value;
use tokio::time::Instant;

use super::sends::{Sends, Wanted};
use crate::chat::protocol::{ConversationHead, ServerFrame};
use crate::domain::{ClientId, Seq, UserId};
use crate::server::changes::Changes;
use crate::server::error::ServiceError;
use crate::server::fanout::encode;
use crate::server::hub::Socket;
use crate::server::input::Fields;
use crate::server::service::Service;

/// Frames a device may send at once; 20 a second in the long run.
const BURST: u32 = 60;
const PER_SECOND: u32 = 20;
/// What a person does over a socket is noted as a use of their log-in this often. That their device is
/// connected is none.
const USE: TimeDelta = TimeDelta::hours(1);
/// Pings that look for changes at once; one a second in the long run. An honest device pings less
/// often by far, and each look asks the store.
const LOOKS: u32 = 5;
/// Typing is passed on once in this while.
const TYPING: Duration = Duration::from_secs(3);
/// Peers remembered for their typing; a device talks to few at a time.
const REMEMBERED: usize = 64;

/// The server's end of one device.
pub struct Device<'s> {
    service: &'s Arc<Service>,
    socket: &'s Arc<Socket>,
    budget: Option<DefaultDirectRateLimiter>,
    looks: Option<DefaultDirectRateLimiter>,
    within_budget: bool,
    typed: HashMap<UserId, Instant>,
    sends: Sends,
    /// When the log-in's use was last noted.
    used: DateTime<Utc>,
    /// What changed since the last ping.
    changes: Changes,
}

impl<'s> Device<'s> {
    /// Nothing was said yet.
    pub fn new(service: &'s Arc<Service>, socket: &'s Arc<Socket>) -> Self {
        let limit = |rate, burst| service.limits.are_on().then(|| limiter(rate, burst));
        Self {
            service,
            socket,
            budget: limit(PER_SECOND, BURST),
            looks: limit(1, LOOKS),
            within_budget: true,
            typed: HashMap::new(),
            sends: Sends::default(),
            // The ticket was a use.
            used: service.clock.now(),
            // A little after the welcome was read; questions reach back further than that.
            changes: Changes::since(service.watermark.borrow().unwrap_or(DateTime::UNIX_EPOCH)),
        }
    }

    /// Whether the device keeps to its rate.
    pub fn is_within_budget(&self) -> bool {
        self.within_budget
    }

    /// Counts a frame against the device's rate, whatever kind it is.
    pub fn count(&mut self) {
        let is_within = self.budget.as_ref().is_none_or(|budget| budget.check().is_ok());
        if self.within_budget && !is_within {
            metrics::counter!("mosaic_rate_limited_total", "limit" => "frames").increment(1);
        }
        self.within_budget &= is_within;
    }

    /// Takes one text frame and answers it, a send when it is [settled](Self::settle). Whatever it is, the
    /// socket lives on.
    pub async fn take(&mut self, text: &str) {
        self.count();
        if !self.within_budget {
            return;
        }
        let fields = match serde_json::from_str::<Value>(text).map(Fields::of) {
            Ok(Ok(fields)) => fields,
            Ok(Err(error)) => {
                self.settle().await;
                return self.refuse(&error, None).await;
            }
            Err(_) => {
                self.settle().await;
                let frame = error_frame("bad_json", "The frame is not JSON.".into(), false, None);
                return self.reply(&frame).await;
            }
        };
        let kind = fields.get("type").and_then(Value::as_str);
        if matches!(kind, Some("send" | "read" | "typing")) {
            self.note_use().await;
        }
        match kind {
            Some("send") => return self.send(&fields).await,
            _ => self.settle().await,
        }
        match kind {
            Some("received") => self.mark(&fields, MarkKind::Received).await,
            Some("read") => self.mark(&fields, MarkKind::Read).await,
            Some("typing") => self.typing(&fields).await,
            Some("ping") => self.ping(&fields).await,
            _ => {
                let message = "This type of frame is not known here.".into();
                self.reply(&error_frame("unknown_type", message, false, None)).await;
            }
        }
    }

    async fn note_use(&mut self) {
        let now = self.service.clock.now();
        if now - self.used >= USE {
            match self.service.note_use(self.socket.viewer).await {
                Ok(()) => self.used = now,
                Err(error) => tracing::debug!(%error, "the use of a log-in could not be noted"),
            }
        }
    }

    /// Lets a send wait for those that came with it.
    async fn send(&mut self, fields: &Fields) {
        match wanted(fields) {
            Ok(wanted) => {
                if !self.sends.takes(&wanted) {
                    self.settle().await;
                }
                self.sends.push(wanted);
            }
            Err((error, client_id)) => {
                self.settle().await;
                self.refuse(&error, client_id).await;
            }
        }
    }

    /// Whether sends wait for others that may have come with them.
    pub fn is_gathering(&self) -> bool {
        self.sends.is_waiting()
    }

    /// Stores the sends that wait, and answers them.
    pub async fn settle(&mut self) {
        self.sends.settle(self.service, self.socket).await;
    }

    async fn mark(&mut self, fields: &Fields, kind: MarkKind) {
        let result = async {
            let (peer, seq) = (fields.user("peer_id")?, fields.seq("seq")?);
            match kind {
                MarkKind::Received => self.service.mark_received(self.socket.viewer, peer, seq).await,
                MarkKind::Read => self.service.mark_read(self.socket.viewer, peer, seq).await,
            }
        };
        if let Err(error) = result.await {
            self.refuse(&error, None).await;
        }
    }

    async fn typing(&mut self, fields: &Fields) {
        let peer = match fields.user("peer_id") {
            Ok(peer) => peer,
            Err(error) => return self.refuse(&error, None).await,
        };
        let now = Instant::now();
        if self.typed.get(&peer).is_none_or(|last| now.duration_since(*last) >= TYPING) {
            if self.typed.len() >= REMEMBERED {
                self.typed.clear();
            }
            self.typed.insert(peer, now);
            self.service.note_typing(self.socket.viewer, peer).await;
        }
    }

    /// Answers with where the conversations stand, and takes what the device says it holds.
    async fn ping(&mut self, fields: &Fields) {
        let held = match heads(fields) {
            Ok(held) => held,
            Err(error) => return self.refuse(&error, None).await,
        };
        let service = self.service;
        let peers: Vec<UserId> = held.keys().copied().collect();
        let heads = match service.last_seqs(self.socket.viewer, &peers).await {
            Ok(heads) => heads,
            Err(error) => return self.refuse(&error, None).await,
        };
        for (peer, seq) in held {
            let is_real = seq > Seq::ZERO && heads.get(&peer).is_some_and(|last| seq <= *last);
            if is_real && let Err(error) = service.mark_received(self.socket.viewer, peer, seq).await {
                tracing::debug!(%error, "a position named in a ping could not be noted");
            }
        }
        match self.changes().await {
            Ok(conversations) => {
                let server_time = service.clock.now();
                self.reply(&ServerFrame::Pong { server_time, heads, conversations }).await;
            }
            Err(error) => self.refuse(&error, None).await,
        }
    }

    /// Where conversations stand that changed since the last ping: what the bus lost without anybody
    /// noticing, marks and first messages included.
    async fn changes(&mut self) -> Result<Vec<ConversationHead>, ServiceError> {
        let service = self.service;
        // What is not looked for now, a later look finds.
        if self.looks.as_ref().is_some_and(|looks| looks.check().is_err()) {
            return Ok(Vec::new());
        }
        let Some(watermark) = *service.watermark.borrow() else { return Ok(Vec::new()) };
        let user = self.socket.viewer.user_id;
        let mut news = self.changes.next(&*service.store, &[user], watermark, service.clock.now()).await?;
        Ok(news.remove(&user).unwrap_or_default())
    }

    async fn refuse(&self, error: &ServiceError, client_id: Option<ClientId>) {
        refuse(self.socket, error, client_id).await;
    }

    async fn reply(&self, frame: &ServerFrame) {
        self.socket.reply(encode(frame)).await;
    }
}

/// So many a second, and so many at once.
fn limiter(per_second: u32, burst: u32) -> DefaultDirectRateLimiter {
    let positive = |count| NonZeroU32::new(count).expect("every limit above is positive");
    RateLimiter::direct(Quota::per_second(positive(per_second)).allow_burst(positive(burst)))
}

#[derive(Clone, Copy)]
enum MarkKind {
    Received,
    Read,
}

/// Tells the device why not; `client_id` names the send.
pub async fn refuse(socket: &Socket, error: &ServiceError, client_id: Option<ClientId>) {
    if let ServiceError::Unavailable(cause) = error {
        tracing::error!(error = ?cause, "the store could not answer");
        metrics::counter!("mosaic_store_errors_total").increment(1);
    }
    let frame = error_frame(error.code(), error.to_string(), error.is_retryable(), client_id);
    socket.reply(encode(&frame)).await;
}

/// An `error` frame.
pub fn error_frame(code: &str, message: String, retryable: bool, client_id: Option<ClientId>) -> ServerFrame {
    ServerFrame::Error { code: code.to_owned(), message, retryable, client_id }
}

/// What a `send` frame wants; or what is wrong with it, and with which send.
fn wanted(fields: &Fields) -> Result<Wanted, (ServiceError, Option<ClientId>)> {
    let client_id = fields.client_id().map_err(|error| (error, None))?;
    let missing = || (ServiceError::invalid("client_id", "client_id is missing."), None);
    let client_id = client_id.ok_or_else(missing)?;
    let of_this = |error| (error, Some(client_id));
    let receiver = fields.user("receiver_id").map_err(of_this)?;
    let content = fields.text("content").map_err(of_this)?.to_owned();
    Ok(Wanted { client_id, receiver, content })
}

fn heads(fields: &Fields) -> Result<BTreeMap<UserId, Seq>, ServiceError> {
    let wrong = || ServiceError::invalid("heads", "An object of positions by peer is expected.");
    let Some(Value::Object(heads)) = fields.get("heads") else {
        return if fields.get("heads").is_none_or(Value::is_null) {
            Ok(BTreeMap::new())
        } else {
            Err(wrong())
        };
    };
    heads
        .iter()
        .map(|(peer, seq)| Some((peer.parse().ok()?, Seq(seq.as_u64()?))))
        .collect::<Option<_>>()
        .ok_or_else(wrong)
}

//! Telling people things: at once to their sockets on this instance, through the bus to the others.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::bus::{BusEvent, SharedBus};
use super::clock::Clock;
use super::hub::{Hub, SocketId};
use super::store::InstanceId;
use crate::chat::protocol::ServerFrame;
use crate::domain::{ClientId, Message, UserId};

/// The two ways to a device, used together. On the bus a frame carries more fields: `origin`, so
/// that the instance that sent it, which delivered already, can pass over it, and with a message
/// `sent_at`, so that it can be said how long the way was.
#[derive(Clone)]
pub struct Fanout {
    hub: Arc<Hub>,
    bus: SharedBus,
    clock: Clock,
    /// How everything that this instance publishes begins.
    own: Arc<str>,
}

/// What a frame carries on the bus beside itself.
#[derive(Deserialize)]
struct Envelope {
    /// When the message was taken in, in microseconds since 1970.
    sent_at: Option<i64>,
}

impl Fanout {
    /// Joins the two.
    #[must_use]
    pub fn new(hub: Arc<Hub>, bus: SharedBus, clock: Clock, instance: InstanceId) -> Self {
        let own = format!("{{\"origin\":\"{instance}\",").into();
        Self { hub, bus, clock, own }
    }

    /// Tells every device of a user but `except`. Never waits for a network and never fails: what a
    /// bus loses, the store and the next comparison bring back.
    pub async fn tell(&self, user: UserId, frame: &ServerFrame, except: Option<SocketId>) {
        let text = encode(frame);
        self.hub.deliver(user, std::slice::from_ref(&text), except);
        self.publish(user, "", &text).await;
    }

    /// Tells every device of a user but `except` of messages that were taken in at `sent_at`.
    pub async fn tell_messages(
        &self,
        user: UserId,
        messages: &[&Encoded],
        sent_at: DateTime<Utc>,
        except: Option<SocketId>,
    ) {
        let frames: Vec<_> = messages.iter().map(|message| message.frame()).collect();
        if self.hub.deliver(user, &frames, except) > 0 {
            self.arrived("here", sent_at, frames.len());
        }
        let envelope = format!("\"sent_at\":{},", sent_at.timestamp_micros());
        for frame in &frames {
            self.publish(user, &envelope, frame).await;
        }
    }

    async fn publish(&self, user: UserId, envelope: &str, frame: &Utf8Bytes) {
        let payload = format!("{}{envelope}{}", self.own, &frame.as_str()[1..]);
        if let Err(error) = self.bus.publish_message(user, Bytes::from(payload)).await {
            tracing::warn!(%error, "a publication was given up");
        }
    }

    /// Messages wait for a device of this instance to read them. Instances whose clocks differ are
    /// wrong by as much.
    fn arrived(&self, way: &'static str, sent_at: DateTime<Utc>, messages: usize) {
        let time = (self.clock.now() - sent_at).to_std().unwrap_or_default();
        metrics::histogram!("mosaic_delivery_seconds", "way" => way).record_many(time, messages);
    }

    /// Starts bringing a user's channel to their sockets here; `subscribed` turns true when it is live.
    pub fn forward(&self, user: UserId, subscribed: watch::Sender<bool>) -> AbortHandle {
        let fanout = self.clone();
        let task = tokio::spawn(async move {
            let mut events = fanout.bus.subscribe_user(user).await;
            subscribed.send_replace(true);
            while let Some(event) = events.next().await {
                match event {
                    BusEvent::Payload(payload) => fanout.pass_on(user, &payload),
                    BusEvent::Lost => fanout.hub.resync(user),
                }
            }
        });
        task.abort_handle()
    }

    /// What comes from the bus is not trusted: it must be a frame this server could have made, and a
    /// message must be the user's own.
    fn pass_on(&self, user: UserId, payload: &[u8]) {
        // What this instance published comes back to it, and was delivered long ago.
        if payload.starts_with(self.own.as_bytes()) {
            return;
        }
        let envelope = serde_json::from_slice::<Envelope>(payload).ok();
        let frame = serde_json::from_slice::<ServerFrame>(payload).ok().filter(|frame| concerns(frame, user));
        let Some(frame) = frame else {
            metrics::counter!("mosaic_bus_garbage_total").increment(1);
            return;
        };
        let devices = self.hub.deliver(user, &[encode(&frame)], None);
        let sent_at = envelope.and_then(|envelope| DateTime::from_timestamp_micros(envelope.sent_at?));
        if let (Some(sent_at), true) = (sent_at, devices > 0) {
            self.arrived("bus", sent_at, 1);
        }
    }
}

/// The JSON of a stored message, made once for all the frames that carry it.
#[derive(Clone, Debug)]
pub struct Encoded(String);

impl Encoded {
    /// Encodes a message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        Self(serde_json::to_string(message).expect("a message holds nothing JSON cannot say"))
    }

    /// [`ServerFrame::Message`].
    #[must_use]
    pub fn frame(&self) -> Utf8Bytes {
        format!(r#"{{"type":"message","message":{}}}"#, self.0).into()
    }

    /// [`ServerFrame::Ack`].
    #[must_use]
    pub fn ack(&self, client_id: ClientId, duplicate: bool) -> Utf8Bytes {
        let message = &self.0;
        format!(r#"{{"type":"ack","client_id":"{client_id}","duplicate":{duplicate},"message":{message}}}"#)
            .into()
    }
}

/// A frame as it goes over a socket.
#[must_use]
pub fn encode(frame: &ServerFrame) -> Utf8Bytes {
    serde_json::to_string(frame).expect("a frame holds nothing JSON cannot say").into()
}

fn concerns(frame: &ServerFrame, user: UserId) -> bool {
    match frame {
        ServerFrame::Message { message } => [message.sender_id, message.receiver_id].contains(&user),
        ServerFrame::Delivered { .. }
        | ServerFrame::Read { .. }
        | ServerFrame::Typing { .. }
        | ServerFrame::Contact { .. }
        | ServerFrame::Gone { .. }
        | ServerFrame::Presence { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{MessageId, Seq};

    #[test]
    fn what_is_put_together_by_hand_is_what_serde_would_make() {
        let client_id = ClientId(Uuid::from_u128(2));
        let message = Message {
            id: MessageId(Uuid::from_u128(1)),
            client_id,
            sender_id: UserId(Uuid::from_u128(3)),
            receiver_id: UserId(Uuid::from_u128(4)),
            content: "\"quoted\"\n\u{1f600}".to_owned(),
            seq: Seq(7),
            created_at: DateTime::UNIX_EPOCH,
            read_at: None,
        };
        let encoded = Encoded::of(&message);
        assert_eq!(encoded.frame(), encode(&ServerFrame::Message { message: message.clone() }));
        for duplicate in [true, false] {
            let ack = ServerFrame::Ack { client_id, duplicate, message: message.clone() };
            assert_eq!(encoded.ack(client_id, duplicate), encode(&ack));
        }
    }
}

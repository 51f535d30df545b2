//! Telling people things: at once to their sockets on this instance, through the bus to the others.

use std::sync::Arc;
use std::{iter, mem};

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use serde::Deserialize;
use tokio::sync::SetOnce;
use tokio::task::AbortHandle;

use super::bus::{BusEvent, SharedBus};
use super::clock::Clock;
use super::hub::{Hub, SocketId};
use super::store::InstanceId;
use crate::chat::protocol::ServerFrame;
use crate::domain::{ClientId, Message, UserId};

/// The two ways to a device, used together. On the bus a frame carries more fields: `origin`, so
/// that the instance that sent it, which delivered already, need not hear it; and with a message
/// `sent_at`, so that it can be said how long the way was, and `more`, the messages that were
/// stored together with it.
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
    /// The messages behind it.
    #[serde(default)]
    more: Vec<Message>,
}

impl Fanout {
    /// Joins the two.
    #[must_use]
    pub fn new(hub: Arc<Hub>, bus: SharedBus, clock: Clock, instance: InstanceId) -> Self {
        let own: Arc<str> = format!("{{\"origin\":\"{instance}\",").into();
        // What this instance publishes, it has delivered already.
        bus.leave_out(&own);
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
        let Some((first, more)) = messages.split_first() else { return };
        let frames: Vec<_> = messages.iter().map(|message| message.frame()).collect();
        if self.hub.deliver(user, &frames, except) > 0 {
            self.arrived("here", sent_at, frames.len());
        }
        let more: Vec<_> = more.iter().map(|message| message.row()).collect();
        let envelope = format!("\"sent_at\":{},\"more\":[{}],", sent_at.timestamp_micros(), more.join(","));
        self.publish(user, &envelope, &first.frame()).await;
    }

    async fn publish(&self, user: UserId, envelope: &str, frame: &Utf8Bytes) {
        let payload = [&self.own, envelope, &frame.as_str()[1..]].concat();
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

    /// Starts bringing a user's channel to their sockets here; `subscribed` is set when it is live.
    pub fn forward(&self, user: UserId, subscribed: Arc<SetOnce<()>>) -> AbortHandle {
        let fanout = self.clone();
        let task = tokio::spawn(async move {
            let mut events = fanout.bus.subscribe_user(user).await;
            // Nobody else sets it.
            let _ = subscribed.set(());
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
        let Some((envelope, frames)) = trusted(payload, user) else {
            metrics::counter!("mosaic_bus_garbage_total").increment(1);
            return;
        };
        let devices = self.hub.deliver(user, &frames, None);
        let sent_at = envelope.sent_at.and_then(DateTime::from_timestamp_micros);
        if let (Some(sent_at), true) = (sent_at, devices > 0) {
            self.arrived("bus", sent_at, frames.len());
        }
    }
}

/// The frames of a publication to a user, if this server could have made it.
fn trusted(payload: &[u8], user: UserId) -> Option<(Envelope, Vec<Utf8Bytes>)> {
    let mut envelope = serde_json::from_slice::<Envelope>(payload).ok()?;
    let first = serde_json::from_slice::<ServerFrame>(payload).ok()?;
    let more = mem::take(&mut envelope.more).into_iter().map(|message| ServerFrame::Message { message });
    let frames: Vec<_> = iter::once(first).chain(more).collect();
    frames.iter().all(|frame| concerns(frame, user)).then(|| (envelope, frames.iter().map(encode).collect()))
}

/// A stored message as devices are told of it: encoded once for all the frames that carry it.
#[derive(Clone, Debug)]
pub struct Encoded(Utf8Bytes);

/// Room for what a frame has beside the text of its message, so that it need not be moved as it grows: four ids, two
/// times, a position and their names.
const BESIDE_TEXT: usize = 512;

/// What stands around the row in [`ServerFrame::Message`].
const AROUND_ROW: (&str, &str) = (r#"{"type":"message","message":"#, "}");

impl Encoded {
    /// Encodes a message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        let mut text = Vec::with_capacity(BESIDE_TEXT + message.content.len());
        text.extend_from_slice(AROUND_ROW.0.as_bytes());
        serde_json::to_writer(&mut text, message).expect("a message holds nothing JSON cannot say");
        text.extend_from_slice(AROUND_ROW.1.as_bytes());
        Self(Utf8Bytes::try_from(text).expect("JSON is UTF-8"))
    }

    /// [`ServerFrame::Message`].
    #[must_use]
    pub fn frame(&self) -> Utf8Bytes {
        self.0.clone()
    }

    /// [`ServerFrame::Ack`].
    #[must_use]
    pub fn ack(&self, client_id: ClientId, duplicate: bool) -> Utf8Bytes {
        let row = self.row();
        format!(r#"{{"type":"ack","client_id":"{client_id}","duplicate":{duplicate},"message":{row}}}"#)
            .into()
    }

    fn row(&self) -> &str {
        &self.0[AROUND_ROW.0.len()..self.0.len() - AROUND_ROW.1.len()]
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

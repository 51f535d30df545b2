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
use crate::domain::{Message, UserId};

/// The two ways to a device, used together. On the bus a frame carries more fields: `origin`, so
/// that the instance that sent it, which delivered already, can pass over it, and with a message
/// `sent_at`, so that it can be said how long the way was.
#[derive(Clone)]
pub struct Fanout {
    hub: Arc<Hub>,
    bus: SharedBus,
    clock: Clock,
    instance: InstanceId,
}

/// What a frame carries on the bus beside itself.
#[derive(Deserialize)]
struct Envelope {
    origin: InstanceId,
    /// When the message was taken in, in microseconds since 1970.
    sent_at: Option<i64>,
}

impl Fanout {
    /// Joins the two.
    #[must_use]
    pub fn new(hub: Arc<Hub>, bus: SharedBus, clock: Clock, instance: InstanceId) -> Self {
        Self { hub, bus, clock, instance }
    }

    /// Tells every device of a user but `except`. Never waits for a network and never fails: what a
    /// bus loses, the store and the next comparison bring back.
    pub async fn tell(&self, user: UserId, frame: &ServerFrame, except: Option<SocketId>) {
        let text = encode(frame);
        self.hub.deliver(user, &text, except);
        self.publish(user, &format!("\"origin\":\"{}\"", self.instance), &text).await;
    }

    /// Tells every device of a user but `except` of a message that was taken in at `sent_at`.
    pub async fn tell_message(
        &self,
        user: UserId,
        message: &Message,
        sent_at: DateTime<Utc>,
        except: Option<SocketId>,
    ) {
        let text = encode(&ServerFrame::Message { message: message.clone() });
        if self.hub.deliver(user, &text, except) > 0 {
            self.arrived("here", sent_at);
        }
        let sent_at = sent_at.timestamp_micros();
        let envelope = format!("\"origin\":\"{}\",\"sent_at\":{sent_at}", self.instance);
        self.publish(user, &envelope, &text).await;
    }

    async fn publish(&self, user: UserId, envelope: &str, frame: &Utf8Bytes) {
        let payload = format!("{{{envelope},{}", &frame.as_str()[1..]);
        if let Err(error) = self.bus.publish_message(user, Bytes::from(payload)).await {
            tracing::warn!(%error, "a publication was given up");
        }
    }

    /// A message waits for a device of this instance to read it. Instances whose clocks differ are
    /// wrong by as much.
    fn arrived(&self, way: &'static str, sent_at: DateTime<Utc>) {
        let time = (self.clock.now() - sent_at).to_std().unwrap_or_default();
        metrics::histogram!("mosaic_delivery_seconds", "way" => way).record(time);
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
        let envelope = serde_json::from_slice::<Envelope>(payload).ok();
        if envelope.as_ref().is_some_and(|envelope| envelope.origin == self.instance) {
            return;
        }
        let frame = serde_json::from_slice::<ServerFrame>(payload).ok().filter(|frame| concerns(frame, user));
        let Some(frame) = frame else {
            metrics::counter!("mosaic_bus_garbage_total").increment(1);
            return;
        };
        let devices = self.hub.deliver(user, &encode(&frame), None);
        let sent_at = envelope.and_then(|envelope| DateTime::from_timestamp_micros(envelope.sent_at?));
        if let (Some(sent_at), true) = (sent_at, devices > 0) {
            self.arrived("bus", sent_at);
        }
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

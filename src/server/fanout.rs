//! Telling people things: at once to their sockets on this instance, through the bus to the others.

use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use futures::StreamExt as _;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::bus::{BusEvent, SharedBus};
use super::hub::{Hub, SocketId};
use super::store::InstanceId;
use crate::chat::protocol::ServerFrame;
use crate::domain::UserId;

/// The two ways to a device, used together. On the bus a frame carries one more field, `origin`, so
/// that the instance that sent it, which delivered already, can pass over it.
#[derive(Clone)]
pub struct Fanout {
    hub: Arc<Hub>,
    bus: SharedBus,
    instance: InstanceId,
}

#[derive(Deserialize)]
struct Origin {
    origin: InstanceId,
}

impl Fanout {
    /// Joins the two.
    #[must_use]
    pub fn new(hub: Arc<Hub>, bus: SharedBus, instance: InstanceId) -> Self {
        Self { hub, bus, instance }
    }

    /// Tells every device of a user but `except`. Never waits for a network and never fails: what a
    /// bus loses, the store and the next comparison bring back.
    pub async fn tell(&self, user: UserId, frame: &ServerFrame, except: Option<SocketId>) {
        let text = encode(frame);
        self.hub.deliver(user, &text, except);
        let payload = format!("{{\"origin\":\"{}\",{}", self.instance, &text.as_str()[1..]);
        if let Err(error) = self.bus.publish_message(user, Bytes::from(payload)).await {
            metrics::counter!("mosaic_fanout_dropped_total").increment(1);
            tracing::warn!(%error, "a publication was given up");
        }
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
        match serde_json::from_slice::<Origin>(payload) {
            Ok(Origin { origin }) if origin == self.instance => return,
            _ => {}
        }
        let frame = serde_json::from_slice::<ServerFrame>(payload).ok().filter(|frame| concerns(frame, user));
        let Some(frame) = frame else {
            metrics::counter!("mosaic_bus_garbage_total").increment(1);
            return;
        };
        self.hub.deliver(user, &encode(&frame), None);
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
        | ServerFrame::Presence { .. } => true,
        _ => false,
    }
}

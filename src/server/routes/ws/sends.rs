//! The sends of one device. Those that came together are stored together, in one transaction and in
//! their order: a device that writes much, or empties its outbox, waits for one commit instead of many.

use std::mem;
use std::sync::Arc;

use super::frames::{error_frame, refuse};
use crate::chat::protocol::close_code;
use crate::domain::{ClientId, UserId};
use crate::server::error::ServiceError;
use crate::server::fanout::encode;
use crate::server::hub::{HeldUp, SendOrder, Socket};
use crate::server::service::{Draft, Service};

/// Sends that are stored together at most …
const GROUP: usize = 32;
/// … and about so many bytes of text: what one device may take up is bounded.
const GROUP_BYTES: usize = 64 * 1024;

/// A send that is well formed.
pub struct Wanted {
    pub client_id: ClientId,
    pub receiver: UserId,
    pub content: String,
}

/// See the module's documentation.
#[derive(Default)]
pub struct Sends {
    /// What came together: all to one receiver, none twice.
    waiting: Vec<Wanted>,
    order: SendOrder,
}

impl Sends {
    /// Whether something waits to be stored.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether this send can be stored together with those that wait.
    pub fn takes(&self, next: &Wanted) -> bool {
        let bytes: usize = self.waiting.iter().map(|wanted| wanted.content.len()).sum();
        let joins = |wanted: &Wanted| wanted.receiver == next.receiver && wanted.client_id != next.client_id;
        self.waiting.len() < GROUP && bytes < GROUP_BYTES && self.waiting.iter().all(joins)
    }

    /// Lets a send wait.
    pub fn push(&mut self, wanted: Wanted) {
        self.waiting.push(wanted);
    }

    /// Stores what waits, and answers each in its order.
    pub async fn settle(&mut self, service: &Arc<Service>, socket: &Socket) {
        let waiting = mem::take(&mut self.waiting);
        let Some(receiver) = waiting.first().map(|wanted| wanted.receiver) else { return };
        let mut group = Vec::with_capacity(waiting.len());
        for Wanted { client_id, content, .. } in waiting {
            // Behind one that may be stored there is nothing in the way: they are stored together or not at all.
            let is_held_up = group.is_empty() && self.order.obstacle(receiver, client_id).is_some();
            if is_held_up {
                self.refuse_held_up(socket, receiver, client_id).await;
                continue;
            }
            match service.draft(socket.viewer, content, client_id) {
                Ok(draft) => group.push(draft),
                Err(error) => {
                    self.store(service, socket, receiver, mem::take(&mut group)).await;
                    self.refuse(socket, receiver, client_id, &error).await;
                }
            }
        }
        self.store(service, socket, receiver, group).await;
    }

    async fn store(&mut self, service: &Arc<Service>, socket: &Socket, receiver: UserId, group: Vec<Draft>) {
        let ids: Vec<_> = group.iter().map(|draft| draft.client_id).collect();
        let Some((first, behind)) = ids.split_first() else { return };
        match service.send_messages(socket.viewer, receiver, group, Some(socket.id)).await {
            Ok(outcomes) => {
                let stored = outcomes.iter().filter(|outcome| outcome.is_ok()).count() as u64;
                metrics::counter!("mosaic_acks_total", "way" => "socket").increment(stored);
                for (client_id, outcome) in ids.into_iter().zip(outcomes) {
                    match outcome {
                        Ok(sent) => {
                            self.order.settle(receiver);
                            socket.reply(sent.encoded.ack(client_id, sent.duplicate)).await;
                        }
                        Err(error) => self.refuse(socket, receiver, client_id, &error).await,
                    }
                }
            }
            Err(error) => {
                self.refuse(socket, receiver, *first, &error).await;
                for client_id in behind {
                    self.refuse_held_up(socket, receiver, *client_id).await;
                }
            }
        }
    }

    /// What can be tried again holds up those behind it.
    async fn refuse(&mut self, socket: &Socket, receiver: UserId, client_id: ClientId, error: &ServiceError) {
        if error.is_retryable() {
            let held = HeldUp { by: client_id, code: error.code(), message: error.to_string() };
            if !self.order.hold_up(receiver, held) {
                socket.close(close_code::RESTARTING, "too much is held up");
            }
        } else {
            self.order.settle(receiver);
        }
        refuse(socket, error, Some(client_id)).await;
    }

    /// Says what the one in front was told.
    async fn refuse_held_up(&self, socket: &Socket, receiver: UserId, client_id: ClientId) {
        if let Some(held) = self.order.obstacle(receiver, client_id) {
            let frame = error_frame(held.code, held.message.clone(), true, Some(client_id));
            socket.reply(encode(&frame)).await;
        }
    }
}

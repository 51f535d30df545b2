//! Getting the outbox stored: in order, again and again, until there is an answer for each item.
//!
//! Sends to one peer form a lane. While nothing goes wrong a lane is pipelined. A retryable error
//! holds the lane up: that item and everything behind it wait, then go again in the same order; the
//! server holds up its end of the lane likewise, until the refused `client_id` comes again. An item
//! that is refused for good steps out of the lane and what follows goes on.
//!
//! What another tab queued is that tab's to send; this one steps in when no answer came for a while.

use std::collections::{BTreeMap, BTreeSet};

use super::Session;
use crate::chat::protocol::ClientFrame;
use crate::chat::timeline::Entry;
use crate::chat::{EntryKey, Millis, Outbox};
use crate::domain::{ClientId, Message, MessageBody, UserId};

/// A send that got no answer over a live socket is repeated after this, in milliseconds.
const ANSWER_PATIENCE: u64 = 20_000;
/// A lane that was refused this often in a row gets a fresh socket: perhaps the server waits for an
/// item that will not come again, because the answer to an earlier try got lost.
const STUCK: u32 = 5;
/// How long another tab has for its own items, in milliseconds.
const OTHER_TAB_PATIENCE: u64 = 10_000;

#[derive(Default)]
pub(super) struct Sending {
    /// Sent over this socket and not answered, with the time.
    flights: BTreeMap<ClientId, Millis>,
    /// Sent over this socket at least once, and refused for now at most.
    tried: BTreeSet<ClientId>,
    lanes: BTreeMap<UserId, Lane>,
    /// Queued by another tab: not ours before this time.
    foreign: BTreeMap<ClientId, Millis>,
}

#[derive(Default)]
struct Lane {
    /// The refused item, and until when it and everything behind it waits.
    held: Option<(ClientId, Millis)>,
    /// Refusals in a row.
    attempt: u32,
}

impl Sending {
    pub(super) fn socket_lost(&mut self) {
        self.flights.clear();
        self.tried.clear();
        self.lanes.clear();
    }

    fn forget(&mut self, client_id: ClientId) {
        self.flights.remove(&client_id);
        self.tried.remove(&client_id);
        self.foreign.remove(&client_id);
    }

    /// An item of this lane got its answer.
    fn release(&mut self, peer: UserId, client_id: ClientId) {
        if let Some(lane) = self.lanes.get_mut(&peer) {
            lane.attempt = 0;
            lane.held = lane.held.filter(|(held, _)| *held != client_id);
        }
    }

    /// Whether the item is the one that its lane waits for.
    fn holds_up(&self, peer: UserId, client_id: ClientId) -> bool {
        let held = self.lanes.get(&peer).and_then(|lane| lane.held);
        held.is_some_and(|(held, _)| held == client_id)
    }

    fn held_until(&self, peer: UserId) -> Option<Millis> {
        self.lanes.get(&peer).and_then(|lane| lane.held).map(|(_, until)| until)
    }
}

impl Session {
    /// Takes over what an earlier life of this device left behind.
    pub(super) fn restore_outbox(&mut self, persisted: Outbox) {
        for client_id in self.outbox.merge(persisted).added {
            self.vet(client_id);
            self.show_unsent(client_id);
        }
    }

    pub(super) fn send(&mut self, wall: Millis, peer: UserId, client_id: ClientId, body: MessageBody) {
        if self.outbox.get(client_id).is_some() || self.is_stored(peer, client_id) {
            return;
        }
        self.outbox.push(wall, client_id, peer, body.into_string());
        self.save_outbox = true;
        self.show_unsent(client_id);
    }

    pub(super) fn retry(&mut self, wall: Millis, peer: UserId, client_id: ClientId) {
        if self.refused(peer, client_id) {
            self.outbox.requeue(wall, client_id);
            self.sending.forget(client_id);
            self.save_outbox = true;
            self.show_unsent(client_id);
        }
    }

    pub(super) fn delete(&mut self, peer: UserId, client_id: ClientId) {
        if self.refused(peer, client_id) {
            self.outbox.settle(client_id);
            self.sending.forget(client_id);
            self.save_outbox = true;
            self.conversation(peer).timeline.hide_pending(client_id);
        }
    }

    fn refused(&self, peer: UserId, client_id: ClientId) -> bool {
        self.outbox.get(client_id).is_some_and(|item| item.peer == peer && item.failed.is_some())
    }

    pub(super) fn outbox_changed_elsewhere(&mut self, now: Millis, other: Outbox) {
        let merged = self.outbox.merge(other);
        self.save_outbox |= merged.incomplete;
        for client_id in merged.added {
            let Some(peer) = self.outbox.get(client_id).map(|item| item.peer) else { continue };
            // It may have been stored and heard of before that tab's write was.
            if self.is_stored(peer, client_id) {
                self.outbox.settle(client_id);
                continue;
            }
            self.vet(client_id);
            self.sending.foreign.insert(client_id, now.after(OTHER_TAB_PATIENCE));
            self.show_unsent(client_id);
        }
        for client_id in merged.updated {
            self.sending.flights.remove(&client_id);
            self.sending.foreign.insert(client_id, now.after(OTHER_TAB_PATIENCE));
            self.show_unsent(client_id);
        }
        for item in merged.removed {
            self.conversation(item.peer).timeline.hide_pending(item.client_id);
        }
    }

    /// Refuses what no server would take: a frame that is too big would cost the socket each time.
    fn vet(&mut self, client_id: ClientId) {
        if let Some(item) = self.outbox.get_mut(client_id)
            && item.failed.is_none()
            && let Err(invalid) = MessageBody::parse(item.content.as_str())
        {
            item.failed = Some(invalid.to_string());
        }
    }

    fn show_unsent(&mut self, client_id: ClientId) {
        if let Some(item) = self.outbox.get(client_id) {
            let (peer, entry) = (item.peer, Entry::unsent(item));
            if !self.is_stored(peer, client_id) {
                self.conversation(peer).timeline.show_pending(entry);
            }
        }
    }

    fn is_stored(&self, peer: UserId, client_id: ClientId) -> bool {
        let key = EntryKey { mine: true, client_id };
        self.conversations.get(&peer).is_some_and(|conversation| conversation.timeline.holds(key))
    }

    /// Everything unacknowledged goes again, since answers may have been lost.
    pub(super) fn repeat_sends(&mut self) {
        self.sending.flights.clear();
    }

    /// After a reconnect another tab is as busy as this one.
    pub(super) fn leave_time_to_other_tabs(&mut self, now: Millis) {
        for until in self.sending.foreign.values_mut() {
            *until = (*until).max(now.after(OTHER_TAB_PATIENCE));
        }
    }

    /// The server has the item, says its own acknowledgement.
    pub(super) fn acknowledged(&mut self, client_id: ClientId, peer: UserId) {
        self.sending.release(peer, client_id);
        self.settle(client_id);
    }

    /// A message of the user was seen stored, which may tell more than any acknowledgement did.
    pub(super) fn seen_stored(&mut self, message: &Message) {
        // Once it was sent over this socket, only the socket's own answer ends it: the server, not
        // knowing whether it stored it, may hold up the lane until it hears of this one again.
        if message.sender_id == self.me && !self.sending.tried.contains(&message.client_id) {
            self.settle(message.client_id);
        }
    }

    fn settle(&mut self, client_id: ClientId) {
        if self.outbox.settle(client_id).is_some() {
            self.save_outbox = true;
        }
        self.sending.forget(client_id);
    }

    /// The server did not take the item this time.
    pub(super) fn refused_for_now(&mut self, now: Millis, client_id: ClientId) {
        if self.outbox.get(client_id).is_none() {
            // Stored by one try, refused in another: the server holds the lane up for something
            // that will not come again. The next socket starts afresh.
            self.give_up(now);
        } else if self.sending.flights.contains_key(&client_id) {
            // Once the lane is held up, refusals of what was pipelined behind tell nothing new.
            self.hold_lane(now, client_id);
        }
    }

    /// The server will never take the item.
    pub(super) fn refused_for_good(&mut self, client_id: ClientId, code: String) {
        self.sending.forget(client_id);
        let Some(item) = self.outbox.get_mut(client_id) else { return };
        item.failed = Some(code);
        let peer = item.peer;
        self.save_outbox = true;
        self.sending.release(peer, client_id);
        if self.is_stored(peer, client_id) {
            self.settle(client_id);
        } else {
            self.show_unsent(client_id);
        }
    }

    fn hold_lane(&mut self, now: Millis, client_id: ClientId) {
        let Some(peer) = self.outbox.get(client_id).map(|item| item.peer) else { return };
        let behind = self.outbox.items().iter().filter(|item| item.peer == peer);
        for item in behind.skip_while(|item| item.client_id != client_id) {
            self.sending.flights.remove(&item.client_id);
        }
        let lane = self.sending.lanes.entry(peer).or_default();
        lane.held = Some((client_id, now.after(self.dice.pause(lane.attempt))));
        lane.attempt = lane.attempt.saturating_add(1);
        if lane.attempt >= STUCK {
            self.give_up(now);
        }
    }

    /// Sends what may be sent now, in order. The item that the server waits for goes first: what another
    /// tab queued earlier would be refused before it, and overtaken by what follows.
    pub(super) fn send_due(&mut self, now: Millis) {
        let patience = now.0.checked_sub(ANSWER_PATIENCE).map(Millis);
        while let Some(client_id) = self.unanswered(patience) {
            self.sending.flights.remove(&client_id);
            self.hold_lane(now, client_id);
        }
        if !self.is_live() {
            return;
        }
        let items = self.outbox.items().iter();
        let (first, rest): (Vec<_>, Vec<_>) =
            items.partition(|item| self.sending.holds_up(item.peer, item.client_id));
        for item in first.into_iter().chain(rest) {
            let client_id = item.client_id;
            if item.failed.is_some() || self.sending.flights.contains_key(&client_id) {
                continue;
            }
            if self.sending.foreign.get(&client_id).is_some_and(|until| *until > now) {
                continue;
            }
            if self.sending.held_until(item.peer).is_some_and(|until| until > now) {
                continue;
            }
            self.sending.foreign.remove(&client_id);
            self.sending.flights.insert(client_id, now);
            self.sending.tried.insert(client_id);
            self.actions.push_back(super::Action::Transmit(ClientFrame::Send {
                client_id,
                receiver_id: item.peer,
                content: item.content.clone(),
            }));
        }
    }

    /// The oldest send that waited too long for its answer.
    fn unanswered(&self, sent_by: Option<Millis>) -> Option<ClientId> {
        let flights = &self.sending.flights;
        let late = |client_id: &ClientId| flights.get(client_id).is_some_and(|sent| Some(*sent) <= sent_by);
        self.outbox.items().iter().map(|item| item.client_id).find(late)
    }

    pub(super) fn sending_wake_at(&self) -> Option<Millis> {
        if !self.is_live() {
            return None;
        }
        let waiting = self.outbox.items().iter().filter(|item| item.failed.is_none()).map(|item| {
            if let Some(sent) = self.sending.flights.get(&item.client_id) {
                return sent.after(ANSWER_PATIENCE);
            }
            let held = self.sending.held_until(item.peer);
            let foreign = self.sending.foreign.get(&item.client_id).copied();
            held.max(foreign).unwrap_or_default()
        });
        waiting.min()
    }
}

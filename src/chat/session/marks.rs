//! Telling the server what the user has read, and what this device holds.
//!
//! Reading is told at once and again until it is confirmed. Holding is told at most once a second
//! over the whole socket, as the contract asks, and only about messages of the peer: nobody waits
//! to hear that a device holds what its own user wrote. A ping says the same for many
//! conversations at once.

use std::collections::BTreeMap;

use super::Session;
use crate::chat::Millis;
use crate::chat::protocol::ClientFrame;
use crate::domain::{Seq, UserId};

/// Between two `received` frames, in milliseconds.
const CLAIM_EVERY: u64 = 1_000;
/// Between two `typing` frames to one peer, in milliseconds.
const TYPING_EVERY: u64 = 3_000;

impl Session {
    pub(super) fn read_up_to(&mut self, peer: UserId, seq: Seq) {
        let timeline = &mut self.conversation(peer).timeline;
        let seq = seq.min(timeline.last_seq());
        let moved = timeline.raise_read(seq);
        self.activity |= moved;
    }

    pub(super) fn user_types(&mut self, now: Millis, peer: UserId) {
        let live = self.is_live();
        let conversation = self.conversation(peer);
        let due = conversation.typing_sent.is_none_or(|sent| now.since(sent) >= TYPING_EVERY);
        if live && due {
            conversation.typing_sent = Some(now);
            self.transmit(ClientFrame::Typing { peer_id: peer });
        }
    }

    /// The server starts from nothing as far as this socket goes.
    pub(super) fn repeat_marks(&mut self) {
        self.claims.clear();
        for (peer, conversation) in &mut self.conversations {
            conversation.read_sent = Seq::ZERO;
            conversation.claimed = conversation.read_confirmed;
            if conversation.timeline.received_seq() > conversation.claimed {
                self.claims.push_back(*peer);
            }
        }
    }

    /// Queues a claim if this device holds more than the server was told. Live messages go first:
    /// somebody is looking at their state right now.
    pub(super) fn claim(&mut self, peer: UserId) {
        let due = self.conversations.get(&peer).is_some_and(|conversation| {
            conversation.timeline.received_seq() > conversation.claimed.max(conversation.read_confirmed)
        });
        if due && !self.claims.contains(&peer) {
            self.claims.push_front(peer);
        }
    }

    /// What a ping says needs no saying again; what the server has not confirmed, it is told again.
    pub(super) fn claimed_by_ping(&mut self, heads: &BTreeMap<UserId, Seq>) {
        for (peer, conversation) in &mut self.conversations {
            if let Some(held) = heads.get(peer) {
                conversation.claimed = conversation.claimed.max(*held);
            }
            conversation.read_sent = Seq::ZERO;
        }
    }

    pub(super) fn send_marks(&mut self, now: Millis) {
        if !self.is_live() {
            return;
        }
        for (peer, conversation) in &mut self.conversations {
            let seq = conversation.timeline.read_seq();
            if !conversation.is_gone && seq > conversation.read_confirmed.max(conversation.read_sent) {
                conversation.read_sent = seq;
                let frame = ClientFrame::Read { peer_id: *peer, seq };
                self.actions.push_back(super::Action::Transmit(frame));
            }
        }
        while now >= self.next_claim
            && let Some(peer_id) = self.claims.pop_front()
        {
            let conversation = self.conversation(peer_id);
            let seq = conversation.timeline.received_seq();
            if !conversation.is_gone && seq > conversation.claimed.max(conversation.read_confirmed) {
                conversation.claimed = seq;
                self.next_claim = now.after(CLAIM_EVERY);
                self.transmit(ClientFrame::Received { peer_id, seq });
            }
        }
    }

    pub(super) fn claim_wake_at(&self) -> Option<Millis> {
        (self.is_live() && !self.claims.is_empty()).then_some(self.next_claim)
    }
}

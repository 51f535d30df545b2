//! What the frames of the server mean.

use chrono::{DateTime, Utc};

use super::{Action, Session};
use crate::chat::Millis;
use crate::chat::protocol::{ConversationHead, ServerFrame};
use crate::chat::timeline::Entry;
use crate::domain::{Contact, Message, Seq, UserId};

/// How long a `typing` frame is valid, in milliseconds.
const TYPING_FOR: u64 = 5_000;

impl Session {
    pub(super) fn frame_received(&mut self, wall: Millis, now: Millis, frame: ServerFrame) {
        if self.has_ended() {
            return;
        }
        self.heard(now);
        match frame {
            ServerFrame::Welcome { user_id, server_time, conversations } => {
                self.welcomed(wall, now, user_id, server_time, conversations);
            }
            ServerFrame::Resync { conversations } => {
                self.compare(now, conversations);
                // The frames that were lost may have been answers.
                self.repeat_sends();
                self.repeat_marks();
            }
            ServerFrame::Ack { client_id, message, .. } => {
                self.acknowledged(client_id, message.receiver_id);
                self.take_message(&message);
            }
            ServerFrame::Message { message } => self.message_received(message),
            ServerFrame::Delivered { peer_id, seq } => self.peer_marks(peer_id, seq, Seq::ZERO),
            ServerFrame::Read { peer_id, reader_id, seq, .. } if reader_id == self.me => {
                self.read_confirmed(peer_id, seq);
            }
            ServerFrame::Read { peer_id, seq, .. } => self.peer_marks(peer_id, seq, seq),
            ServerFrame::Typing { peer_id } => {
                let conversation = self.conversation(peer_id);
                conversation.changed |= conversation.typing_until.is_none();
                conversation.typing_until = Some(now.after(TYPING_FOR));
            }
            ServerFrame::Presence { peer_id, online, last_seen } => {
                self.presence(peer_id, online, last_seen);
            }
            ServerFrame::Contact { peer_id, contact } => self.contact_changed(now, peer_id, contact),
            ServerFrame::Gone { peer_id } => self.peer_gone(peer_id),
            ServerFrame::Pong { server_time, heads, conversations } => {
                self.set_clock(wall, server_time);
                if !conversations.is_empty() {
                    self.compare(now, conversations);
                }
                self.doubt_unnamed(now, &heads);
                for (peer, last) in heads {
                    self.conversation(peer).timeline.raise_last(last);
                }
            }
            ServerFrame::Error { retryable: true, client_id: Some(client_id), .. } => {
                self.refused_for_now(now, client_id);
            }
            ServerFrame::Error { code, client_id: Some(client_id), .. } => {
                self.refused_for_good(client_id, code);
            }
            ServerFrame::Error { .. } | ServerFrame::Unknown => {}
        }
    }

    fn welcomed(
        &mut self,
        wall: Millis,
        now: Millis,
        user: UserId,
        server_time: DateTime<Utc>,
        heads: Vec<ConversationHead>,
    ) {
        if user != self.me {
            // The browser is somebody else's by now; nothing of this user may go out over it.
            return self.end();
        }
        if self.is_connecting() {
            self.went_live(now);
        } else if !self.is_live() {
            return;
        }
        self.set_clock(wall, server_time);
        self.bury_unlisted(&heads);
        // What is listed here is a catch-up, and no news when it comes.
        for head in &heads {
            let conversation = self.conversation(head.peer_id);
            conversation.listed = conversation.listed.max(head.last_seq);
        }
        self.compare(now, heads);
        self.repeat_sends();
        self.leave_time_to_other_tabs(now);
        self.repeat_marks();
    }

    fn set_clock(&mut self, wall: Millis, server_time: DateTime<Utc>) {
        self.server_offset = server_time.timestamp_millis().saturating_sub_unsigned(wall.0);
    }

    fn compare(&mut self, now: Millis, heads: Vec<ConversationHead>) {
        let unread: Vec<_> = heads.iter().filter(|head| head.unread > 0).map(|head| head.peer_id).collect();
        for head in heads {
            let peer = head.peer_id;
            self.presence(peer, head.online, head.last_seen);
            self.contact(peer, head.contact);
            let conversation = self.conversation(peer);
            conversation.changed |= !std::mem::replace(&mut conversation.is_listed, true);
            conversation.read_confirmed = conversation.read_confirmed.max(head.read_seq);
            conversation.timeline.take_head(head.last_seq, head.read_seq, head.unread);
            conversation.timeline.raise_peer_marks(head.peer_delivered_seq, head.peer_read_seq);
        }
        self.activity = true;
        self.catch_up(now);
        self.fetch_ahead(now, &unread);
    }

    /// Puts a stored message in its place. Returns whether it is new to this device.
    pub(super) fn take_message(&mut self, message: &Message) -> bool {
        let me = self.me;
        // Exactly one of the two is the user; anything else was not meant for this device.
        if (message.sender_id == me) == (message.receiver_id == me) {
            return false;
        }
        self.seen_stored(message);
        let timeline = &mut self.conversation(message.peer_of(me)).timeline;
        let last = timeline.last_seq();
        let fresh = timeline.take(Entry::stored(message, me));
        self.activity |= self.conversation(message.peer_of(me)).timeline.last_seq() > last;
        fresh
    }

    fn message_received(&mut self, message: Message) {
        let fresh = self.take_message(&message);
        if message.sender_id == self.me {
            return;
        }
        let peer = message.sender_id;
        let Some(conversation) = self.conversations.get_mut(&peer) else { return };
        conversation.changed |= conversation.typing_until.take().is_some();
        if fresh && message.seq > conversation.listed {
            self.actions.push_back(Action::MessageArrived(message));
        }
        self.claim(peer);
    }

    fn peer_marks(&mut self, peer: UserId, delivered: Seq, read: Seq) {
        self.activity |= self.conversation(peer).timeline.raise_peer_marks(delivered, read);
    }

    fn read_confirmed(&mut self, peer: UserId, seq: Seq) {
        let conversation = self.conversation(peer);
        conversation.read_confirmed = conversation.read_confirmed.max(seq);
        let moved = conversation.timeline.raise_read(seq);
        self.activity |= moved;
    }

    pub(super) fn contact_changed(&mut self, now: Millis, peer: UserId, contact: Contact) {
        let was_blocked = self.conversation(peer).contact.blocked;
        self.contact(peer, contact);
        if was_blocked && !contact.blocked {
            // The answer tells where the conversation stands by now.
            self.ping_now(now);
        }
    }

    /// What the user chose for a peer, as the server has it.
    pub(super) fn contact(&mut self, peer: UserId, contact: Contact) {
        let conversation = self.conversation(peer);
        if conversation.contact != contact {
            conversation.contact = contact;
            conversation.changed = true;
            self.activity = true;
        }
    }

    fn presence(&mut self, peer: UserId, online: bool, last_seen: Option<DateTime<Utc>>) {
        let conversation = self.conversation(peer);
        if (conversation.online, conversation.last_seen) != (Some(online), last_seen) {
            (conversation.online, conversation.last_seen) = (Some(online), last_seen);
            conversation.changed = true;
        }
    }
}

//! Conversations whose other member left Mosaic.
//!
//! A frame says so, and a page that the server refuses for that reason. Frames get lost: a conversation that
//! was there before the socket, and that a whole list lacks, is gone as well. A pong may have been written
//! before a message that came first, so what it lacks is only a reason to ask.

use std::collections::{BTreeMap, BTreeSet};

use super::{HistoryQuery, Session};
use crate::chat::Millis;
use crate::chat::conversation::{Fetch, Step};
use crate::chat::protocol::{ConversationHead, MAX_LISTED};
use crate::chat::timeline::Loading;
use crate::domain::{Seq, UserId};

/// The code of what the server would say to a message that nobody is there to get.
const NOBODY_THERE: &str = "not_found";

impl Session {
    /// Nothing is fetched, told or counted any more; what waits to be sent is not sent. What is on the screen
    /// stays there until the page is left.
    pub(super) fn peer_gone(&mut self, peer: UserId) {
        let conversation = self.conversation(peer);
        if std::mem::replace(&mut conversation.is_gone, true) {
            return;
        }
        (conversation.forward, conversation.older) = (Fetch::default(), Fetch::default());
        (conversation.online, conversation.typing_until) = (None, None);
        conversation.changed = true;
        conversation.timeline.raise_read(conversation.timeline.last_seq());
        if !conversation.timeline.is_ready() {
            conversation.timeline.set_loading(Loading::Ready);
        }
        self.activity = true;
        let waiting = self.outbox.items().iter().filter(|item| item.peer == peer && item.failed.is_none());
        for client_id in waiting.map(|item| item.client_id).collect::<Vec<_>>() {
            self.refused_for_good(client_id, NOBODY_THERE.to_owned());
        }
    }

    /// `heads` is everything a `welcome` lists. It was read after the socket was asked for, but what came since,
    /// in a page of history for instance, may be newer. A list that is full may end before a conversation.
    pub(super) fn bury_unlisted(&mut self, heads: &[ConversationHead]) {
        if heads.len() as u64 >= u64::from(MAX_LISTED) {
            return;
        }
        let listed: BTreeSet<UserId> = heads.iter().map(|head| head.peer_id).collect();
        let held = self.conversations.iter().filter(|(_, held)| held.precedes_socket);
        let unlisted: Vec<UserId> =
            held.map(|(peer, _)| *peer).filter(|peer| !listed.contains(peer)).collect();
        for peer in unlisted {
            self.peer_gone(peer);
        }
    }

    /// A pong names every conversation that was asked about and exists.
    pub(super) fn doubt_unnamed(&mut self, now: Millis, named: &BTreeMap<UserId, Seq>) {
        let doubtful = self.conversations.iter().filter(|(peer, held)| {
            let is_held = held.open && held.timeline.is_ready() && held.timeline.last_seq() > Seq::ZERO;
            is_held && !held.is_gone && held.forward.step == Step::Quiet && !named.contains_key(peer)
        });
        let asks: Vec<_> = doubtful.map(|(peer, held)| (*peer, held.timeline.contiguous())).collect();
        for (peer, seq) in asks {
            self.ask(now, peer, HistoryQuery::After(seq));
        }
    }
}

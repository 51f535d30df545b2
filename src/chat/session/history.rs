//! Keeping what was opened whole: first pages, holes, older pages.
//!
//! One request at a time in each direction of a conversation. Pages are facts, so one that comes
//! late, or twice, or for a request that was given up, is taken in like any other.

use super::{Action, HistoryQuery, Session};
use crate::chat::Millis;
use crate::chat::conversation::{Conversation, Fetch, Step};
use crate::chat::protocol::HistoryPage;
use crate::chat::timeline::{Entry, Loading};
use crate::domain::{Message, UserId};

/// A hole may be frames that overtook each other: wait this long before asking, in milliseconds.
const REORDERING: u64 = 50;
/// Further behind than this the newest page is loaded instead, and the older run let go.
const FAR_BEHIND: u64 = 500;
/// A request that takes longer counts as failed, in milliseconds.
const ANSWER_PATIENCE: u64 = 10_000;
/// So many conversations are fetched before anybody opens them, those with the newest messages.
const AHEAD: usize = 8;
/// From one of these requests to the next, in milliseconds: the page has other things to load.
const AHEAD_EVERY: u64 = 200;

impl Session {
    /// The first page is there sooner if it is on its way before the panel is. Not before the server has told how far
    /// the conversation goes: what is on the page would be taken for news.
    pub(super) fn conversation_expected(&mut self, now: Millis, peer: UserId) {
        let is_live = self.is_live();
        let conversation = self.conversation(peer);
        if is_live && conversation.is_listed && !conversation.open {
            self.reload(now, peer);
        }
    }

    pub(super) fn conversation_opened(&mut self, now: Millis, peer: UserId) {
        self.conversation(peer).open = true;
        self.reload(now, peer);
    }

    pub(super) fn conversation_closed(&mut self, peer: UserId) {
        let conversation = self.conversation(peer);
        conversation.open = false;
        if conversation.timeline.loading() == Loading::Failed {
            conversation.timeline.set_loading(Loading::Idle);
        }
    }

    pub(super) fn reload(&mut self, now: Millis, peer: UserId) {
        let conversation = self.conversation(peer);
        if conversation.is_gone {
            return;
        }
        let is_due = matches!(conversation.forward.step, Step::Due(_));
        match conversation.timeline.loading() {
            Loading::Idle | Loading::Failed => self.ask_first(now, peer),
            Loading::First if is_due => self.ask_first(now, peer),
            Loading::Ready if is_due => conversation.forward.step = Step::Due(now),
            Loading::First | Loading::Ready => {}
        }
    }

    pub(super) fn older_requested(&mut self, now: Millis, peer: UserId) {
        let conversation = self.conversation(peer);
        if conversation.older.step == Step::Quiet
            && conversation.timeline.has_older()
            && !conversation.is_gone
        {
            let query = HistoryQuery::Before(conversation.timeline.first_seq());
            conversation.timeline.set_loading_older(true);
            self.ask(now, peer, query);
        }
    }

    pub(super) fn history_loaded(
        &mut self,
        now: Millis,
        peer: UserId,
        query: HistoryQuery,
        page: &HistoryPage,
    ) {
        let me = self.me;
        for message in &page.messages {
            self.seen_stored(message);
        }
        self.contact(peer, page.contact);
        let news = self.news_in(peer, query, page).cloned();
        let conversation = self.conversation(peer);
        let timeline = &mut conversation.timeline;
        let held = (timeline.contiguous(), timeline.is_ready());
        // The browser may be somebody else's by now, and then so is the answer.
        let is_ours = |message: &&Message| message.peer_of(me) == peer && message.peer_of(peer) == me;
        let entries = page.messages.iter().filter(is_ours);
        let entries: Vec<_> = entries.map(|message| Entry::stored(message, me)).collect();
        timeline.raise_last(page.last_seq);
        timeline.raise_start(page.first_seq);
        let answered = match query {
            HistoryQuery::Before(_) => {
                timeline.take_older(entries);
                conversation.older.answered(query)
            }
            HistoryQuery::Newest => {
                timeline.take_newest(entries);
                conversation.forward.answered(query)
            }
            HistoryQuery::After(_) => {
                entries.into_iter().for_each(|entry| {
                    timeline.take(entry);
                });
                conversation.forward.answered(query)
            }
        };
        let progress = held != (timeline.contiguous(), timeline.is_ready());
        timeline.raise_peer_marks(page.peer_delivered_seq, page.peer_read_seq);
        timeline.raise_read(page.read_seq);
        conversation.read_confirmed = conversation.read_confirmed.max(page.read_seq);
        if let HistoryQuery::Before(_) = query {
            conversation.older.attempt = 0;
        } else if progress {
            conversation.forward.attempt = 0;
            if conversation.forward.step == Step::Quiet && conversation.timeline.has_gap() {
                conversation.forward.step = Step::Due(now);
            }
        } else if answered && conversation.timeline.has_gap() {
            // A server that tells of messages and does not hand them out is asked less and less.
            let pause = self.dice.pause(self.conversations[&peer].forward.attempt);
            later(&mut self.conversation(peer).forward, now.after(pause));
        }
        self.activity = true;
        self.claim(peer);
        self.actions.extend(news.map(Action::MessageArrived));
    }

    /// The newest message of the peer, if nobody told of it but a resync or a pong: the frame that
    /// should have brought it got lost.
    fn news_in<'p>(&self, peer: UserId, query: HistoryQuery, page: &'p HistoryPage) -> Option<&'p Message> {
        let conversation = self.conversations.get(&peer)?;
        let is_theirs = |message: &&Message| message.sender_id == peer && message.receiver_id == self.me;
        let newest = page.messages.iter().rev().find(is_theirs)?;
        let is_older = matches!(query, HistoryQuery::Before(_));
        let is_last = page.messages.last().is_some_and(|last| last.seq >= page.last_seq);
        let held = conversation.timeline.newest().and_then(|entry| entry.seq).unwrap_or_default();
        let known = conversation.listed.max(conversation.timeline.read_seq()).max(page.read_seq).max(held);
        (!is_older && is_last && newest.seq > known).then_some(newest)
    }

    pub(super) fn history_failed(&mut self, now: Millis, peer: UserId, query: HistoryQuery) {
        let conversation = self.conversation(peer);
        if conversation.is_gone {
            return;
        }
        let attempt = if let HistoryQuery::Before(_) = query {
            conversation.older.attempt
        } else {
            conversation.forward.attempt
        };
        let again = now.after(self.dice.pause(attempt));
        let Conversation { timeline, forward, older, open, .. } = self.conversation(peer);
        match query {
            HistoryQuery::Before(_) => {
                if older.answered(query) {
                    later(older, again);
                }
            }
            _ if !timeline.is_ready() => {
                forward.answered(query);
                // Trying again behind the reader's back would take the button away under the hand.
                timeline.set_loading(if *open { Loading::Failed } else { Loading::Idle });
            }
            _ => {
                if forward.answered(query) {
                    later(forward, again);
                }
            }
        }
    }

    /// After a welcome or a resync: what is behind asks at once, and what failed tries again.
    pub(super) fn catch_up(&mut self, now: Millis) {
        for conversation in self.conversations.values_mut().filter(|conversation| !conversation.is_gone) {
            let Conversation { timeline, forward, older, open, .. } = conversation;
            if older.is_stale() || matches!(older.step, Step::Due(_)) {
                older.step = Step::Due(now);
            }
            if matches!(forward.step, Step::Asked { stale: false, .. }) {
                continue;
            }
            let first = match timeline.loading() {
                Loading::First => true,
                Loading::Failed => *open,
                Loading::Idle | Loading::Ready => false,
            };
            if first {
                timeline.set_loading(Loading::First);
            }
            let wanted = first || timeline.has_gap();
            forward.step = if wanted { Step::Due(now) } else { Step::Quiet };
        }
    }

    /// A message that came while this device was away is delivered once it is held here, and for
    /// that nobody has to open its conversation.
    pub(super) fn fetch_ahead(&mut self, now: Millis, unread: &[UserId]) {
        let mut at = now;
        let mut left = AHEAD;
        for peer in unread {
            let Conversation { timeline, forward, .. } = self.conversation(*peer);
            if left > 0 && timeline.loading() == Loading::Idle && !timeline.holds_newest() {
                timeline.set_loading(Loading::First);
                forward.step = Step::Due(at);
                at = at.after(AHEAD_EVERY);
                left -= 1;
            }
        }
    }

    /// What the passing of time asks of the conversations.
    pub(super) fn keep_whole(&mut self, now: Millis) {
        let live = self.is_live();
        let mut asks = Vec::new();
        let mut failures = Vec::new();
        for (peer, conversation) in &mut self.conversations {
            if conversation.typing_until.is_some_and(|until| now >= until) {
                conversation.typing_until = None;
                conversation.changed = true;
            }
            for fetch in [&conversation.forward, &conversation.older] {
                if let Step::Asked { query, until, .. } = fetch.step
                    && now >= until
                {
                    failures.push((*peer, query));
                }
            }
            let Conversation { timeline, forward, older, is_gone, .. } = conversation;
            timeline.set_loading_older(older.step != Step::Quiet);
            if !live || *is_gone {
                continue;
            }
            if forward.step == Step::Quiet && timeline.has_gap() {
                forward.step = Step::Due(now.after(REORDERING));
            }
            if matches!(forward.step, Step::Due(at) if now >= at) {
                let behind = timeline.last_seq().0 - timeline.contiguous().0;
                forward.step = Step::Quiet;
                if !timeline.is_ready() || (timeline.has_gap() && behind > FAR_BEHIND) {
                    asks.push((*peer, HistoryQuery::Newest));
                } else if timeline.has_gap() {
                    asks.push((*peer, HistoryQuery::After(timeline.contiguous())));
                }
            }
            if matches!(older.step, Step::Due(at) if now >= at) {
                older.step = Step::Quiet;
                asks.push((*peer, HistoryQuery::Before(timeline.first_seq())));
            }
        }
        for (peer, query) in failures {
            self.history_failed(now, peer, query);
        }
        for (peer, query) in asks {
            self.ask(now, peer, query);
        }
    }

    fn ask_first(&mut self, now: Millis, peer: UserId) {
        self.conversation(peer).timeline.set_loading(Loading::First);
        self.ask(now, peer, HistoryQuery::Newest);
    }

    pub(super) fn ask(&mut self, now: Millis, peer: UserId, query: HistoryQuery) {
        let conversation = self.conversation(peer);
        let step = Step::Asked { query, until: now.after(ANSWER_PATIENCE), stale: false };
        if let HistoryQuery::Before(_) = query {
            conversation.older.step = step;
            conversation.timeline.set_loading_older(true);
        } else {
            conversation.forward.step = step;
        }
        self.actions.push_back(Action::FetchHistory { peer, query });
    }
}

fn later(fetch: &mut Fetch, at: Millis) {
    fetch.attempt = fetch.attempt.saturating_add(1);
    fetch.step = Step::Due(at);
}

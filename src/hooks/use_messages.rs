//! One conversation, as a panel sees it.

mod rows;
mod window;

use std::collections::HashMap;

use leptos::prelude::*;
use uuid::Uuid;

use self::rows::Line;
pub use self::rows::{Bubble, Group};
use self::window::{MAX_BUBBLES, Window};
use super::messenger::{Messenger, Presence, use_messenger};
use super::{local_time, page};
use crate::chat::{Connection, Delivery, EntryKey, Input, Loading, Shown, Timeline};
use crate::domain::{ClientId, Contact, ContactChange, MessageBody, Seq, UserId};
use crate::i18n::Words;
use crate::reactive::{effect, memo, spawn};

/// One row of the log.
#[derive(Clone)]
pub enum Row {
    /// Messages between what was shown before and the first one held are missing.
    Gap,
    /// A new day begins.
    Day {
        /// The number of the day in the viewer's calendar.
        day: i64,
        /// `Today`, `Yesterday`, or the date.
        label: String,
    },
    /// What follows was unread when the panel opened.
    Unread,
    /// A message. The row keeps its key, and so its element, from `Sending` to `Read`.
    Message {
        /// Which message.
        key: EntryKey,
        /// What its bubble shows now.
        bubble: ArcRwSignal<Bubble>,
    },
}

/// What a row is called while the list changes around it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// The gap, however large.
    Gap,
    /// A day's separator, by number and label: at midnight `Today` becomes another row.
    Day(i64, String),
    /// The divider.
    Unread,
    /// A message.
    Message(EntryKey),
}

impl Row {
    /// The key of this row in a keyed list.
    #[must_use]
    pub fn key(&self) -> RowKey {
        match self {
            Self::Gap => RowKey::Gap,
            Self::Day { day, label } => RowKey::Day(*day, label.clone()),
            Self::Unread => RowKey::Unread,
            Self::Message { key, .. } => RowKey::Message(*key),
        }
    }
}

/// What the newest entries of a conversation look like; tells the panel what arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The last message of all, sent or not.
    pub last: Option<EntryKey>,
    /// The highest position held.
    pub seq: Seq,
}

/// A conversation and what one can do with it. Made by [`use_messages`].
#[derive(Clone, Copy)]
pub struct UseMessages {
    /// The rows in the document, in display order: a bounded part of what is held.
    pub messages: ReadSignal<Vec<Row>>,
    /// How the connection stands.
    pub connection: Signal<Connection>,
    /// Whether messages pass right now.
    pub is_connected: Signal<bool>,
    /// Whether the peer is typing.
    pub typing: Signal<bool>,
    /// Whether the peer is here; `None` while the socket does not know.
    pub presence: Signal<Option<Presence>>,
    /// What the user chose for the peer.
    pub contact: Signal<Contact>,
    /// Whether the peer's account is gone.
    pub is_gone: Signal<bool>,
    /// How the first page stands.
    pub loading: Signal<Loading>,
    /// Whether an older page is on its way.
    pub is_loading_older: Signal<bool>,
    /// The first message that this device holds, whether or not it is among the rows.
    pub oldest: Signal<Option<EntryKey>>,
    /// Whether there is anything before the first row.
    pub has_older: Signal<bool>,
    /// Whether the conversation has no messages at all, loaded and none being sent.
    pub is_empty: Signal<bool>,
    /// Whether the last row is the newest message, and not one further up.
    pub is_at_end: Signal<bool>,
    /// How many messages lie between what was shown before and the first one held.
    pub missing: Signal<u64>,
    /// What is newest, whether or not it is among the rows.
    pub tail: Signal<Tail>,
    /// Whether new rows push old ones out (the reader is at the end) or wait below (further up).
    pub follows_end: RwSignal<bool>,
    /// How far the user had read when the panel opened, if something was unread then.
    pub divider: ReadSignal<Option<Seq>>,
    peer: UserId,
    messenger: Messenger,
    window: RwSignal<Window>,
    version: RwSignal<u64>,
}

/// Opens the conversation with `peer` for as long as the caller's owner lives.
#[must_use]
pub fn use_messages(peer: UserId) -> UseMessages {
    let messenger = use_messenger();
    let conversation = messenger.version_of(peer);
    let version = RwSignal::new(0_u64);
    let (messages, set_messages) = signal(Vec::<Row>::new());
    let (divider, set_divider) = signal(None::<Seq>);
    let window = RwSignal::new(Window::default());
    let follows_end = RwSignal::new(true);

    let read = move |look: fn(&Timeline) -> u64| -> Memo<Option<u64>> {
        memo(move || {
            version.track();
            messenger.with_timeline(peer, look)
        })
    };
    // The rows held first decide where the reader starts and where the divider stands until the next opening.
    let is_placed = StoredValue::new(false);
    let begins_too_late = move |timeline: &Timeline| !is_placed.get_value() && timeline.lacks_unread();
    let loading = memo(move || {
        version.track();
        let shown = |timeline: &Timeline| {
            if begins_too_late(timeline) { Loading::First } else { timeline.loading() }
        };
        messenger.with_timeline(peer, shown).unwrap_or(Loading::First)
    });
    let is_loading_older = read(|timeline| u64::from(timeline.loading_older()));
    let missing = read(Timeline::missing);
    let older_on_server = read(|timeline| u64::from(timeline.has_older()));
    let held = read(|timeline| timeline.shown().len() as u64);
    let oldest = memo(move || {
        version.track();
        messenger.with_timeline(peer, |timeline| timeline.shown().get(0).map(|entry| entry.key)).flatten()
    });
    let tail = memo(move || {
        version.track();
        messenger.with_timeline(peer, tail_of).unwrap_or_default()
    });
    let is_at_start = memo(move || {
        version.track();
        let window = window.get();
        messenger.with_timeline(peer, |timeline| window.is_at_start(&timeline.shown())).unwrap_or(true)
    });
    let connection = messenger.connection();
    let is_gone = messenger.is_gone(peer);

    effect(move || {
        messenger.input(Input::ConversationOpened { peer });
        version.update(|version| *version += 1);
    });
    on_cleanup(move || messenger.input(Input::ConversationClosed { peer }));
    // The conversation's own signal outlives this panel; what is built on it here must not.
    effect(move || {
        conversation.track();
        version.update(|version| *version += 1);
    });

    // Opening it is looking at it again. Only opening: another device may mark it while it is open here.
    let contact = messenger.contact_of(peer);
    let is_looked_at = StoredValue::new(false);
    effect(move || {
        if loading.get() == Loading::Ready && !is_looked_at.get_value() {
            is_looked_at.set_value(true);
            if contact.get_untracked().marked_unread {
                spawn(async move {
                    // Should that fail, it stays marked, and opening it again is another try.
                    messenger.change_contact(peer, ContactChange::MarkedUnread(false)).await;
                });
            }
        }
    });

    // More than a frame can draw is drawn in several.
    let draws_on = StoredValue::new(false);
    let draw_on = move || {
        draws_on.try_set_value(false);
        version.try_update(|version| *version += 1);
    };
    // What is new is painted first; then the rest comes in, and what is far above the end leaves.
    let rest = move || {
        if draws_on.try_get_value() != Some(false) {
            return;
        }
        let Some(before) = window.try_get_untracked() else { return };
        let after =
            messenger.with_timeline(peer, |timeline| before.rested(&timeline.shown(), page::height()));
        if let Some(after) = after.filter(|after| *after != before && follows_end.get_untracked()) {
            window.set(after);
        }
    };
    // At midnight the labels of days change although no message does.
    let today = local_time::use_today();
    Effect::new(move |known: Option<HashMap<EntryKey, ArcRwSignal<Bubble>>>| {
        version.track();
        today.track();
        let mut known = known.unwrap_or_default();
        if messenger.with_timeline(peer, begins_too_late) == Some(true) {
            messenger.input(Input::OlderRequested { peer });
            return known;
        }
        let mut seen = HashMap::with_capacity(known.len());
        let rows = messenger.with_timeline(peer, |timeline| {
            let entries = timeline.shown();
            if !is_placed.get_value() && timeline.loading() == Loading::Ready {
                is_placed.set_value(true);
                let unread = (timeline.unread() > 0).then(|| timeline.read_seq());
                set_divider.set(unread);
                window.set(unread.map_or_else(
                    || Window::filling(&entries, page::height()),
                    |read| Window::around(&entries, read),
                ));
            }
            let before = window.get_untracked();
            let is_drawn = |key: &EntryKey| known.contains_key(key);
            let most = if known.is_empty() {
                MAX_BUBBLES
            } else {
                window::most_at_end(page::height(), window::waiting(&entries, is_drawn))
            };
            let most = follows_end.get_untracked().then_some(most);
            let grown = before.grown(&entries, timeline.first_seq(), most);
            if grown != before {
                window.set(grown);
            }
            if follows_end.get_untracked() && grown.rested(&entries, 0.0) != grown {
                page::after_paint(rest);
            }
            let window = window.get();
            let (has_gap, divider) = (timeline.missing() > 0, divider.get_untracked());
            let mut lines = rows::lines(&entries, window, has_gap, divider, local_time::day_of);
            if page::is_visible() && follows_end.get_untracked() {
                let has_drawn = draws_on.get_value();
                let is_held_back = rows::hold_back(&mut lines, has_drawn, |key| known.contains_key(key));
                if is_held_back && !has_drawn {
                    draws_on.set_value(true);
                    page::after_paint(draw_on);
                }
            }
            lines.into_iter().map(|line| row(line, &mut known, &mut seen)).collect::<Vec<_>>()
        });
        let rows = rows.unwrap_or_default();
        let same = |old: &Vec<Row>| old.iter().map(Row::key).eq(rows.iter().map(Row::key));
        if !messages.with_untracked(same) {
            set_messages.set(rows);
        }
        seen
    });

    UseMessages {
        messages,
        connection,
        is_connected: memo(move || connection.get() == Connection::Live).into(),
        typing: messenger.typing_of(peer),
        presence: messenger.presence_of(peer),
        contact,
        is_gone,
        loading: loading.into(),
        missing: Signal::derive(move || missing.get().unwrap_or(0)),
        is_loading_older: Signal::derive(move || is_loading_older.get() == Some(1)),
        oldest: oldest.into(),
        has_older: Signal::derive(move || older_on_server.get() == Some(1) || !is_at_start.get()),
        is_empty: Signal::derive(move || {
            held.get() == Some(0) && loading.get() == Loading::Ready && !is_gone.get()
        }),
        is_at_end: memo(move || window.get().is_at_end()).into(),
        tail: tail.into(),
        follows_end,
        divider,
        peer,
        messenger,
        window,
        version,
    }
}

impl UseMessages {
    /// Sends a message: it is in the outbox when this returns, and in the rows before the next frame.
    pub fn send_message(&self, body: MessageBody) {
        // Ids that grow with time lie side by side in the index of their sender.
        let client_id = ClientId(Uuid::now_v7());
        self.jump_to_end();
        self.messenger.input(Input::SendRequested { peer: self.peer, client_id, body });
    }

    /// Tries a message again that was not sent.
    pub fn retry(&self, key: EntryKey) {
        self.messenger.input(Input::RetryRequested { peer: self.peer, client_id: key.client_id });
    }

    /// Gives up a message that was not sent.
    pub fn delete(&self, key: EntryKey) {
        self.messenger.input(Input::DeleteRequested { peer: self.peer, client_id: key.client_id });
    }

    /// Tries again to load the conversation.
    pub fn reload(&self) {
        self.messenger.input(Input::ReloadRequested { peer: self.peer });
    }

    /// Brings in rows before the first: held ones, otherwise a page from the server.
    pub fn load_older(&self) {
        if !self.show_held_older() {
            self.messenger.input(Input::OlderRequested { peer: self.peer });
        }
    }

    /// Brings in rows before the first that this device holds; whether there were any.
    pub fn show_held_older(&self) -> bool {
        self.with_window(
            |window, entries| {
                if window.is_at_start(entries) { window } else { window.earlier(entries) }
            },
        )
    }

    /// Brings in rows after the last, if the reader is further up.
    pub fn load_newer(&self) {
        self.with_window(|window, entries| if window.is_at_end() { window } else { window.later(entries) });
    }

    /// Shows the newest messages.
    pub fn jump_to_end(&self) {
        self.follows_end.set(true);
        self.with_window(|window, entries| if window.is_at_end() { window } else { Window::at_end(entries) });
    }

    /// The newest row came into view, or went out of it.
    pub fn set_shows_end(&self, shows_end: bool) {
        self.messenger.set_shows_end(shows_end);
    }

    /// How many messages of the peer came after `seq`. Tracked.
    #[must_use]
    pub fn count_after(&self, seq: Seq) -> usize {
        self.version.track();
        let counted = self.messenger.with_timeline(self.peer, |timeline| {
            let shown = timeline.shown();
            let after = shown.partition_point(|it| it.seq.is_some_and(|it| it <= seq));
            shown.starting_at(after).filter(|it| !it.key.mine && it.seq.is_some()).count()
        });
        counted.unwrap_or(0)
    }

    /// Whether the user has not been known to read as far as `seq`.
    #[must_use]
    pub fn is_unread(&self, seq: Seq) -> bool {
        self.messenger.with_timeline(self.peer, Timeline::read_seq).is_some_and(|read| seq > read)
    }

    /// The user has truly seen everything up to `seq`.
    pub fn mark_seen(&self, seq: Seq) {
        if self.is_unread(seq) {
            self.messenger.input(Input::ReadUpTo { peer: self.peer, seq });
        }
    }

    /// Chooses something for the peer; whether the server took it in.
    pub async fn change_contact(&self, change: ContactChange) -> bool {
        self.messenger.change_contact(self.peer, change).await
    }

    /// Tells the operator about the peer; whether that arrived.
    pub async fn report(&self, reason: &str) -> bool {
        self.messenger.report(self.peer, reason).await
    }

    /// The user is typing.
    pub fn note_typing(&self) {
        self.messenger.input(Input::Typing { peer: self.peer });
    }

    /// What was typed and not sent, from an earlier opening.
    #[must_use]
    pub fn draft(&self) -> String {
        self.messenger.draft(self.peer)
    }

    /// Keeps what was typed.
    pub fn save_draft(&self, text: &str) {
        self.messenger.save_draft(self.peer, text);
    }

    fn with_window(&self, change: impl FnOnce(Window, &Shown<'_>) -> Window) -> bool {
        let before = self.window.get_untracked();
        let after = self.messenger.with_timeline(self.peer, |timeline| change(before, &timeline.shown()));
        let after = after.filter(|after| *after != before);
        if let Some(after) = after {
            self.window.set(after);
        }
        after.is_some()
    }
}

fn tail_of(timeline: &Timeline) -> Tail {
    let last = timeline.shown().last().map(|entry| entry.key);
    Tail { last, seq: timeline.contiguous() }
}

/// The row of a line. A message that had a row before keeps its signal, and only a change is told.
fn row(
    line: Line,
    known: &mut HashMap<EntryKey, ArcRwSignal<Bubble>>,
    seen: &mut HashMap<EntryKey, ArcRwSignal<Bubble>>,
) -> Row {
    match line {
        Line::Gap => Row::Gap,
        Line::Day(day, at) => Row::Day { day, label: local_time::day_label(at) },
        Line::Unread => Row::Unread,
        Line::Message(key, shown) => {
            let bubble = match known.remove(&key) {
                Some(bubble) => {
                    if bubble.with_untracked(|old| *old != shown) {
                        bubble.set(shown);
                    }
                    bubble
                }
                None => ArcRwSignal::new(shown),
            };
            seen.insert(key, bubble.clone());
            Row::Message { key, bubble }
        }
    }
}

/// The word for how far a message got; none for those of the peer.
#[must_use]
pub fn state_word(words: &Words, delivery: &Delivery) -> Option<&'static str> {
    match delivery {
        Delivery::Sending => Some(words.sending),
        Delivery::NotSent { .. } => Some(words.not_sent),
        Delivery::Sent => Some(words.sent),
        Delivery::Delivered => Some(words.delivered),
        Delivery::Read => Some(words.read),
        Delivery::Received => None,
    }
}

/// Why a message was not sent, by the code of its refusal.
#[must_use]
pub fn refusal(words: &Words, code: &str) -> &'static str {
    match code {
        "blocked" => words.refused_blocked,
        "not_found" => words.account_gone,
        _ => words.refused,
    }
}

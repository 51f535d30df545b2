//! The app's one connection to the server, seen from the components.
//!
//! The socket, the timelines and the outbox belong to the app and outlive any panel: they sit in a
//! `driver` that starts in the browser once the user is known. Components hold a
//! [`Messenger`]: signals to read, and inputs to give. On the server all signals stay at their start.

mod driver;
mod rest;
mod socket;
mod tabs;

use std::collections::HashMap;
use std::rc::Rc;

use chrono::{DateTime, Utc};
use leptos::prelude::*;

use self::driver::Driver;
use super::browser::BrowserCell;
use super::{local_time, page, parts};
use crate::chat::{Connection, Input, PeerState, Timeline};
use crate::domain::{Contact, ContactChange, Profile, UserId};
use crate::i18n::use_words;
use crate::reactive::{effect, memo};

/// Whether somebody is here, and since when not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Whether a device of theirs is connected.
    pub online: bool,
    /// When their last device went away; `None` when never seen.
    pub last_seen: Option<DateTime<Utc>>,
}

impl From<&Profile> for Presence {
    fn from(profile: &Profile) -> Self {
        Self { online: profile.online, last_seen: profile.last_seen }
    }
}

/// A notice of messages from somebody whose conversation is not open.
#[derive(Clone)]
pub struct Toast {
    /// Who wrote.
    pub peer: UserId,
    /// What to show; changes when they write again.
    pub view: ArcRwSignal<ToastView>,
}

/// What a [`Toast`] shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToastView {
    /// The sender's name.
    pub name: String,
    /// The sender's picture.
    pub avatar_url: Option<String>,
    /// The newest message.
    pub text: String,
    /// How many messages this stands for.
    pub count: u32,
}

/// What changes in one conversation.
#[derive(Clone, Default)]
struct PeerSignals {
    version: ArcRwSignal<u64>,
    state: ArcRwSignal<PeerState>,
}

/// Everything the driver writes and components read.
#[derive(Clone, Copy)]
struct Signals {
    connection: RwSignal<Connection>,
    total_unread: RwSignal<u64>,
    activity: RwSignal<u64>,
    toasts: RwSignal<Vec<Toast>>,
    /// Told, again each time, when the user asks to be logged out.
    wants_out: RwSignal<bool>,
    log_out_failed: RwSignal<bool>,
    /// Whose conversation the user asked for outside of the page.
    called: RwSignal<Option<UserId>>,
    peers: StoredValue<HashMap<UserId, PeerSignals>>,
}

impl Signals {
    fn of(&self, peer: UserId) -> PeerSignals {
        let known = self.peers.try_update_value(|peers| peers.entry(peer).or_default().clone());
        known.unwrap_or_default()
    }
}

/// The user's messages, for every component below [`provide_messenger`].
#[derive(Clone, Copy)]
pub struct Messenger {
    me: UserId,
    signals: Signals,
    driver: BrowserCell<Rc<Driver>>,
}

/// Makes a [`Messenger`] for `me` available to everything below, and connects once in the browser.
/// Call it above the pages, so that changing the page keeps the socket.
pub fn provide_messenger(me: UserId) -> Messenger {
    if let Some(messenger) = use_context::<Messenger>().filter(|messenger| messenger.me == me) {
        return messenger;
    }
    let signals = Signals {
        connection: RwSignal::new(Connection::Connecting),
        total_unread: RwSignal::new(0),
        activity: RwSignal::new(0),
        toasts: RwSignal::new(Vec::new()),
        wants_out: RwSignal::new(false),
        log_out_failed: RwSignal::new(false),
        called: RwSignal::new(None),
        peers: StoredValue::new(HashMap::new()),
    };
    let driver = BrowserCell::default();
    let is_whole = parts::use_whole();
    effect(move || {
        if is_whole.get() {
            driver.fill(Driver::start(me, signals));
            page::after_paint(local_time::prepare);
        }
    });
    effect(move || {
        if signals.wants_out.get() && is_whole.get() {
            driver.with(Driver::log_out);
        }
    });
    let messenger = Messenger { me, signals, driver };
    provide_context(messenger);
    messenger
}

/// The [`Messenger`] of the user who is logged in.
#[must_use]
pub fn use_messenger() -> Messenger {
    expect_context()
}

impl Messenger {
    /// Who is logged in.
    #[must_use]
    pub fn me(&self) -> UserId {
        self.me
    }

    /// How the connection stands.
    #[must_use]
    pub fn connection(&self) -> Signal<Connection> {
        self.signals.connection.into()
    }

    /// Unread messages of all conversations.
    #[must_use]
    pub fn total_unread(&self) -> Signal<u64> {
        self.signals.total_unread.into()
    }

    /// Changes whenever a list of conversations may look different: refetch it then.
    #[must_use]
    pub fn activity(&self) -> Signal<u64> {
        self.signals.activity.into()
    }

    /// Unread messages of `peer`.
    #[must_use]
    pub fn unread_of(&self, peer: UserId) -> Signal<u64> {
        let state = self.signals.of(peer).state;
        memo(move || state.with(|state| state.unread)).into()
    }

    /// Unread messages of `peer` and what the user chose for them, as far as this device was told.
    #[must_use]
    pub fn standing_of(&self, peer: UserId) -> Signal<Option<(u64, Contact)>> {
        let state = self.signals.of(peer).state;
        memo(move || state.with(|state| state.is_listed.then_some((state.unread, state.contact)))).into()
    }

    /// Whether the account of `peer` is gone.
    #[must_use]
    pub fn is_gone(&self, peer: UserId) -> Signal<bool> {
        let state = self.signals.of(peer).state;
        memo(move || state.with(|state| state.is_gone)).into()
    }

    /// Whether `peer` is typing to the user.
    #[must_use]
    pub fn typing_of(&self, peer: UserId) -> Signal<bool> {
        let state = self.signals.of(peer).state;
        memo(move || state.with(|state| state.typing)).into()
    }

    /// What the socket knows of `peer`'s presence: nothing before the first message.
    #[must_use]
    pub fn presence_of(&self, peer: UserId) -> Signal<Option<Presence>> {
        let state = self.signals.of(peer).state;
        memo(move || state.with(|state| Some(Presence { online: state.online?, last_seen: state.last_seen })))
            .into()
    }

    /// What the user chose for `peer`.
    #[must_use]
    pub fn contact_of(&self, peer: UserId) -> Signal<Contact> {
        let state = self.signals.of(peer).state;
        memo(move || state.with(|state| state.contact)).into()
    }

    /// Chooses something for `peer`, on all devices of the user; whether the server took it in.
    pub async fn change_contact(&self, peer: UserId, change: ContactChange) -> bool {
        let answer = rest::change_contact(peer, change).await;
        if let Ok(contact) = answer {
            self.input(Input::ContactChanged { peer, contact });
        }
        answer.is_ok()
    }

    /// Tells the operator about `peer`, with what was said last; whether that arrived.
    pub async fn report(&self, peer: UserId, reason: &str) -> bool {
        rest::report(peer, reason).await.is_ok()
    }

    /// The toasts on show, oldest first.
    #[must_use]
    pub fn toasts(&self) -> Signal<Vec<Toast>> {
        self.signals.toasts.into()
    }

    /// Takes a person's toast away.
    pub fn dismiss_toast(&self, peer: UserId) {
        self.signals.toasts.try_update(|toasts| toasts.retain(|toast| toast.peer != peer));
    }

    /// True after a log-out that did not reach the server: the user is still logged in.
    #[must_use]
    pub fn log_out_failed(&self) -> RwSignal<bool> {
        self.signals.log_out_failed
    }

    /// Whose conversation was asked for by a click on a notification: open it.
    #[must_use]
    pub fn called(&self) -> Signal<Option<UserId>> {
        self.signals.called.into()
    }

    /// Ends the session, forgets everything of the user in this browser, and takes every tab to the
    /// log-in page. Does nothing but set [`Self::log_out_failed`] when the server cannot be reached.
    pub fn log_out(&self) {
        self.signals.wants_out.set(true);
    }

    /// What was typed to `peer` and not sent.
    #[must_use]
    pub fn draft(&self, peer: UserId) -> String {
        self.driver.with(|driver| driver.storage().draft(peer)).unwrap_or_default()
    }

    /// Keeps what was typed to `peer`.
    pub fn save_draft(&self, peer: UserId, text: &str) {
        self.driver.with(|driver| driver.storage().save_draft(peer, text));
    }

    /// The conversation with `peer` may be opened next: what it begins with is fetched, if they have talked before.
    pub fn expect_conversation(&self, peer: UserId) {
        self.input(Input::ConversationExpected { peer });
    }

    /// The newest row of the open conversation came into view, or went out of it: what comes in there is not counted.
    pub(super) fn set_shows_end(&self, shows_end: bool) {
        self.driver.with(|driver| driver.set_shows_end(shows_end));
    }

    /// A signal that changes with every visible change of the conversation with `peer`.
    pub(super) fn version_of(&self, peer: UserId) -> ArcRwSignal<u64> {
        self.signals.of(peer).version
    }

    /// Looks at the conversation with `peer`, if it was opened before.
    pub(super) fn with_timeline<R>(&self, peer: UserId, look: impl FnOnce(&Timeline) -> R) -> Option<R> {
        self.driver.with(|driver| driver.with_timeline(peer, look)).flatten()
    }

    /// Tells the session what happened.
    pub(super) fn input(&self, input: Input) {
        self.driver.with(|driver| driver.handle(input));
    }
}

/// `Online`, or `Last seen …` in the viewer's words. What the socket knows wins over `otherwise`,
/// which is what the page was rendered with. Empty while neither knows anything.
#[must_use]
pub fn use_presence_text(
    peer: UserId,
    otherwise: Signal<Option<Presence>>,
) -> (Signal<bool>, Signal<String>) {
    let words = use_words();
    let live = use_context::<Messenger>().map(|messenger| messenger.presence_of(peer));
    let presence = memo(move || live.and_then(|live| live.get()).or_else(|| otherwise.get()));
    let is_interactive = page::use_interactive();
    let is_online = memo(move || presence.get().is_some_and(|presence| presence.online));
    let text = memo(move || match presence.get() {
        None => String::new(),
        Some(Presence { online: true, .. }) => words.online.to_owned(),
        Some(Presence { last_seen: Some(at), .. }) if is_interactive.get() => local_time::seen_label(at),
        Some(_) => words.last_seen_long_ago.to_owned(),
    });
    (is_online.into(), text.into())
}

//! Drives a [`Session`] in the browser: turns events into inputs, carries out actions.
//!
//! The rule of the session is kept in one place, [`Driver::handle`]: every input is followed by
//! carrying out all actions before the next input, also when an action leads to one.
//! Callbacks and tasks hold a weak reference, so nothing outlives the owner of the driver.

mod attention;
mod unread;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::{Rc, Weak};
use std::time::Duration;

use leptos::prelude::*;
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::StorageEvent;

use super::socket::{Socket, SocketEvent};
use super::tabs::{News, Tabs, View};
use super::{Signals, rest};
use crate::chat::{Action, Connection, HistoryQuery, Input, PeerState, Session, Timeline};
use crate::domain::{Profile, UserId};
use crate::hooks::browser::{self, Listener, Timer};
use crate::hooks::notices::Notice;
use crate::hooks::storage::UserStorage;
use crate::hooks::{page, preferences};
use crate::reactive::spawn;

/// The browser's side of a session. See the module.
pub(super) struct Driver {
    me: UserId,
    session: RefCell<Session>,
    waiting: RefCell<VecDeque<Input>>,
    is_busy: Cell<bool>,
    /// Counts connection attempts: a ticket that arrives for an earlier one is dropped.
    attempt: Cell<u64>,
    socket: RefCell<Option<Socket>>,
    timer: RefCell<Timer>,
    listeners: RefCell<Vec<Listener>>,
    tabs: RefCell<Option<Tabs>>,
    storage: UserStorage,
    /// Whose conversation is open in this tab, and whether its newest row is in view.
    open: Cell<Option<UserId>>,
    shows_end: Cell<bool>,
    /// The open conversation while the user looks at it: no toasts for it, in any tab.
    view: RefCell<Option<View>>,
    /// Whose conversations changed since the components were told, and whether there is anything to tell.
    changed: RefCell<Vec<UserId>>,
    is_due: Cell<bool>,
    /// Whether what they were told is painted.
    is_painted: Cell<bool>,
    /// Whose unread messages they were not told the number of yet.
    uncounted: RefCell<Vec<UserId>>,
    profiles: RefCell<HashMap<UserId, Profile>>,
    /// The browser's notifications on show.
    notices: RefCell<HashMap<UserId, Notice>>,
    /// Set when this tab has forgotten its user and is on its way to the log-in page.
    is_over: Cell<bool>,
    /// Set while a log-out is under way: the server then ends this session because we asked for it.
    is_leaving: Cell<bool>,
    signals: Signals,
    this: Weak<Self>,
}

impl Driver {
    /// A driver that listens to the browser and connects.
    #[inline(never)]
    pub(super) fn start(me: UserId, signals: Signals) -> Rc<Self> {
        let driver = Self::new(me, signals);
        driver.listen();
        driver
    }

    fn new(me: UserId, signals: Signals) -> Rc<Self> {
        let storage = UserStorage::new(me);
        // A random UUID is the browser's cryptographic randomness, already linked in for client ids.
        let seed = Uuid::new_v4().as_u64_pair().0;
        let session = Session::new(me, seed, storage.outbox());
        Rc::new_cyclic(|this: &Weak<Self>| {
            let timer = Timer::new(with(this, |driver| driver.handle(Input::TimedOut)));
            Self {
                me,
                session: RefCell::new(session),
                waiting: RefCell::default(),
                is_busy: Cell::new(false),
                attempt: Cell::new(0),
                socket: RefCell::new(None),
                timer: RefCell::new(timer),
                listeners: RefCell::default(),
                tabs: RefCell::new(None),
                storage,
                open: Cell::new(None),
                shows_end: Cell::new(false),
                view: RefCell::default(),
                changed: RefCell::default(),
                is_due: Cell::new(false),
                is_painted: Cell::new(true),
                uncounted: RefCell::default(),
                profiles: RefCell::default(),
                notices: RefCell::default(),
                is_over: Cell::new(false),
                is_leaving: Cell::new(false),
                signals,
                this: Weak::clone(this),
            }
        })
    }

    fn listen(&self) {
        let (window, document) = (window(), document());
        let became_visible = |driver: &Self| {
            driver.count();
            if page::is_visible() {
                driver.handle(Input::BecameVisible);
            }
        };
        let this = Weak::clone(&self.this);
        *self.listeners.borrow_mut() = vec![
            Listener::new(&window, "online", ignore(with(&self.this, |it| it.handle(Input::NetworkBack)))),
            Listener::new(&window, "offline", ignore(with(&self.this, |it| it.handle(Input::NetworkLost)))),
            Listener::new(&window, "focus", ignore(with(&self.this, became_visible))),
            Listener::new(&window, "blur", ignore(with(&self.this, Self::count))),
            Listener::new(&window, "pageshow", ignore(with(&self.this, became_visible))),
            // What is on the desktop would stay there, and lead nowhere.
            Listener::new(
                &window,
                "pagehide",
                ignore(with(&self.this, |it| it.notices.borrow_mut().clear())),
            ),
            Listener::new(
                &document,
                "visibilitychange",
                ignore(with(&self.this, move |driver| {
                    // A page that was hidden meanwhile has not had the frame that this waited for.
                    driver.tell_if_due();
                    became_visible(driver);
                })),
            ),
            Listener::new(&window, "storage", move |event| {
                let key = event.unchecked_into::<StorageEvent>().key();
                let Some(driver) = this.upgrade() else { return };
                if key.is_some_and(|key| driver.storage.is_outbox(&key)) {
                    driver.handle(Input::OutboxChangedElsewhere(driver.storage.outbox()));
                }
            }),
        ];
        let this = Weak::clone(&self.this);
        *self.tabs.borrow_mut() = Tabs::join(self.me, move |news| {
            let Some(driver) = this.upgrade() else { return };
            match news {
                News::LoggedOut => {
                    driver.forget();
                    go_to("/login");
                }
                News::Toasted(peer) => driver.hide_toast(peer),
            }
        });
        self.handle(Input::Started);
    }

    /// Takes an input and carries out what follows from it. Inputs given meanwhile wait their turn.
    pub(super) fn handle(&self, input: Input) {
        self.waiting.borrow_mut().push_back(input);
        if self.is_busy.replace(true) {
            return;
        }
        loop {
            let Some(input) = self.waiting.borrow_mut().pop_front() else { break };
            if self.is_over.get() {
                continue;
            }
            self.watch(&input);
            self.session.borrow_mut().handle(browser::now(), input);
            loop {
                let Some(action) = self.session.borrow_mut().poll() else { break };
                self.perform(action);
            }
        }
        self.is_busy.set(false);
    }

    pub(super) fn storage(&self) -> &UserStorage {
        &self.storage
    }

    pub(super) fn with_timeline<R>(&self, peer: UserId, look: impl FnOnce(&Timeline) -> R) -> Option<R> {
        self.session.borrow().timeline(peer).map(look)
    }

    /// Ends the session on the server, then here and in every other tab.
    pub(super) fn log_out(self: &Rc<Self>) {
        let driver = Rc::clone(self);
        driver.is_leaving.set(true);
        spawn(async move {
            let answer = rest::log_out().await;
            // The answer may get lost after the server has ended the session.
            let has_ended = driver.session.borrow().connection() == Connection::Ended;
            if answer.is_ok() || has_ended {
                driver.announce(News::LoggedOut);
                driver.forget();
                go_to("/login");
            } else {
                driver.is_leaving.set(false);
                driver.signals.log_out_failed.try_set(true);
            }
        });
    }

    /// Keeps nothing of the user in this tab or in storage.
    fn forget(&self) {
        self.is_over.set(true);
        self.attempt.set(self.attempt.get() + 1);
        self.socket.replace(None);
        self.timer.borrow_mut().clear();
        self.storage.purge();
        preferences::forget_calls();
        self.signals.toasts.try_set(Vec::new());
        self.notices.borrow_mut().clear();
    }

    /// What this side wants to know of an input.
    fn watch(&self, input: &Input) {
        match input {
            Input::ConversationOpened { peer } => {
                self.open.set(Some(*peer));
                self.shows_end.set(false);
                self.drop_toast(*peer);
                self.count();
            }
            Input::ConversationClosed { peer } if self.open.get() == Some(*peer) => {
                self.open.set(None);
                self.count();
            }
            // What the user has written waits for no frame that is being painted.
            Input::SendRequested { .. } => queue_microtask(with(&self.this, Self::tell_if_due)),
            _ => {}
        }
    }

    fn perform(&self, action: Action) {
        match action {
            Action::Connect => self.connect(),
            Action::Disconnect => {
                self.attempt.set(self.attempt.get() + 1);
                self.socket.replace(None);
            }
            Action::Transmit(frame) => {
                if let Some(socket) = &*self.socket.borrow() {
                    socket.transmit(&frame);
                }
            }
            Action::FetchHistory { peer, query } => self.fetch_history(peer, query),
            Action::WakeAt(at) => {
                self.timer.borrow_mut().set(at.0.saturating_sub(browser::now().0));
            }
            Action::ConversationChanged(peer) => self.conversation_changed(peer),
            Action::ConnectionChanged => {
                self.signals.connection.try_set(self.session.borrow().connection());
            }
            Action::SaveOutbox => {
                // Another tab may have added something since: nothing of it is written over.
                let combined = self.session.borrow().outbox().combined(self.storage.outbox());
                self.storage.save_outbox(&combined);
            }
            Action::MessageArrived(message) => self.message_arrived(message),
            Action::ActivityChanged => {
                self.signals.activity.try_update(|count| *count += 1);
                self.tell_soon();
            }
            Action::SessionOver if self.is_leaving.get() => {}
            // Until the page is gone one may still write: that goes into the outbox and the draft.
            Action::SessionOver => {
                self.notices.borrow_mut().clear();
                go_to(&log_in_address());
            }
        }
    }

    fn connect(&self) {
        let attempt = self.attempt.get() + 1;
        self.attempt.set(attempt);
        self.socket.replace(None);
        let this = Weak::clone(&self.this);
        spawn(async move {
            let ticket = rest::ws_ticket().await;
            let Some(driver) = this.upgrade().filter(|driver| driver.attempt.get() == attempt) else {
                return;
            };
            let report = move |event| {
                if let Some(driver) = this.upgrade() {
                    driver.handle(match event {
                        SocketEvent::Opened => Input::Opened,
                        SocketEvent::Received(frame) => Input::FrameReceived(frame),
                        SocketEvent::Closed { code } => Input::Closed { code: Some(code) },
                    });
                }
            };
            let session_over = matches!(ticket, Err(rest::Refused::Unauthenticated));
            match ticket.ok().and_then(|ticket| Socket::connect(driver.me, &ticket, report).ok()) {
                Some(socket) => {
                    driver.socket.replace(Some(socket));
                }
                None => driver.handle(Input::TicketRefused { session_over }),
            }
        });
    }

    fn fetch_history(&self, peer: UserId, query: HistoryQuery) {
        let this = Weak::clone(&self.this);
        spawn(async move {
            let answer = rest::history(peer, query).await;
            if let Some(driver) = this.upgrade() {
                driver.handle(match answer {
                    Ok(page) => Input::HistoryLoaded { peer, query, page },
                    Err(rest::Refused::NotFound) => Input::PeerGone { peer },
                    Err(_) => Input::HistoryFailed { peer, query },
                });
            }
        });
    }

    fn conversation_changed(&self, peer: UserId) {
        let state = self.session.borrow().peer(peer);
        if state.unread == 0 {
            self.drop_toast(peer);
        }
        if state.is_gone {
            self.storage.save_draft(peer, "");
        }
        {
            let mut changed = self.changed.borrow_mut();
            if !changed.contains(&peer) {
                changed.push(peer);
            }
        }
        self.tell_soon();
    }

    /// Has the components told once this input is done with, but, own messages aside, only once for each frame: what
    /// comes in faster than it can be painted is drawn together, after the frame that could not have it any more and in a task of
    /// its own, which keeps both short. A page that nobody can see has no frames; there they are told each time.
    fn tell_soon(&self) {
        let is_first = !self.is_due.replace(true);
        if is_first && (self.is_painted.get() || !page::is_visible()) {
            queue_microtask(with(&self.this, Self::tell_if_due));
        }
    }

    fn tell_if_due(&self) {
        if !self.is_due.replace(false) {
            return;
        }
        if self.is_painted.replace(false) {
            page::after_paint(with(&self.this, |driver| {
                driver.count();
                // In a task of its own once more: after many messages both take long.
                set_timeout(with(&driver.this, Self::tell_painted), Duration::ZERO);
            }));
        }
        self.tell();
        if !page::is_visible() {
            self.count();
        }
    }

    fn tell_painted(&self) {
        self.is_painted.set(true);
        self.tell_if_due();
    }

    /// Tells the components what changed since the last time. A number alone comes after the rows are painted: it is
    /// on three places of the page, which then have not to be laid out in the same frame.
    fn tell(&self) {
        for peer in self.changed.take() {
            let signals = self.signals.of(peer);
            let known = signals.state.get_untracked();
            let state = PeerState { unread: known.unread, ..self.session.borrow().peer(peer) };
            if known != state {
                signals.state.set(state);
            }
            signals.version.update(|version| *version += 1);
            let mut uncounted = self.uncounted.borrow_mut();
            if !uncounted.contains(&peer) {
                uncounted.push(peer);
            }
        }
    }

    fn announce(&self, news: News) {
        if let Some(tabs) = &*self.tabs.borrow() {
            tabs.announce(news);
        }
    }
}

/// A callback that does nothing once the driver is gone.
fn with(this: &Weak<Driver>, act: impl Fn(&Driver) + 'static) -> impl Fn() + 'static {
    let this = Weak::clone(this);
    move || {
        if let Some(driver) = this.upgrade() {
            act(&driver);
        }
    }
}

fn ignore(callback: impl Fn() + 'static) -> impl FnMut(web_sys::Event) + 'static {
    move |_| callback()
}

fn go_to(address: &str) {
    let _ = window().location().replace(address);
}

/// The log-in page, which leads back to where the user is now.
fn log_in_address() -> String {
    let location = window().location();
    let here = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    format!("/login?next={}", String::from(js_sys::encode_uri_component(&here)))
}

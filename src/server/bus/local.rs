//! The streams of one instance: who listens here to which user, and what waits for them.
//!
//! Delivering never waits: each stream has a bounded mailbox, and a reader that is too slow finds
//! one [`BusEvent::Lost`] where the payloads that did not fit were. Where payloads come from is
//! left to the buses.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures::Stream;

use super::{BusEvent, meter};
use crate::domain::UserId;

/// A mailbox holds at most so many events …
const MAILBOX_EVENTS: usize = 512;
/// … and so many bytes of payload.
const MAILBOX_BYTES: usize = 1024 * 1024;

type Emptied = Box<dyn Fn(UserId) + Send + Sync>;

/// See the module's documentation.
pub(super) struct Local {
    state: Mutex<State>,
    /// How payloads begin that nobody here is to get.
    own: OnceLock<Box<[u8]>>,
    emptied: Emptied,
}

#[derive(Default)]
struct State {
    users: HashMap<UserId, Vec<Arc<Mailbox>>>,
    closed: bool,
}

impl Local {
    /// `emptied` is called after the last stream of a user was dropped.
    pub(super) fn new(emptied: impl Fn(UserId) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), own: OnceLock::new(), emptied: Box::new(emptied) })
    }

    /// A new stream of what is delivered to the user from now on.
    pub(super) fn listen(self: &Arc<Self>, user: UserId) -> Listener {
        let mailbox = Arc::new(Mailbox::default());
        let mut state = self.state();
        if state.closed {
            mailbox.update(|slot| slot.closed = true);
        } else {
            state.users.entry(user).or_default().push(Arc::clone(&mailbox));
        }
        drop(state);
        Listener { local: Arc::clone(self), user, mailbox }
    }

    /// See [`Bus::leave_out`](super::Bus::leave_out).
    pub(super) fn leave_out(&self, own: &str) {
        self.own.set(own.as_bytes().into()).expect("one instance has one way to begin");
    }

    /// Puts a payload in every mailbox of the user, unless it is one of this instance's own.
    pub(super) fn deliver(&self, user: UserId, payload: &[u8]) {
        if let Some(mailboxes) = self.state().users.get(&user) {
            meter::received();
            if self.own.get().is_some_and(|own| payload.starts_with(own)) {
                return;
            }
            let payload = Bytes::copy_from_slice(payload);
            for mailbox in mailboxes {
                mailbox.update(|slot| slot.put(payload.clone()));
            }
        }
    }

    /// Tells every stream of the user that it may lack something.
    pub(super) fn lose(&self, user: UserId) {
        if let Some(mailboxes) = self.state().users.get(&user) {
            for mailbox in mailboxes {
                mailbox.update(Slot::lose);
            }
        }
    }

    /// Tells every stream that it may lack something.
    pub(super) fn lose_all(&self) {
        for mailbox in self.state().users.values().flatten() {
            mailbox.update(Slot::lose);
        }
    }

    /// Whether the user has a stream here.
    pub(super) fn hears(&self, user: UserId) -> bool {
        self.state().users.contains_key(&user)
    }

    /// Everyone who has a stream here.
    pub(super) fn users(&self) -> Vec<UserId> {
        self.state().users.keys().copied().collect()
    }

    /// How many users have a stream here.
    pub(super) fn count(&self) -> usize {
        self.state().users.len()
    }

    /// Ends every stream, after what already waits in it.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        for mailbox in std::mem::take(&mut state.users).into_values().flatten() {
            mailbox.update(|slot| slot.closed = true);
        }
    }

    /// Whether [`Self::close`] was called.
    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    fn leave(&self, user: UserId, mailbox: &Arc<Mailbox>) {
        let mut state = self.state();
        let Some(mailboxes) = state.users.get_mut(&user) else { return };
        mailboxes.retain(|other| !Arc::ptr_eq(other, mailbox));
        if mailboxes.is_empty() {
            state.users.remove(&user);
            drop(state);
            (self.emptied)(user);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No step under this lock leaves the map half changed, so a panic elsewhere is no reason
        // to stop delivering.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One stream of one user. Dropping it leaves; the last one to leave is reported.
pub(super) struct Listener {
    local: Arc<Local>,
    user: UserId,
    mailbox: Arc<Mailbox>,
}

impl Stream for Listener {
    type Item = BusEvent;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<BusEvent>> {
        self.mailbox.poll(context)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.local.leave(self.user, &self.mailbox);
    }
}

#[derive(Default)]
struct Mailbox(Mutex<Slot>);

#[derive(Default)]
struct Slot {
    events: VecDeque<BusEvent>,
    bytes: usize,
    closed: bool,
    reader: Option<Waker>,
}

impl Mailbox {
    fn update(&self, change: impl FnOnce(&mut Slot)) {
        let mut slot = self.slot();
        change(&mut slot);
        let reader = slot.reader.take();
        // A woken reader may run at once on another thread: it must find the lock free.
        drop(slot);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<BusEvent>> {
        let mut slot = self.slot();
        match slot.events.pop_front() {
            Some(event) => {
                if let BusEvent::Payload(payload) = &event {
                    slot.bytes -= payload.len();
                }
                Poll::Ready(Some(event))
            }
            None if slot.closed => Poll::Ready(None),
            None => {
                slot.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn put(&mut self, payload: Bytes) {
        if self.events.len() >= MAILBOX_EVENTS || self.bytes + payload.len() > MAILBOX_BYTES {
            // The reader has to ask the store anyway: what waits is of no more use to it, and the
            // newest payloads (typing, presence) are worth more than the oldest.
            self.events.clear();
            self.bytes = 0;
            self.lose();
            if payload.len() > MAILBOX_BYTES {
                return;
            }
        }
        self.bytes += payload.len();
        self.events.push_back(BusEvent::Payload(payload));
    }

    fn lose(&mut self) {
        if self.events.back() != Some(&BusEvent::Lost) {
            self.events.push_back(BusEvent::Lost);
            meter::lost();
        }
    }
}

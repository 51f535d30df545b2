//! A client as a test holds it: what its user does, and what can be seen of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use mosaic::chat::Connection;
use mosaic::domain::{Seq, UserId};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::{Driver, Happening};
use crate::history::record::{ClientNo, Recorder};
use crate::tools::{Dice, until};
use crate::wire::{Door, Person};

/// Who a client is, and where it finds servers.
pub struct Place {
    pub person: Person,
    pub peer: UserId,
    pub doors: Vec<Door>,
    /// The door of the first connection.
    pub home: usize,
    pub reads: Reads,
}

/// When its user reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// All the time, a few messages behind.
    Along,
    /// When told to.
    WhenTold,
}

/// What can be seen of a client from outside.
#[derive(Clone, Copy, Debug)]
pub struct View {
    pub connection: Connection,
    /// The end of what is shown without a hole.
    pub shown: Seq,
    /// How far its user has read, and how far the peer has.
    pub read: Seq,
    pub peer_read: Seq,
    /// The badges: of the conversation, and the total.
    pub unread: (u64, u64),
    /// How many messages wait to be acknowledged.
    pub waiting: usize,
    /// Which door the connection went through.
    pub instance: usize,
    /// How much of what its user did it has taken in.
    pub(super) taken: usize,
}

/// A running client; it ends when this is dropped.
pub struct Client {
    /// Its number in the history.
    pub no: ClientNo,
    pub person: UserId,
    pub peer: UserId,
    happenings: UnboundedSender<Happening>,
    told: AtomicUsize,
    view: watch::Receiver<View>,
    task: AbortHandle,
}

impl Client {
    pub fn start(place: Place, recorder: &Recorder, dice: &mut Dice) -> Self {
        let (sender, receiver) = unbounded_channel();
        let (person, peer) = (place.person.id, place.peer);
        let driver = Driver::new(place, recorder.clone(), dice.fork(), sender.clone());
        let (no, view) = (driver.no, driver.view.subscribe());
        let task = tokio::spawn(driver.run(receiver)).abort_handle();
        Self { no, person, peer, happenings: sender, told: AtomicUsize::new(0), view, task }
    }

    /// The user writes something.
    pub fn say(&self, text: String) {
        self.tell(Happening::Say(text));
    }

    /// The user reads up to this position.
    pub fn read(&self, seq: Seq) {
        self.tell(Happening::Read(seq));
    }

    /// The network is gone for a moment.
    pub fn reconnect(&self) {
        self.tell(Happening::Reconnect);
    }

    /// The page is reloaded.
    pub fn reload(&self) {
        self.tell(Happening::Reload);
    }

    pub fn view(&self) -> View {
        *self.view.borrow()
    }

    /// Whether it shows this much and waits for nothing.
    pub fn shows(&self, seq: u64) -> bool {
        self.is_settled() && self.view().shown == Seq(seq)
    }

    /// Whether everything its user did was taken in, and is acknowledged.
    pub fn is_settled(&self) -> bool {
        let view = self.view();
        view.taken == self.told.load(Ordering::SeqCst) && view.waiting == 0
    }

    /// Whether it is connected, after everything its user did.
    pub fn is_live(&self) -> bool {
        let view = self.view();
        view.taken == self.told.load(Ordering::SeqCst) && view.connection == Connection::Live
    }

    fn tell(&self, happening: Happening) {
        self.told.fetch_add(1, Ordering::SeqCst);
        assert!(self.happenings.send(happening).is_ok(), "the client has crashed");
    }
}

/// Waits until all of them are connected.
pub async fn connected(clients: &[&Client]) {
    until("everybody is connected", async || clients.iter().all(|client| client.is_live())).await;
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

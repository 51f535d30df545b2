//! The use cases. Everything a person can do goes through here, whichever way it came in: HTTP, the
//! socket and the pages share these methods, and only these decide who may do what (`access`).

mod access;
mod accounts;
mod contacts;
mod export;
mod messages;
mod own_account;
mod people;
mod presence;
mod retention;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::auth::Passwords;
use super::bus::SharedBus;
use super::clock::Clock;
use super::error::ServiceError;
use super::fanout::Fanout;
use super::hub::Hub;
use super::limits::Limits;
use super::store::{InstanceId, SharedStore};

pub use accounts::{Caller, LoggedIn, SignUp};
pub use export::Export;
pub use messages::{Draft, Sent};
pub use own_account::Device;
use presence::Notes;

/// The result of a use case.
pub type Result<T, E = ServiceError> = std::result::Result<T, E>;

/// The use cases and what they work with.
pub struct Service {
    /// What is durable.
    pub store: SharedStore,
    /// Between instances.
    pub bus: SharedBus,
    /// The time.
    pub clock: Clock,
    /// Who is connected here.
    pub hub: Arc<Hub>,
    /// Tells people things.
    pub fanout: Fanout,
    /// How often things may be done.
    pub limits: Limits,
    /// This process, as presence knows it.
    pub instance: InstanceId,
    /// Until when, by the database's clock, ended log-ins were asked for; `None` before the first answer.
    pub watermark: watch::Sender<Option<DateTime<Utc>>>,
    /// Who is noted in the store as being here.
    notes: Notes,
    /// Whether this process says that it is cut off from the bus.
    is_cut_off: AtomicBool,
    passwords: Passwords,
    /// Turns at reading where a user's conversations stand.
    heads: Semaphore,
    /// What runs to its end whether or not somebody still waits for it.
    pub under_way: TaskTracker,
}

/// How many users' conversations are looked up at a time. When the bus comes back every socket asks
/// at once; this leaves connections of the store to everybody else.
const HEADS_AT_A_TIME: usize = 8;

impl Service {
    /// Puts the parts together; nothing runs yet.
    #[must_use]
    pub fn new(store: SharedStore, bus: SharedBus, clock: Clock, limits: Limits) -> Arc<Self> {
        let instance = Uuid::now_v7();
        let hub = Arc::new(Hub::new(limits.are_on()));
        let fanout = Fanout::new(Arc::clone(&hub), Arc::clone(&bus), clock.clone(), instance);
        Arc::new(Self {
            store,
            bus,
            clock,
            hub,
            fanout,
            limits,
            instance,
            watermark: watch::Sender::new(None),
            notes: Notes::default(),
            is_cut_off: AtomicBool::new(false),
            passwords: Passwords::new(),
            heads: Semaphore::new(HEADS_AT_A_TIME),
            under_way: TaskTracker::new(),
        })
    }

    /// Waits until everything that was begun is stored and told.
    pub async fn finish(&self) {
        self.under_way.close();
        self.under_way.wait().await;
    }
}

//! Who is connected to this instance, and what waits to be written to each of their sockets.
//!
//! The hub routes; it never waits for a socket and never asks the store. Invariants: a socket's
//! queue is bounded, what was dropped from it is announced by a resync, and an answer to the
//! device's own frame is never dropped while its log-in lasts: its reader waits instead.

mod order;
mod queue;
mod socket;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::SetOnce;
use tokio::task::AbortHandle;

use super::auth::Viewer;
use crate::chat::protocol::close_code;
use crate::domain::{SessionId, UserId};

pub use order::{HeldUp, SendOrder};
pub use queue::{Batch, Closing, Queue};
pub use socket::{Socket, SocketId};

/// Sockets one user may have; the oldest gives way.
const SOCKETS_PER_USER: usize = 8;

/// See the module's documentation.
#[derive(Debug)]
pub struct Hub {
    users: Mutex<HashMap<UserId, Devices>>,
    last_id: AtomicU64,
    sockets_per_user: usize,
}

#[derive(Debug)]
struct Devices {
    sockets: Vec<Arc<Socket>>,
    /// Set when the user's channel is subscribed.
    subscribed: Arc<SetOnce<()>>,
    forwarder: AbortHandle,
}

/// A socket that joined, and whether it is the user's first here.
#[derive(Debug)]
pub struct Joined {
    /// The socket, receiving from now on.
    pub socket: Arc<Socket>,
    /// Set when the user's channel is subscribed.
    pub subscribed: Arc<SetOnce<()>>,
    /// Whether no other socket of the user was here.
    pub is_first: bool,
}

impl Hub {
    /// Nobody is here yet. `is_limited`: whether the oldest of too many sockets of a user gives way.
    #[must_use]
    pub fn new(is_limited: bool) -> Self {
        let sockets_per_user = if is_limited { SOCKETS_PER_USER } else { usize::MAX };
        Self { users: Mutex::default(), last_id: AtomicU64::new(0), sockets_per_user }
    }

    /// Adds a socket. `forward` starts the task that brings the user's channel here; it is called
    /// for the first socket only.
    pub fn join(&self, viewer: Viewer, forward: impl FnOnce(Arc<SetOnce<()>>) -> AbortHandle) -> Joined {
        let id = SocketId(self.last_id.fetch_add(1, Ordering::Relaxed));
        let socket = Arc::new(Socket::new(id, viewer));
        let mut users = lock(&self.users);
        let mut is_first = false;
        let devices = users.entry(viewer.user_id).or_insert_with(|| {
            is_first = true;
            let subscribed = Arc::default();
            Devices { sockets: Vec::new(), forwarder: forward(Arc::clone(&subscribed)), subscribed }
        });
        devices.sockets.push(Arc::clone(&socket));
        let excess = devices.sockets.len().saturating_sub(self.sockets_per_user);
        for oldest in &devices.sockets[..excess] {
            oldest.close(close_code::TOO_MANY_DEVICES, "too many devices");
        }
        metrics::gauge!("mosaic_sockets").increment(1);
        Joined { socket, subscribed: Arc::clone(&devices.subscribed), is_first }
    }

    /// Removes a socket; `true` when it was the user's last here.
    pub fn leave(&self, socket: &Socket) -> bool {
        let mut users = lock(&self.users);
        let Some(devices) = users.get_mut(&socket.viewer.user_id) else { return false };
        let before = devices.sockets.len();
        devices.sockets.retain(|other| other.id != socket.id);
        if devices.sockets.len() == before {
            return false;
        }
        metrics::gauge!("mosaic_sockets").decrement(1);
        let was_last = devices.sockets.is_empty();
        if was_last {
            devices.forwarder.abort();
            users.remove(&socket.viewer.user_id);
        }
        was_last
    }

    /// Queues frames for every socket of a user but `except`; says for how many sockets.
    pub fn deliver(&self, user: UserId, frames: &[Utf8Bytes], except: Option<SocketId>) -> usize {
        let mut sockets = self.sockets_of(user);
        sockets.retain(|socket| Some(socket.id) != except);
        sockets.iter().for_each(|socket| socket.offer(frames));
        sockets.len()
    }

    /// Tells every device of a user to compare with the store.
    pub fn resync(&self, user: UserId) {
        self.sockets_of(user).iter().for_each(|socket| socket.resync());
    }

    /// Closes the sockets of log-ins that ended.
    pub fn end_sessions(&self, ended: &[SessionId]) {
        let users = lock(&self.users);
        let sockets = users.values().flat_map(|devices| &devices.sockets);
        for socket in sockets.filter(|socket| ended.contains(&socket.viewer.session_id)) {
            socket.end_session();
        }
    }

    /// Every socket here.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Socket>> {
        lock(&self.users).values().flat_map(|devices| devices.sockets.iter().cloned()).collect()
    }

    /// Every log-in with a socket here.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionId> {
        let all: HashSet<_> = self.all().iter().map(|socket| socket.viewer.session_id).collect();
        all.into_iter().collect()
    }

    /// Every user with a socket here.
    #[must_use]
    pub fn users(&self) -> Vec<UserId> {
        lock(&self.users).keys().copied().collect()
    }

    /// Whether a user has a socket here.
    #[must_use]
    pub fn holds(&self, user: UserId) -> bool {
        lock(&self.users).contains_key(&user)
    }

    fn sockets_of(&self, user: UserId) -> Vec<Arc<Socket>> {
        lock(&self.users).get(&user).map(|devices| devices.sockets.clone()).unwrap_or_default()
    }
}

/// A panic elsewhere leaves these structures whole, so its poison is of no interest.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    fn viewer() -> Viewer {
        Viewer { user_id: UserId(Uuid::from_u128(1)), session_id: SessionId(Uuid::from_u128(2)) }
    }

    fn join(hub: &Hub) -> Joined {
        hub.join(viewer(), |_| tokio::spawn(std::future::pending::<()>()).abort_handle())
    }

    #[tokio::test]
    async fn the_oldest_of_too_many_devices_gives_way() {
        let hub = Hub::new(true);
        let all: Vec<_> = (0..=SOCKETS_PER_USER).map(|_| join(&hub)).collect();
        assert_eq!(all.iter().filter(|joined| joined.is_first).count(), 1);
        assert_eq!(all[0].socket.closing().await.0, close_code::TOO_MANY_DEVICES);
        assert!(all[1].socket.closing().now_or_never().is_none());
    }

    #[tokio::test]
    async fn the_last_to_leave_is_told_so() {
        let hub = Hub::new(true);
        let (a, b) = (join(&hub).socket, join(&hub).socket);
        assert!(!hub.leave(&a));
        assert!(!hub.leave(&a));
        assert!(hub.leave(&b));
        assert!(!hub.holds(viewer().user_id));
    }
}

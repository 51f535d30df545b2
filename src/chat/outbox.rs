//! What the user wrote and the server has not confirmed, in the order it is to be sent.
//!
//! It is persisted before the first try, keyed by the user, and several tabs may share it. Sends
//! are idempotent, so two tabs that send the same item are harmless; what must never happen is that
//! an item gets lost because one tab wrote over what another had just added. Hence two rules:
//!
//! - An item that is missing from what another tab wrote is kept, unless that tab says in
//!   [`Outbox::settled`] that it is done with it.
//! - Even then an item that is still on its way here stays until this tab has its own proof.

mod stored;

use serde::{Deserialize, Serialize};

use self::stored::Stored;
use super::Millis;
use crate::domain::{ClientId, UserId};

/// How many settled ids are remembered: enough to outlive a burst of writes by several tabs.
/// Forgetting one costs a repeated send, nothing else.
const REMEMBERED: usize = 128;

/// The unsent messages of one user, oldest first. Serialises to what is persisted; of what is found there
/// every item is taken that can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Outbox {
    items: Vec<OutboxItem>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    settled: Vec<ClientId>,
}

/// One message that waits to be stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutboxItem {
    /// Makes sending it again safe.
    pub client_id: ClientId,
    /// Whom it is for.
    pub peer: UserId,
    /// The text, verbatim.
    pub content: String,
    /// When it was queued, or queued again. Strictly increasing within a device: it is the order.
    pub queued_at: Millis,
    /// The code with which the server refused it for good; `None` while it is to be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// What [`Outbox::merge`] found in another tab's copy.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Merged {
    /// Items that were not known here.
    pub(super) added: Vec<ClientId>,
    /// Items that the other tab refused or queued again.
    pub(super) updated: Vec<ClientId>,
    /// Refused items that were deleted there.
    pub(super) removed: Vec<OutboxItem>,
    /// Whether the other copy lacks something that only this one holds.
    pub(super) incomplete: bool,
}

impl Outbox {
    /// The items in the order in which they are sent, refused ones included.
    #[must_use]
    pub fn items(&self) -> &[OutboxItem] {
        &self.items
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Ids that were confirmed or deleted lately, so that another tab's older copy cannot bring
    /// them back.
    #[must_use]
    pub fn settled(&self) -> &[ClientId] {
        &self.settled
    }

    pub(super) fn get(&self, client_id: ClientId) -> Option<&OutboxItem> {
        self.items.iter().find(|item| item.client_id == client_id)
    }

    pub(super) fn get_mut(&mut self, client_id: ClientId) -> Option<&mut OutboxItem> {
        self.items.iter_mut().find(|item| item.client_id == client_id)
    }

    /// Queues a message at the end. A clock that went backwards does not change the order.
    pub(super) fn push(&mut self, now: Millis, client_id: ClientId, peer: UserId, content: String) {
        let last = self.items.last().map_or(Millis::default(), |item| item.queued_at);
        let queued_at = now.max(last.after(1));
        self.items.push(OutboxItem { client_id, peer, content, queued_at, failed: None });
    }

    /// Takes an item out for good, because it is stored or because the user deleted it.
    pub(super) fn settle(&mut self, client_id: ClientId) -> Option<OutboxItem> {
        let at = self.items.iter().position(|item| item.client_id == client_id)?;
        self.remember(client_id);
        Some(self.items.remove(at))
    }

    /// Queues a refused item again, at the end and later than before, so that this is the state
    /// that other tabs take over.
    pub(super) fn requeue(&mut self, now: Millis, client_id: ClientId) {
        if let Some(at) = self.items.iter().position(|item| item.client_id == client_id) {
            let item = self.items.remove(at);
            self.push(now.max(item.queued_at.after(1)), client_id, item.peer, item.content);
        }
    }

    fn remember(&mut self, client_id: ClientId) {
        if !self.settled.contains(&client_id) {
            if self.settled.len() == REMEMBERED {
                self.settled.remove(0);
            }
            self.settled.push(client_id);
        }
    }

    /// What to write where `stored` is found: this outbox, and what another tab has added since it
    /// was last read. Reading, this, and writing in one go keeps tabs from wiping out each other's
    /// items.
    #[must_use]
    pub fn combined(&self, stored: Self) -> Self {
        let mut both = self.clone();
        both.merge(stored);
        both
    }

    /// Takes in what another tab wrote. The later state of an item wins: queued again after
    /// refused, refused after queued.
    pub(super) fn merge(&mut self, other: Self) -> Merged {
        let mut merged = Merged::default();
        for item in &self.items {
            let known = other.get(item.client_id).is_some_and(|theirs| !newer(item, theirs));
            merged.incomplete |= !known && !other.settled.contains(&item.client_id);
        }
        for theirs in other.items {
            if self.settled.contains(&theirs.client_id) {
                continue;
            }
            match self.get_mut(theirs.client_id) {
                None => {
                    merged.added.push(theirs.client_id);
                    self.items.push(theirs);
                }
                Some(ours) if newer(&theirs, ours) => {
                    merged.updated.push(theirs.client_id);
                    *ours = theirs;
                }
                Some(_) => {}
            }
        }
        for client_id in other.settled {
            match self.get(client_id) {
                // Still on its way here: the acknowledgement that tab saw is not ours to trust.
                Some(item) if item.failed.is_none() => {}
                Some(_) => merged.removed.extend(self.settle(client_id)),
                None => self.remember(client_id),
            }
        }
        self.items.sort_by_key(|item| (item.queued_at, item.client_id));
        merged
    }
}

/// Whether `a` is a later state of the same item than `b`.
fn newer(a: &OutboxItem, b: &OutboxItem) -> bool {
    (a.queued_at, a.failed.is_some()) > (b.queued_at, b.failed.is_some())
}

//! What a user leaves in this browser: the outbox and the drafts, under `mosaic.{user}.`.
//!
//! Storage may be full, switched off or cleared at any time; nothing here fails because of it.

use std::cell::Cell;

use leptos::prelude::window;
use web_sys::Storage;

use crate::chat::Outbox;
use crate::domain::UserId;

/// The part of local storage that belongs to one user.
pub struct UserStorage {
    prefix: String,
    /// Set at log-out: nothing may be written after the purge.
    is_sealed: Cell<bool>,
}

impl UserStorage {
    /// The part that belongs to `user`.
    #[must_use]
    pub fn new(user: UserId) -> Self {
        Self { prefix: format!("mosaic.{user}."), is_sealed: Cell::new(false) }
    }

    /// Whether `key` is where the outbox is kept.
    #[must_use]
    pub fn is_outbox(&self, key: &str) -> bool {
        key.strip_prefix(&self.prefix) == Some("outbox")
    }

    /// The outbox as it was last saved, by whichever tab.
    #[must_use]
    pub fn outbox(&self) -> Outbox {
        let saved = self.read("outbox");
        saved.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
    }

    /// Keeps the outbox over a reload.
    pub fn save_outbox(&self, outbox: &Outbox) {
        // An empty one may still say what was settled: other tabs need that.
        let json = serde_json::to_string(outbox).ok().filter(|_| *outbox != Outbox::default());
        self.write("outbox", json.as_deref().unwrap_or_default());
    }

    /// What was typed to `peer` and not sent.
    #[must_use]
    pub fn draft(&self, peer: UserId) -> String {
        self.read(&format!("draft.{peer}")).unwrap_or_default()
    }

    /// Keeps what was typed to `peer`; nothing when blank.
    pub fn save_draft(&self, peer: UserId, text: &str) {
        self.write(&format!("draft.{peer}"), text);
    }

    /// Removes everything of this user, for good.
    pub fn purge(&self) {
        self.is_sealed.set(true);
        let Some(storage) = local_storage() else { return };
        let count = storage.length().unwrap_or(0);
        let keys: Vec<String> = (0..count).filter_map(|index| storage.key(index).ok().flatten()).collect();
        for key in keys.iter().filter(|key| key.starts_with(&self.prefix)) {
            let _ = storage.remove_item(key);
        }
    }

    fn read(&self, name: &str) -> Option<String> {
        local_storage()?.get_item(&format!("{}{name}", self.prefix)).ok().flatten()
    }

    fn write(&self, name: &str, value: &str) {
        let Some(storage) = local_storage().filter(|_| !self.is_sealed.get()) else { return };
        let key = format!("{}{name}", self.prefix);
        let _ = if value.is_empty() { storage.remove_item(&key) } else { storage.set_item(&key, value) };
    }
}

fn local_storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

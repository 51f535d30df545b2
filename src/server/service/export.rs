//! Everything Mosaic keeps of somebody, as one JSON document.
//!
//! It is made piece by piece, each asked for when the one before was taken: however much there is, one page of
//! it is held at a time, and no connection of the store while the reader is slow.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use futures::stream::try_unfold;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{Result, Service};
use crate::domain::{Locale, Preferences, Seq, UserId};
use crate::server::auth::Viewer;
use crate::server::store::{Acquaintance, Position};

/// Messages, people or reports fetched at a time.
const PAGE: u32 = 100;

/// The document of one user while it is being made.
pub struct Export {
    service: Arc<Service>,
    user: UserId,
    next: Next,
    /// Whether something stands before the next entry of the list at hand.
    is_begun: bool,
}

/// What follows in the document.
enum Next {
    Head { viewer: Viewer, settings: Preferences },
    Reports { after: Option<Uuid> },
    People { after: Option<UserId> },
    Messages { waiting: Vec<Acquaintance>, peer: UserId, after: Seq },
    End,
}

impl Service {
    /// Begins the document. `settings` is what the asking browser keeps.
    ///
    /// # Errors
    /// [`crate::server::error::ServiceError::RateLimited`].
    pub fn export(self: &Arc<Self>, viewer: Viewer, settings: Preferences) -> Result<Export> {
        self.limits.export(viewer.user_id)?;
        Ok(Export {
            service: Arc::clone(self),
            user: viewer.user_id,
            next: Next::Head { viewer, settings },
            is_begun: false,
        })
    }
}

impl Export {
    /// The document from its first byte to its last. An error breaks it off: what came before is no JSON then.
    pub fn into_pieces(self) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
        try_unfold(self, |mut export| async move {
            let piece = export.piece().await?;
            Ok(piece.map(|piece| (Bytes::from(piece), export)))
        })
    }

    /// The next piece; `None` when the last was given.
    async fn piece(&mut self) -> Result<Option<String>> {
        let mut text = String::new();
        match mem::replace(&mut self.next, Next::End) {
            Next::Head { viewer, settings } => {
                text = self.head(viewer, settings).await?;
                self.next = Next::Reports { after: None };
            }
            Next::Reports { after } => {
                let reports = self.service.store.reports(Some(self.user), after, PAGE).await?;
                self.list(&mut text, &reports);
                self.next = match reports.last() {
                    Some(last) => Next::Reports { after: Some(last.id) },
                    None => {
                        text += "],\"people\":[";
                        self.is_begun = false;
                        Next::People { after: None }
                    }
                };
            }
            Next::People { after } => {
                let people = self.service.store.acquaintances(self.user, after, PAGE).await?;
                self.begin_person(&mut text, people, after.is_none());
            }
            Next::Messages { waiting, peer, after } => self.messages(&mut text, waiting, peer, after).await?,
            Next::End => return Ok(None),
        }
        Ok(Some(text))
    }

    async fn head(&self, viewer: Viewer, settings: Preferences) -> Result<String> {
        let settings = json!({
            "language": settings.locale.map(Locale::tag),
            "theme": settings.theme.name().unwrap_or("system"),
            "reduce_transparency": settings.is_opaque,
            "sound": settings.sound,
            "notifications": settings.notifications,
        });
        let mut head = json!({
            "exported_at": self.service.clock.now(),
            "profile": self.service.own_profile(self.user).await?,
            "settings": settings,
            "sessions": self.service.devices(viewer).await?,
        })
        .to_string();
        head.pop();
        Ok(head + ",\"reports\":[")
    }

    /// Begins the first of these people; none left ends the document.
    fn begin_person(&mut self, text: &mut String, mut people: Vec<Acquaintance>, is_first: bool) {
        people.reverse();
        let Some(person) = people.pop() else {
            *text += "]}";
            return;
        };
        self.open_person(text, &person, is_first);
        self.next = Next::Messages { waiting: people, peer: person.id, after: Seq::ZERO };
    }

    fn open_person(&mut self, text: &mut String, person: &Acquaintance, is_first: bool) {
        if !is_first {
            text.push(',');
        }
        *text += &json_of(person);
        text.pop();
        *text += ",\"messages\":[";
        self.is_begun = false;
    }

    async fn messages(
        &mut self,
        text: &mut String,
        mut waiting: Vec<Acquaintance>,
        peer: UserId,
        after: Seq,
    ) -> Result<()> {
        let page =
            self.service.store.get_messages_between(self.user, peer, PAGE, Position::After(after)).await?;
        // Somebody who left meanwhile took the rest along.
        let messages = page.map(|page| page.messages).unwrap_or_default();
        self.list(text, &messages);
        self.next = if let Some(last) = messages.last() {
            Next::Messages { waiting, peer, after: last.seq }
        } else {
            *text += "]}";
            match waiting.pop() {
                Some(person) => {
                    self.open_person(text, &person, false);
                    Next::Messages { waiting, peer: person.id, after: Seq::ZERO }
                }
                None => Next::People { after: Some(peer) },
            }
        };
        Ok(())
    }

    /// More entries of the list at hand.
    fn list<T: Serialize>(&mut self, text: &mut String, entries: &[T]) {
        for entry in entries {
            if mem::replace(&mut self.is_begun, true) {
                text.push(',');
            }
            *text += &json_of(entry);
        }
    }
}

fn json_of<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("what the store gives can be written as JSON")
}

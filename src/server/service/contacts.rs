//! What people choose for each other, and what they report.

use std::sync::Arc;

use uuid::Uuid;

use super::access::authorise;
use super::{Result, Service};
use crate::chat::protocol::ServerFrame;
use crate::domain::{Contact, ContactChange, UserId};
use crate::server::auth::Viewer;
use crate::server::error::ServiceError;
use crate::server::store::{Position, Report};

/// How many of the last messages go with a report.
const REPORTED: u32 = 20;
/// The longest reason, in characters.
const REASON_CHARS: usize = 1000;

impl Service {
    /// The user chooses something for a peer: their own devices are told, and nobody else. Blocking and
    /// unblocking also change what the two see of each other's presence.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for an unknown person and for oneself; [`ServiceError::RateLimited`].
    pub async fn change_contact(
        self: &Arc<Self>,
        viewer: Viewer,
        peer: UserId,
        change: ContactChange,
    ) -> Result<Contact> {
        self.limits.contact(viewer.user_id)?;
        self.to_its_end(
            move |service| async move { service.change_and_tell(viewer.user_id, peer, change).await },
        )
        .await
    }

    async fn change_and_tell(&self, me: UserId, peer: UserId, change: ContactChange) -> Result<Contact> {
        let contact = authorise(self.store.change_contact(me, peer, change).await?)?;
        self.fanout.tell(me, &ServerFrame::Contact { peer_id: peer, contact }, None).await;
        let is_presence_changed = matches!(change, ContactChange::Blocked(_));
        if is_presence_changed && !self.store.last_seqs(me, &[peer]).await?.is_empty() {
            self.introduce(me, peer).await;
        }
        Ok(contact)
    }

    /// Two people who exchange their first message hear what they chose for each other before: no `welcome`
    /// could list it.
    pub(super) async fn recall_choices(&self, a: UserId, b: UserId) {
        for (me, peer) in [(a, b), (b, a)] {
            if let Ok(Some(page)) = self.store.get_messages_between(me, peer, 1, Position::NEWEST).await
                && page.contact != Contact::default()
            {
                let frame = ServerFrame::Contact { peer_id: peer, contact: page.contact };
                self.fanout.tell(me, &frame, None).await;
            }
        }
    }

    /// The user reports a peer: what was said last goes to the operator with it.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for an unknown person and for oneself; [`ServiceError::Invalid`] without
    /// a reason or with one of more than a thousand characters; [`ServiceError::RateLimited`].
    pub async fn report(&self, viewer: Viewer, peer: UserId, reason: &str) -> Result<()> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_CHARS || reason.contains('\0') {
            return Err(ServiceError::invalid("reason", "Say in 1 to 1000 characters what is wrong."));
        }
        self.limits.report(viewer.user_id)?;
        let said = self.store.get_messages_between(viewer.user_id, peer, REPORTED, Position::NEWEST).await?;
        let report = Report {
            id: Uuid::now_v7(),
            reporter_id: Some(viewer.user_id),
            reported_id: Some(peer),
            reason: reason.to_owned(),
            messages: authorise(said)?.messages,
            created_at: self.clock.now(),
        };
        authorise(self.store.report(&report).await?.then_some(()))?;
        tracing::warn!(report = %report.id, "somebody was reported: see `mosaic reports`");
        metrics::counter!("mosaic_reports_total").increment(1);
        Ok(())
    }
}

//! What people do about their own account: see their devices and end them, change the password, leave.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::accounts::is_current;
use super::{Result, Service};
use crate::chat::protocol::ServerFrame;
use crate::domain::{SessionId, Username};
use crate::server::auth::{Passwords, SESSION_IDLE, Viewer};
use crate::server::error::ServiceError;
use crate::server::store::Verified;

/// Devices listed at most; when some of them end, others take their place.
const DEVICES: u32 = 200;

/// A log-in as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Device {
    /// Names it without opening it.
    pub id: SessionId,
    /// When it logged in.
    pub created_at: DateTime<Utc>,
    /// When it was last seen in use; kept to the minute or better.
    pub last_used_at: DateTime<Utc>,
    /// What it is, in a few words; empty when that was not noted.
    pub device: String,
    /// Whether this is the one that asks.
    pub current: bool,
}

impl Service {
    /// The devices on which somebody is logged in, the one used last first.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn devices(&self, viewer: Viewer) -> Result<Vec<Device>> {
        let now = self.clock.now();
        let sessions = self.store.sessions_of(viewer.user_id, now - SESSION_IDLE, DEVICES).await?;
        let live = sessions.into_iter().filter(|session| is_current(session, now));
        let device = |session: crate::server::store::Session| Device {
            id: session.id,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            device: session.device,
            current: session.id == viewer.session_id,
        };
        Ok(live.map(device).collect())
    }

    /// Ends one of the user's log-ins; its sockets close here at once and elsewhere within two seconds.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for one that is somebody else's, unknown or over.
    pub async fn end_device(&self, viewer: Viewer, id: SessionId) -> Result<()> {
        if !self.store.revoke_session(viewer.user_id, id).await? {
            return Err(ServiceError::NotFound);
        }
        self.hub.end_sessions(&[id]);
        Ok(())
    }

    /// Gives the user another password and ends all their other log-ins.
    ///
    /// # Errors
    /// [`ServiceError::WrongPassword`]; [`ServiceError::Invalid`] for `new_password`;
    /// [`ServiceError::RateLimited`] as for a log-in.
    pub async fn change_password(
        &self,
        viewer: Viewer,
        current: String,
        new: String,
        address: IpAddr,
    ) -> Result<()> {
        Passwords::check_new("new_password", &new)?;
        let verified = self.confirm(viewer, current, address).await?;
        let hash = self.passwords.hash(new).await?;
        let ended = self.store.change_password(&verified, &hash, viewer.session_id).await?;
        self.hub.end_sessions(&ended.ok_or(ServiceError::WrongPassword)?);
        Ok(())
    }

    /// Deletes the user's account with everything in it. Their sockets close; those who had a conversation
    /// with them are told.
    ///
    /// # Errors
    /// [`ServiceError::WrongPassword`]; [`ServiceError::RateLimited`] as for a log-in;
    /// [`ServiceError::Unauthenticated`] when the account is gone already.
    pub async fn delete_account(
        self: &Arc<Self>,
        viewer: Viewer,
        password: String,
        address: IpAddr,
    ) -> Result<()> {
        self.confirm(viewer, password, address).await?;
        self.to_its_end(move |service| async move { service.delete_and_tell(viewer).await }).await
    }

    async fn delete_and_tell(&self, viewer: Viewer) -> Result<()> {
        let left = self.store.delete_account(viewer.user_id).await?.ok_or(ServiceError::Unauthenticated)?;
        self.hub.end_sessions(&left.sessions);
        for peer in left.peers {
            self.fanout.tell(peer, &ServerFrame::Gone { peer_id: viewer.user_id }, None).await;
        }
        Ok(())
    }

    /// Whoever does something that cannot be undone knows the password. Counted with the log-ins: a device
    /// that was left open is no place to guess at it.
    async fn confirm(&self, viewer: Viewer, password: String, address: IpAddr) -> Result<Verified> {
        let own = self.own_profile(viewer.user_id).await?;
        let username = Username::parse(&own.username).map_err(|_| ServiceError::WrongPassword)?;
        let verified = self.identify_within_limits(Some(&username), password, address).await?;
        verified.filter(|verified| verified.user_id == viewer.user_id).ok_or(ServiceError::WrongPassword)
    }
}

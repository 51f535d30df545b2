//! Accounts, log-ins and the tickets that open sockets.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Result, Service};
use crate::domain::{DisplayName, Profile, SessionId, UserId, Username};
use crate::server::auth::{PASSWORD_BYTES, Passwords, SESSION_AGE, SESSION_IDLE, TICKET_AGE, Token, Viewer};
use crate::server::error::ServiceError;
use crate::server::store::{NewProfile, Session, Ticket, Verified};

/// What a person gives to get an account.
#[derive(Clone, Debug, ToSchema)]
pub struct SignUp {
    /// The log-in name they want: 3–32 of `a–z 0–9 _ . -`, folded to lower case.
    #[schema(pattern = "^[A-Za-z0-9_.-]{3,32}$")]
    pub username: String,
    /// Their password: 8–256 bytes of UTF-8, not one of the common ones.
    #[schema(min_length = 8, max_length = 256)]
    pub password: String,
    /// The name others are to see: 1–80 characters after trimming, no control characters.
    #[schema(min_length = 1, max_length = 80, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$")]
    pub display_name: String,
}

/// Where a log-in comes from.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Counted against limits of rate.
    pub address: IpAddr,
    /// What its owner will know it by, in words.
    pub device: String,
}

/// A new log-in.
#[derive(Debug)]
pub struct LoggedIn {
    /// Who.
    pub user: Profile,
    /// The secret for the cookie or the bearer header.
    pub token: Token,
}

/// A log-in's use is noted when the last note is older than this.
const TOUCH_SECONDS: i64 = 60;

impl Service {
    /// Makes an account and logs it in.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] names the field; [`ServiceError::UsernameTaken`].
    pub async fn sign_up(&self, wanted: SignUp, caller: Caller) -> Result<LoggedIn> {
        let username = parse_username(&wanted.username)
            .map_err(|error| ServiceError::invalid("username", error.to_string()))?;
        let display_name = DisplayName::parse(&wanted.display_name)
            .map_err(|error| ServiceError::invalid("display_name", error.to_string()))?;
        Passwords::check_new("password", &wanted.password)?;
        self.limits.sign_up(caller.address)?;
        let profile = NewProfile {
            id: UserId(Uuid::now_v7()),
            username,
            display_name,
            headline: String::new(),
            bio: String::new(),
            interests: Vec::new(),
            password_hash: self.passwords.hash(wanted.password).await?,
            created_at: self.clock.now(),
        };
        if !self.store.create_profile(&profile).await? {
            return Err(ServiceError::UsernameTaken);
        }
        let verified = Verified { user_id: profile.id, password_hash: profile.password_hash };
        self.open_session(&verified, caller.device).await
    }

    /// Logs somebody in. Unknown name and wrong password are told apart by nothing, time included.
    ///
    /// # Errors
    /// [`ServiceError::InvalidCredentials`].
    pub async fn log_in(&self, username: &str, password: String, caller: Caller) -> Result<LoggedIn> {
        let name = parse_username(username).ok();
        // Names nobody can have share one allowance.
        match self.identify_within_limits(name.as_ref(), password, caller.address).await? {
            Some(verified) => self.open_session(&verified, caller.device).await,
            None => Err(ServiceError::InvalidCredentials),
        }
    }

    /// Whose name and password these are, for whoever may try; each failure makes the next wait longer.
    pub(super) async fn identify_within_limits(
        &self,
        name: Option<&Username>,
        password: String,
        address: IpAddr,
    ) -> Result<Option<Verified>> {
        let tried = name.map_or("", Username::as_str);
        self.limits.log_in(tried, address)?;
        let verified = self.identify(name, password).await?;
        self.limits.log_in_ended(tried, address, verified.is_some());
        Ok(verified)
    }

    async fn identify(&self, name: Option<&Username>, password: String) -> Result<Option<Verified>> {
        if password.len() > *PASSWORD_BYTES.end() {
            return Ok(None);
        }
        let known = match name {
            Some(name) => self.store.credentials(name).await?,
            None => None,
        };
        let hash = known.as_ref().map(|known| known.password_hash.clone());
        let fits = self.passwords.verify(password, hash).await?;
        Ok(known.filter(|_| fits))
    }

    /// Ends a log-in; its sockets close here at once and elsewhere within two seconds.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] when it had ended already.
    pub async fn log_out(&self, viewer: Viewer) -> Result<()> {
        let ended = self.store.revoke_session(viewer.user_id, viewer.session_id).await?;
        self.hub.end_sessions(&[viewer.session_id]);
        if ended { Ok(()) } else { Err(ServiceError::Unauthenticated) }
    }

    /// Whose token this is, if its log-in is still good.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] only; a bad token is `None`.
    pub async fn viewer(&self, token: &Token) -> Result<Option<Viewer>> {
        let now = self.clock.now();
        let session = self.store.session(&token.digest()).await?.filter(|session| is_current(session, now));
        let Some(session) = session else { return Ok(None) };
        if (now - session.last_used_at).num_seconds() >= TOUCH_SECONDS {
            self.store.touch_session(session.id, now).await?;
        }
        Ok(Some(Viewer { user_id: session.user_id, session_id: session.id }))
    }

    /// Notes that a log-in is in use.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn note_use(&self, viewer: Viewer) -> Result<()> {
        Ok(self.store.touch_session(viewer.session_id, self.clock.now()).await?)
    }

    /// Closes the sockets of this instance whose log-in is past its time.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn end_expired_sessions(&self) -> Result<()> {
        let (held, now) = (self.hub.sessions(), self.clock.now());
        if !held.is_empty() {
            let expired = self.store.expired_sessions(&held, now - SESSION_AGE, now - SESSION_IDLE).await?;
            self.hub.end_sessions(&expired);
        }
        Ok(())
    }

    /// A pass for one socket.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub async fn issue_ticket(&self, viewer: Viewer) -> Result<Token> {
        self.limits.ticket(viewer.user_id)?;
        let now = self.clock.now();
        let token = Token::random();
        let ticket =
            Ticket { user_id: viewer.user_id, session_id: viewer.session_id, expires_at: now + TICKET_AGE };
        self.store.create_ticket(&token.digest(), &ticket).await?;
        Ok(token)
    }

    /// Spends a pass; looked up is spent.
    ///
    /// # Errors
    /// [`ServiceError::Unauthenticated`] for one that is unknown, spent or expired.
    pub async fn redeem_ticket(&self, token: &Token) -> Result<Viewer> {
        let ticket = self.store.take_ticket(&token.digest()).await?;
        match ticket.filter(|ticket| ticket.expires_at > self.clock.now()) {
            Some(ticket) => Ok(Viewer { user_id: ticket.user_id, session_id: ticket.session_id }),
            None => Err(ServiceError::Unauthenticated),
        }
    }

    /// Hashes a password for accounts that are added from the command line.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when too many wait.
    pub async fn hash_password(&self, password: &str) -> Result<String> {
        self.passwords.hash(password.to_owned()).await
    }

    /// Refused like a wrong password when the one that was verified has been changed meanwhile.
    async fn open_session(&self, verified: &Verified, device: String) -> Result<LoggedIn> {
        let user_id = verified.user_id;
        let now = self.clock.now();
        let token = Token::random();
        let id = SessionId(Uuid::now_v7());
        let session = Session { id, user_id, created_at: now, last_used_at: now, device };
        if !self.store.open_session(&token.digest(), &session, verified).await? {
            return Err(ServiceError::InvalidCredentials);
        }
        let user = self.own_profile(user_id).await?;
        Ok(LoggedIn { user, token })
    }
}

pub(super) fn is_current(session: &Session, now: DateTime<Utc>) -> bool {
    session.created_at + SESSION_AGE > now && session.last_used_at + SESSION_IDLE > now
}

/// Names are compared after NFKC, so that look-alike forms of one letter are one name.
fn parse_username(text: &str) -> Result<Username, crate::domain::InvalidUsername> {
    Username::parse(&text.nfkc().collect::<String>())
}

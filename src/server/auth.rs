//! Secrets: session tokens and tickets, and passwords.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::error::ServiceError;
use super::store::Digest;
use crate::domain::{SessionId, UserId};

/// Who makes a request, and by which log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The person.
    pub user_id: UserId,
    /// Their log-in.
    pub session_id: SessionId,
}

/// 32 random bytes, base64url: a session's or a ticket's secret. Never logged, never stored.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A fresh one from the operating system's generator.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).expect("the operating system always has random bytes");
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What somebody presents; may be anything.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The secret, for its owner only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the database knows it by.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Hashes and verifies passwords: argon2id with OWASP's minimum (19 MiB, two passes, one lane), on
/// blocking threads, few at a time, so that a flood of log-ins leaves the rest of the server alive.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Verified in place of an unknown user's hash, so that both answers take the same time.
    decoy: Arc<str>,
}

/// How many may wait for a turn before the rest is told to come back.
const QUEUE: usize = 64;

/// Bounds of a password in bytes of UTF-8. No rules of composition (NIST SP 800-63B).
pub const PASSWORD_BYTES: std::ops::RangeInclusive<usize> = 8..=256;

/// Refused although long enough: the head of every list of leaked passwords.
const COMMON: &[&str] = &[
    "password",
    "password1",
    "password123",
    "passw0rd",
    "12345678",
    "123456789",
    "1234567890",
    "123123123",
    "11111111",
    "00000000",
    "87654321",
    "qwertyui",
    "qwertyuiop",
    "qwerty123",
    "1q2w3e4r",
    "1qaz2wsx",
    "abc12345",
    "abcd1234",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "trustno1",
    "welcome1",
    "letmein1",
    "whatever",
    "starwars",
    "computer",
    "michelle",
    "jennifer",
    "asdfghjk",
    "zxcvbnm1",
    "changeme",
];

impl Passwords {
    /// Uses at most half of the machine's cores.
    #[must_use]
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            turns: Arc::new(Semaphore::new((cores / 2).max(2))),
            waiting: Arc::new(Semaphore::new(QUEUE)),
            decoy: hash(Token::random().reveal()).into(),
        }
    }

    /// Checks that a password, given in `field`, may be chosen.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] says what would be right.
    pub fn check_new(field: &'static str, password: &str) -> Result<(), ServiceError> {
        if !PASSWORD_BYTES.contains(&password.len()) {
            return Err(ServiceError::invalid(field, "A password has 8 to 256 characters."));
        }
        if COMMON.contains(&password.to_lowercase().as_str()) {
            return Err(ServiceError::invalid(field, "This password is too common. Please choose another."));
        }
        Ok(())
    }

    /// Hashes a password for storage, in PHC string format.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when too many wait.
    pub async fn hash(&self, password: String) -> Result<String, ServiceError> {
        self.in_turn(move || hash(&password)).await
    }

    /// Whether a password fits a stored hash; without a hash it takes as long and says no.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when too many wait.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, ServiceError> {
        // An over-long password was never accepted, so it need not cost a hash.
        if password.len() > *PASSWORD_BYTES.end() {
            return Ok(false);
        }
        let decoy = Arc::clone(&self.decoy);
        self.in_turn(move || {
            let known = stored.is_some();
            verify(&password, stored.as_deref().unwrap_or(&decoy)) && known
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let place = self.waiting.try_acquire().map_err(|_| ServiceError::Unavailable(None))?;
        let turn =
            Arc::clone(&self.turns).acquire_owned().await.map_err(|_| ServiceError::Unavailable(None))?;
        drop(place);
        // The turn goes along: when the client goes away the hash still runs to its end.
        let work = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        work.await.map_err(|_| ServiceError::Unavailable(None))
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

fn argon2() -> Argon2<'static> {
    let params =
        Params::new(19_456, 2, 1, None).expect("the parameters are constants within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> String {
    let hash = argon2().hash_password(password.as_bytes());
    hash.expect("a password of bounded length with a random salt can be hashed").to_string()
}

fn verify(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored)
        .is_ok_and(|stored| argon2().verify_password(password.as_bytes(), &stored).is_ok())
}

/// A session ends when it was not used for this long.
pub const SESSION_IDLE: Duration = Duration::from_secs(7 * 24 * 3600);
/// A session ends at this age, used or not.
pub const SESSION_AGE: Duration = Duration::from_secs(30 * 24 * 3600);
/// A ticket is worthless after this.
pub const TICKET_AGE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new();
        let stored = passwords.hash("mosaic-demo".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.verify("mosaic-demo".into(), Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("mosaic-dema".into(), Some(stored)).await.unwrap());
        assert!(!passwords.verify("mosaic-demo".into(), None).await.unwrap());
    }

    #[test]
    fn short_long_and_common_passwords_are_refused() {
        assert!(Passwords::check_new("password", "mosaic-demo").is_ok());
        for bad in ["short", "", "Password1", &"x".repeat(257)] {
            assert!(Passwords::check_new("password", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tokens_are_long_distinct_and_hidden() {
        let (a, b) = (Token::random(), Token::random());
        assert_ne!(a.digest(), b.digest());
        assert_eq!(a.reveal().len(), 43);
        assert_eq!(format!("{a:?}"), "Token(…)");
        assert_eq!(Token::presented(a.reveal()).digest(), a.digest());
    }
}

//! Limits of rate on what can be called from outside. Each counts for itself on each instance, and
//! forgets those it has not seen for a while.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::error::ServiceError;
use crate::domain::UserId;

/// All limits; none of them applies when they are switched off.
pub struct Limits {
    enabled: bool,
    log_in_account: DefaultKeyedRateLimiter<String>,
    log_in_address: DefaultKeyedRateLimiter<IpAddr>,
    sign_up: DefaultKeyedRateLimiter<IpAddr>,
    ticket: DefaultKeyedRateLimiter<UserId>,
    send: DefaultKeyedRateLimiter<UserId>,
    history: DefaultKeyedRateLimiter<UserId>,
    search: DefaultKeyedRateLimiter<UserId>,
    contact: DefaultKeyedRateLimiter<UserId>,
    report: DefaultKeyedRateLimiter<UserId>,
    export: DefaultKeyedRateLimiter<UserId>,
}

impl Limits {
    /// The limits of `docs/OPERATIONS.md`, or none.
    #[must_use]
    pub fn new(enabled: bool) -> Self {
        Self {
            enabled,
            log_in_account: RateLimiter::keyed(per(Duration::from_secs(60), 5)),
            log_in_address: RateLimiter::keyed(per(Duration::from_secs(60), 20)),
            sign_up: RateLimiter::keyed(per(Duration::from_secs(3600), 5)),
            ticket: RateLimiter::keyed(per(Duration::from_secs(60), 30)),
            send: RateLimiter::keyed(per(Duration::from_secs(4), 20)),
            history: RateLimiter::keyed(per(Duration::from_secs(1), 10)),
            search: RateLimiter::keyed(per(Duration::from_millis(2500), 5)),
            contact: RateLimiter::keyed(per(Duration::from_secs(30), 30)),
            report: RateLimiter::keyed(per(Duration::from_secs(3600), 10)),
            export: RateLimiter::keyed(per(Duration::from_secs(3600), 5)),
        }
    }

    /// Whether limits apply at all.
    #[must_use]
    pub fn are_on(&self) -> bool {
        self.enabled
    }

    /// 5 a minute for an account, known or not, and 20 for an address.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`], as from every method here.
    pub fn log_in(&self, username: &str, address: IpAddr) -> Result<(), ServiceError> {
        self.check("log_in_address", &self.log_in_address, &address)?;
        self.check("log_in_account", &self.log_in_account, &username.to_owned())
    }

    /// 5 an hour for an address.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub fn sign_up(&self, address: IpAddr) -> Result<(), ServiceError> {
        self.check("sign_up", &self.sign_up, &address)
    }

    /// 30 a minute.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub fn ticket(&self, user: UserId) -> Result<(), ServiceError> {
        self.check("ticket", &self.ticket, &user)
    }

    /// 5 a second, 20 at once.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub fn send(&self, user: UserId) -> Result<(), ServiceError> {
        self.check("send", &self.send, &user)
    }

    /// 10 a second.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub fn history(&self, user: UserId) -> Result<(), ServiceError> {
        self.check("history", &self.history, &user)
    }

    /// 2 a second, 5 at once.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub fn search(&self, user: UserId) -> Result<(), ServiceError> {
        self.check("search", &self.search, &user)
    }

    /// 1 a second, 30 at once.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub fn contact(&self, user: UserId) -> Result<(), ServiceError> {
        self.check("contact", &self.contact, &user)
    }

    /// 10 an hour.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub fn report(&self, user: UserId) -> Result<(), ServiceError> {
        self.check("report", &self.report, &user)
    }

    /// 5 an hour.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub fn export(&self, user: UserId) -> Result<(), ServiceError> {
        self.check("export", &self.export, &user)
    }

    /// Forgets those whose allowance is full again.
    pub fn sweep(&self) {
        self.log_in_account.retain_recent();
        self.log_in_address.retain_recent();
        self.sign_up.retain_recent();
        self.ticket.retain_recent();
        self.send.retain_recent();
        self.history.retain_recent();
        self.search.retain_recent();
        self.contact.retain_recent();
        self.report.retain_recent();
        self.export.retain_recent();
    }

    fn check<K: Hash + Eq + Clone>(
        &self,
        name: &'static str,
        limiter: &DefaultKeyedRateLimiter<K>,
        key: &K,
    ) -> Result<(), ServiceError> {
        if !self.enabled {
            return Ok(());
        }
        limiter.check_key(key).map_err(|until| {
            metrics::counter!("mosaic_rate_limited_total", "limit" => name).increment(1);
            ServiceError::RateLimited { retry_after: until.wait_time_from(DefaultClock::default().now()) }
        })
    }
}

/// `count` within `period`, all of them at once if one likes.
fn per(period: Duration, count: u32) -> Quota {
    let burst = NonZeroU32::new(count).expect("every limit above is positive");
    Quota::with_period(period / count).expect("every period above is positive").allow_burst(burst)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_refuses_with_a_time_and_only_when_switched_on() {
        let address = IpAddr::from([127, 0, 0, 1]);
        let on = Limits::new(true);
        assert!((0..5).all(|_| on.sign_up(address).is_ok()));
        let refused = on.sign_up(address).unwrap_err();
        assert!(
            matches!(refused, ServiceError::RateLimited { retry_after } if retry_after > Duration::from_secs(60))
        );
        let off = Limits::new(false);
        assert!((0..100).all(|_| off.sign_up(address).is_ok()));
    }
}

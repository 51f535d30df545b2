//! Limits of rate and number on what can be done from outside. Each counts for itself on each
//! instance, forgets those it has not seen for a while, and remembers a bounded number in any case.

mod failures;
mod places;
mod recent;

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use super::error::ServiceError;
use crate::domain::UserId;
use failures::Failures;
pub use places::Place;
use places::Places;
use recent::Remembered;

/// Open sockets of one address.
const SOCKETS: usize = 64;
/// Open connections of one address: its sockets, and what their pages ask for meanwhile.
const CONNECTIONS: usize = 256;
/// When a refused socket is worth another try.
const SOCKET_AGAIN: Duration = Duration::from_secs(10);
/// Every limit remembers so many at least and twice as many at most: a few megabytes.
const REMEMBERED: usize = 32 * 1024;

type Limiter<K> = RateLimiter<K, Remembered<K>, DefaultClock>;

/// All limits; none of them applies when they are switched off.
pub struct Limits {
    enabled: bool,
    request_address: Limiter<IpAddr>,
    request_person: Limiter<UserId>,
    log_in_account: Limiter<String>,
    log_in_address: Limiter<IpAddr>,
    log_in_failures: Failures,
    sign_up: Limiter<IpAddr>,
    ticket: Limiter<UserId>,
    send: Limiter<UserId>,
    history: Limiter<UserId>,
    search: Limiter<UserId>,
    contact: Limiter<UserId>,
    report: Limiter<UserId>,
    export: Limiter<UserId>,
    sockets: Places,
    connections: Places,
}

impl Limits {
    /// The limits of `docs/PROTOCOL.md`, or none.
    #[must_use]
    pub fn new(enabled: bool) -> Self {
        let places = |most| Places::new(if enabled { most } else { usize::MAX });
        Self {
            enabled,
            request_address: limiter(per(Duration::from_secs(10), 1000)),
            request_person: limiter(per(Duration::from_secs(10), 300)),
            log_in_account: limiter(per(Duration::from_secs(60), 5)),
            log_in_address: limiter(per(Duration::from_secs(60), 20)),
            log_in_failures: Failures::with_room(REMEMBERED),
            sign_up: limiter(per(Duration::from_secs(3600), 5)),
            ticket: limiter(per(Duration::from_secs(60), 30)),
            send: limiter(per(Duration::from_secs(4), 20)),
            history: limiter(per(Duration::from_secs(1), 10)),
            search: limiter(per(Duration::from_millis(2500), 5)),
            contact: limiter(per(Duration::from_secs(30), 30)),
            report: limiter(per(Duration::from_secs(3600), 10)),
            export: limiter(per(Duration::from_secs(3600), 5)),
            sockets: places(SOCKETS),
            connections: places(CONNECTIONS),
        }
    }

    /// Whether limits apply at all.
    #[must_use]
    pub fn are_on(&self) -> bool {
        self.enabled
    }

    /// 100 requests a second of an address, 1000 at once: whatever is asked for, by whomever.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`], as from every method here.
    pub fn request(&self, address: IpAddr) -> Result<(), ServiceError> {
        self.check("request_address", &self.request_address, &network(address))
    }

    /// 30 requests a second of somebody who is logged in, 300 at once, on all devices together.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub fn request_of(&self, user: UserId) -> Result<(), ServiceError> {
        self.check("request_person", &self.request_person, &user)
    }

    /// 5 a minute for an account, known or not, and 20 for an address; after five failures in a row
    /// from the same address a wait that doubles with each further one, up to a quarter of an hour.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub fn log_in(&self, username: &str, address: IpAddr) -> Result<(), ServiceError> {
        let tried = (username.to_owned(), network(address));
        if let Some(wait) = self.log_in_failures.wait(&tried, Instant::now()) {
            return Err(refused("log_in_failures", wait));
        }
        self.check("log_in_address", &self.log_in_address, &tried.1)?;
        self.check("log_in_account", &self.log_in_account, &tried.0)
    }

    /// Notes how a log-in that was let through ended.
    pub fn log_in_ended(&self, username: &str, address: IpAddr, succeeded: bool) {
        let tried = (username.to_owned(), network(address));
        if succeeded {
            self.log_in_failures.forget(&tried);
        } else if self.enabled {
            self.log_in_failures.add(&tried, Instant::now());
        }
    }

    /// 64 sockets at a time for an address.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub fn socket(&self, address: IpAddr) -> Result<Place, ServiceError> {
        self.sockets.take(network(address)).ok_or_else(|| refused("sockets", SOCKET_AGAIN))
    }

    /// 256 connections at a time for an address; `None` for one too many.
    #[must_use]
    pub fn connection(&self, address: IpAddr) -> Option<Place> {
        self.connections.take(network(address))
    }

    /// 5 an hour for an address.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`].
    pub fn sign_up(&self, address: IpAddr) -> Result<(), ServiceError> {
        self.check("sign_up", &self.sign_up, &network(address))
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
        self.request_address.retain_recent();
        self.request_person.retain_recent();
        self.log_in_account.retain_recent();
        self.log_in_address.retain_recent();
        self.log_in_failures.sweep(Instant::now());
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
        limiter: &Limiter<K>,
        key: &K,
    ) -> Result<(), ServiceError> {
        if !self.enabled {
            return Ok(());
        }
        let again =
            limiter.check_key(key).map_err(|until| until.wait_time_from(DefaultClock::default().now()));
        again.map_err(|wait| refused(name, wait))
    }
}

fn limiter<K: Hash + Eq + Clone>(quota: Quota) -> Limiter<K> {
    RateLimiter::new(quota, Remembered::with_room(REMEMBERED), DefaultClock::default())
}

fn refused(limit: &'static str, retry_after: Duration) -> ServiceError {
    metrics::counter!("mosaic_rate_limited_total", "limit" => limit).increment(1);
    ServiceError::RateLimited { retry_after }
}

/// Whom an address counts for. Whoever has one address of IPv6 has all of its 64-bit network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
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
        let places: Vec<_> =
            (0..=CONNECTIONS).map(|_| (off.connection(address), off.socket(address))).collect();
        assert!(places.iter().all(|(connection, socket)| connection.is_some() && socket.is_ok()));
        (0..100).for_each(|_| off.log_in_ended("ada", address, false));
        assert!(off.log_in("ada", address).is_ok());
    }

    #[test]
    fn addresses_of_one_network_share_its_limits() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(network(address("2001:db8:1:2:3:4:5:6")), network(address("2001:db8:1:2::1")));
        assert_ne!(network(address("2001:db8:1:2::1")), network(address("2001:db8:1:3::1")));
        assert_eq!(network(address("::ffff:10.0.0.1")), address("10.0.0.1"));
        assert_ne!(network(address("10.0.0.1")), network(address("10.0.0.2")));
    }
}

//! What the stores count about their connections, by pool.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

/// A pool exists, and lends this many connections at a time.
pub(super) fn opened(pool: &'static str, limit: usize) {
    gauge!("mosaic_pool_limit_connections", "pool" => pool).set(limit as f64);
    gauge!("mosaic_pool_in_use_connections", "pool" => pool).increment(0);
    gauge!("mosaic_pool_idle_connections", "pool" => pool).set(0);
    counter!("mosaic_pool_timeouts_total", "pool" => pool).increment(0);
}

/// Work waited this long for its turn, whether or not that came.
pub(super) fn waited(pool: &'static str, time: Duration) {
    histogram!("mosaic_pool_wait_seconds", "pool" => pool).record(time);
}

/// Work was given up because its turn did not come.
pub(super) fn gave_up(pool: &'static str) {
    counter!("mosaic_pool_timeouts_total", "pool" => pool).increment(1);
}

/// This many connections are open and lent to nobody.
pub(super) fn idle(pool: &'static str, connections: usize) {
    gauge!("mosaic_pool_idle_connections", "pool" => pool).set(connections as f64);
}

/// A turn that was taken; counted until it is dropped.
pub(super) struct InUse(&'static str);

impl InUse {
    /// Takes it.
    pub(super) fn of(pool: &'static str) -> Self {
        gauge!("mosaic_pool_in_use_connections", "pool" => pool).increment(1);
        Self(pool)
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        gauge!("mosaic_pool_in_use_connections", "pool" => self.0).decrement(1);
    }
}

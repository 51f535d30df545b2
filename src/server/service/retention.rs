//! What is not kept: log-ins and tickets past their time and, if the operator says so, old messages.
//!
//! Any number of instances may do this at once. It is done in small steps with pauses, so that nobody who
//! writes or reads meanwhile has to wait.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::sleep;

use super::{Result, Service};
use crate::server::auth::{SESSION_AGE, SESSION_IDLE};
use crate::server::store::{FORGET_STEP, Pair};

/// Log-ins that ended are kept for this much longer: every instance has to hear of them first.
const HEARD: TimeDelta = TimeDelta::days(1);
/// For so long after a message was deleted its send is still known when it comes again: as long as a device can
/// stay logged in with an answer missing.
const KNOWN: TimeDelta = TimeDelta::days(30);
/// From one step to the next.
const PAUSE: Duration = Duration::from_millis(20);

impl Service {
    /// Deletes what is past its time, and messages that are older than `retention`, if there is one.
    ///
    /// # Errors
    /// [`crate::server::error::ServiceError::Unavailable`]; what was deleted before stays deleted.
    pub async fn forget(&self, retention: Option<TimeDelta>) -> Result<()> {
        let (store, now) = (&self.store, self.clock.now());
        let ended = now - HEARD;
        let (made, used) = (ended - SESSION_AGE, ended - SESSION_IDLE);
        let tickets = in_steps("tickets", || async move { Ok(store.forget_tickets(now).await?) }).await?;
        let sessions =
            in_steps("sessions", || async move { Ok(store.forget_sessions(made, used, ended).await?) })
                .await?;
        in_steps("sends", || async move { Ok(store.forget_sends(now - KNOWN).await?) }).await?;
        let messages = match retention {
            Some(age) => self.forget_messages(now - age, now).await?,
            None => 0,
        };
        if tickets + sessions + messages > 0 {
            tracing::info!(messages, sessions, tickets, "what is not kept is deleted");
        }
        Ok(())
    }

    async fn forget_messages(&self, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64> {
        let (mut after, mut gone): (Option<Pair>, u64) = (None, 0);
        loop {
            let outdated = self.store.outdated(before, after).await?;
            for pair in outdated.due {
                let store = &self.store;
                let step = || async move { Ok(store.forget_messages(pair, before, now).await?) };
                gone += in_steps("messages", step).await?;
            }
            after = outdated.next;
            if after.is_none() {
                return Ok(gone);
            }
        }
    }
}

/// Repeats a step until it deletes less than it may; returns how much was deleted.
async fn in_steps<F>(kind: &'static str, step: impl Fn() -> F) -> Result<u64>
where
    F: Future<Output = Result<u64>>,
{
    let mut all = 0;
    loop {
        let gone = step().await?;
        metrics::counter!("mosaic_forgotten_total", "kind" => kind).increment(gone);
        all += gone;
        if gone > 0 {
            sleep(PAUSE).await;
        }
        if gone < u64::from(FORGET_STEP) {
            return Ok(all);
        }
    }
}

//! What every fault needs: waiting for a condition, signals, ports, chance from a seed.

use std::io::Write as _;
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

pub use crate::dice::Dice;

/// Where nothing else is promised, what a test waits for comes sooner.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Waits for a condition; returns after how long it held.
pub async fn until(what: &str, condition: impl AsyncFn() -> bool) -> Duration {
    within(DEADLINE, what, condition).await
}

/// The same, with a time limit that is part of what is promised.
pub async fn within(limit: Duration, what: &str, condition: impl AsyncFn() -> bool) -> Duration {
    let begun = Instant::now();
    let reached = timeout(limit, async {
        while !condition().await {
            sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(reached.await.is_ok(), "waited {limit:?} in vain until {what}");
    begun.elapsed()
}

/// Sends a signal to a process this test started.
pub fn signal(pid: u32, name: &str) {
    assert!(signalled(pid, name), "SIG{name} cannot be sent to {pid}");
}

/// The same to a process that may be gone; whether it was there.
pub fn signalled(pid: u32, name: &str) -> bool {
    let output = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).output();
    output.expect("the command kill").status.success()
}

/// Below the range from which the system takes the near ends of connections: there, a client that
/// tries for long to reach a server that is away ends up connected to itself.
pub fn free_port() -> u16 {
    loop {
        let random = Uuid::new_v4().as_u128() % 12_000;
        let port = 20_000 + u16::try_from(random).expect("less than 12 000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Says something past the capture of the test harness, so that figures and seeds are on record.
pub fn say(text: &str) {
    // Who closed standard output does not want to know.
    let _ = std::io::stdout().write_all(format!("{text}\n").as_bytes());
}

impl Dice {
    /// Seeded by `FAULT_SEED`, or at random; says which for `test`.
    pub fn for_test(test: &str) -> Self {
        let given = std::env::var("FAULT_SEED").ok().map(|seed| seed.parse());
        let seed = match given {
            Some(seed) => seed.expect("FAULT_SEED is a number"),
            None => Uuid::new_v4().as_u64_pair().0,
        };
        say(&format!("{test}: FAULT_SEED={seed}"));
        Self::new(seed)
    }

    /// Others, that from here on fall in their own way.
    pub fn fork(&mut self) -> Self {
        Self::new(self.roll())
    }

    /// Somewhere between half of it and one and a half of it.
    pub fn about(&mut self, duration: Duration) -> Duration {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1);
        Duration::from_micros(micros / 2 + self.up_to(micros))
    }
}

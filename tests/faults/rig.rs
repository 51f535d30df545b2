//! A deployment of one's own: PostgreSQL, Redis, instances, and a crowd with log-ins.

use std::any::Any;
use std::time::Duration;

use mosaic::domain::UserId;
use tokio::sync::RwLock;

use crate::driver::{Client, Place, Reads};
use crate::history::checker::check;
use crate::history::record::Recorder;
use crate::history::report::Report;
use crate::postgres::Postgres;
use crate::process::Instance;
use crate::proxy::Proxy;
use crate::redis::Redis;
use crate::tools::{Dice, say, within};
use crate::wire::{Caller, Door, Person};

/// I7: a client that is online is up to date after this at the very worst.
const CAUGHT_UP: Duration = Duration::from_secs(15);

/// Tests that measure time have the machine for themselves; the others share it.
static MACHINE: RwLock<()> = RwLock::const_new(());

/// What a test holds while it runs: its part of the machine.
pub type Turn = Box<dyn Any + Send>;

/// A part of the machine beside other tests.
pub async fn turn() -> Turn {
    Box::new(MACHINE.read().await)
}

pub struct Rig {
    // Dropped in this order: servers before what they depend on.
    pub instances: Vec<Instance>,
    pub redis: Redis,
    pub postgres: Postgres,
    pub people: Vec<Person>,
    pub recorder: Recorder,
    pub dice: Dice,
    _turn: Turn,
}

impl Rig {
    /// Two instances and this many people, on a machine that other tests use as well.
    pub async fn start(test: &str, people: usize) -> Self {
        Self::set_up(test, people, turn().await, &["off", "off"]).await
    }

    /// The same, with nobody else about.
    pub async fn alone(test: &str, people: usize) -> Self {
        Self::set_up(test, people, Box::new(MACHINE.write().await), &["off", "off"]).await
    }

    /// One instance, whose limits are on, with nobody else about.
    pub async fn guarded(test: &str, people: usize) -> Self {
        Self::set_up(test, people, Box::new(MACHINE.write().await), &["on"]).await
    }

    /// An instance for each setting of the limits.
    async fn set_up(test: &str, people: usize, _turn: Turn, limits: &[&str]) -> Self {
        let dice = Dice::for_test(test);
        let (postgres, redis) = tokio::join!(Postgres::start(), Redis::start());
        let (database, bus) = (postgres.url(), redis.url());
        let instance = |limit: &&str| {
            Instance::absent(&database, Some(&bus)).with("MOSAIC_RATE_LIMIT", String::from(*limit))
        };
        let mut instances: Vec<_> = limits.iter().map(instance).collect();
        let people = seed(&instances[0], people);
        futures::future::join_all(instances.iter_mut().map(Instance::restart)).await;
        let rig = Self { instances, redis, postgres, people, recorder: Recorder::start(), dice, _turn };
        rig.bus_becomes("ok").await;
        rig
    }

    /// Waits until every instance says so.
    pub async fn bus_becomes(&self, health: &str) -> Duration {
        crate::tools::until(&format!("the bus is {health} everywhere"), async || {
            let each = self.instances.iter().map(|instance| instance.bus_is(health));
            futures::future::join_all(each).await.into_iter().all(|is| is)
        })
        .await
    }

    pub fn doors(&self) -> Vec<Door> {
        self.instances.iter().map(Instance::door).collect()
    }

    pub fn caller(&self, person: usize) -> Caller {
        Caller::new(self.people[person].clone())
    }

    /// A client of somebody who talks to somebody, first connected to this instance.
    pub fn client(&mut self, person: usize, peer: usize, home: usize) -> Client {
        self.client_that(Reads::Along, person, peer, home)
    }

    pub fn client_that(&mut self, reads: Reads, person: usize, peer: usize, home: usize) -> Client {
        let (person, peer) = (self.people[person].clone(), self.people[peer].id);
        Client::start(
            Place { person, peer, doors: self.doors(), home, reads },
            &self.recorder,
            &mut self.dice,
        )
    }

    /// A stretch of network before the first instance.
    pub async fn proxy(&mut self) -> Proxy {
        Proxy::before(self.instances[0].door().http, &mut self.dice).await
    }

    /// The first instance, with sockets through the proxy.
    pub fn door_behind(&self, proxy: &Proxy) -> Door {
        Door { socket: proxy.address(), ..self.instances[0].door() }
    }

    /// A client who knows no other door.
    pub fn client_behind(&mut self, proxy: &Proxy, person: usize, peer: usize) -> Client {
        let doors = vec![self.door_behind(proxy)];
        let (person, peer) = (self.people[person].clone(), self.people[peer].id);
        let place = Place { person, peer, doors, home: 0, reads: Reads::Along };
        Client::start(place, &self.recorder, &mut self.dice)
    }

    /// After the last fault: waits until everything is stored and shown everywhere, holds the
    /// history against the database, prints the figures, and fails on any offence. Nobody waits for
    /// who was logged out.
    pub async fn judge(&self, test: &str, clients: &[Client]) -> Report {
        let log_outs = self.recorder.log_outs();
        let awaited: Vec<_> = clients.iter().filter(|client| !log_outs.contains_key(&client.no)).collect();
        let settled = async || awaited.iter().all(|client| client.is_settled());
        let stored = within(CAUGHT_UP, "every outbox is empty", settled).await;
        let database = self.postgres.contents().await;
        let last = |owner: UserId, peer: UserId| {
            let side = database.sides.iter().find(|side| (side.owner, side.peer) == (owner, peer));
            side.map(|side| side.last).unwrap_or_default()
        };
        let shown = within(CAUGHT_UP.saturating_sub(stored), "every client shows all there is", async || {
            awaited.iter().all(|client| client.view().shown == last(client.person, client.peer))
        })
        .await;
        let history = self.recorder.history();
        let verdict = check(&history, &self.postgres.contents().await);
        let report = Report { caught_up: stored + shown, ..Report::of(&history, &verdict) };
        let calm = report.caught_up.as_millis();
        say(&format!("{test}: everybody up to date {calm} ms after the last message\n{report}"));
        assert!(verdict.0.is_empty(), "{verdict}");
        report
    }
}

/// A crowd with log-ins, through an instance that need not run.
pub fn seed(instance: &Instance, people: usize) -> Vec<Person> {
    let file = instance.path("people");
    instance.run(&["seed", "--users", &people.to_string(), "--out", &file.display().to_string()]);
    let lines = std::fs::read_to_string(&file).expect("the seeded people");
    lines.lines().map(|line| serde_json::from_str(line).expect("a person on each line")).collect()
}

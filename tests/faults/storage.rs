//! A database that takes no more, and SQLite with many at once.

use std::fs;
use std::path::Path;
use std::time::Duration;

use sqlx::{Connection as _, Executor as _, Row as _, SqliteConnection};
use tempfile::TempDir;

use crate::driver::{Client, Place, Reads, connected};
use crate::history::record::Recorder;
use crate::process::Instance;
use crate::rig::{Rig, Turn, seed, turn};
use crate::tools::{Dice, until, within};
use crate::wire::Person;

/// How soon sends are stored again once the database takes them.
const HEALED: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_postgres_acknowledges_nothing_and_recovers() {
    let test = "PostgreSQL read-only";
    let mut rig = Rig::start(test, 2).await;
    let (ada, bob) = (rig.client(0, 1, 0), rig.client(1, 0, 1));
    ada.say(String::from("all is well"));
    until("it arrives", async || bob.shows(1)).await;
    rig.postgres.set("default_transaction_read_only", "on").await;
    ada.say(String::from("in vain"));
    until("it was refused for now, twice", async || rig.recorder.unknown() >= 2).await;
    assert!(!ada.is_settled(), "it was acknowledged");
    assert_eq!(rig.postgres.numbers("SELECT count(*) FROM messages").await, [1]);
    rig.postgres.set("default_transaction_read_only", "off").await;
    within(HEALED, "it arrives", async || bob.shows(2)).await;
    let report = rig.judge(test, &[ada, bob]).await;
    assert_eq!((report.refused, report.reconnects), (0, 0), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_under_sqlite_acknowledges_nothing_and_recovers() {
    let mut site = Embedded::start("disk full", 2).await;
    let (ada, bob) = (site.client(0, 1), site.client(1, 0));
    ada.say(String::from("all is well"));
    until("it arrives", async || bob.shows(1)).await;
    // No file grows any more; the log is one of them.
    let before = site.instance.limit("fsize", "1024");
    ada.say(String::from("in vain"));
    until("it was refused for now, twice", async || site.recorder.unknown() >= 2).await;
    assert!(!ada.is_settled() && !bob.shows(2), "it was acknowledged");
    assert_eq!(site.instance.get("/healthz").await.map(|(status, _)| status), Some(200));
    site.instance.limit("fsize", &before);
    within(HEALED, "it arrives", async || bob.shows(2) && ada.is_settled()).await;
    assert_eq!(site.texts().await, ["all is well", "in vain"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_writers_and_a_long_reader_share_sqlite() {
    let mut site = Embedded::start("fifty writers", 50).await;
    let mut reader = SqliteConnection::connect(&site.url()).await.expect("the database opens");
    reader.execute("BEGIN").await.expect("a transaction");
    let begun = count(&mut reader).await;
    let clients: Vec<_> = (0..50).map(|person| site.client(person, person ^ 1)).collect();
    connected(&clients.iter().collect::<Vec<_>>()).await;
    for number in 0..20 {
        clients.iter().for_each(|client| client.say(format!("{number}")));
    }
    until("everything is stored and shown", async || clients.iter().all(|client| client.shows(40))).await;
    assert_eq!(count(&mut reader).await, begun, "the reader does not see a moment of its own");
    reader.execute("COMMIT").await.expect("the end of the transaction");
    assert_eq!(count(&mut reader).await, 1000);
    assert_eq!(site.recorder.unknown(), 0, "a send was refused for now");
    let log = site.instance.log();
    assert!(!log.contains("locked"), "{log}");
}

async fn count(connection: &mut SqliteConnection) -> i64 {
    let row = connection.fetch_one("SELECT count(*) FROM messages").await.expect("the messages");
    row.get(0)
}

/// One instance with a database file, and people.
struct Embedded {
    instance: Instance,
    people: Vec<Person>,
    recorder: Recorder,
    dice: Dice,
    dir: TempDir,
    _turn: Turn,
}

impl Embedded {
    async fn start(test: &str, people: usize) -> Self {
        let _turn = turn().await;
        let dir = tempfile::tempdir().expect("a folder for the database");
        let mut instance = Instance::absent(&url(dir.path()), None);
        let people = seed(&instance, people);
        instance.restart().await;
        Self { instance, people, recorder: Recorder::start(), dice: Dice::for_test(test), dir, _turn }
    }

    fn url(&self) -> String {
        url(self.dir.path())
    }

    fn client(&mut self, person: usize, peer: usize) -> Client {
        let (person, peer) = (self.people[person].clone(), self.people[peer].id);
        let place = Place { person, peer, doors: vec![self.instance.door()], home: 0, reads: Reads::Along };
        Client::start(place, &self.recorder, &mut self.dice)
    }

    /// What is stored, in order.
    async fn texts(&self) -> Vec<String> {
        let mut connection = SqliteConnection::connect(&self.url()).await.expect("the database opens");
        let rows = connection.fetch_all("SELECT content FROM messages ORDER BY seq").await;
        rows.expect("the messages").iter().map(|row| row.get(0)).collect()
    }
}

fn url(dir: &Path) -> String {
    let dir = fs::canonicalize(dir).expect("the folder");
    format!("sqlite://{}", dir.join("mosaic.db").display())
}

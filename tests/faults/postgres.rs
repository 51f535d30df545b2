//! A PostgreSQL cluster of one's own, and what can happen to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use mosaic::domain::{ClientId, MessageId, Seq, UserId};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use tempfile::TempDir;
use tokio::time::timeout;
use uuid::Uuid;

use crate::history::record::{Database, Row, Side};
use crate::tools::{DEADLINE, free_port, signal, until};

/// How a server is told to end.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// Connections are closed, what is under way is rolled back: `pg_ctl stop -m fast`.
    Fast,
    /// Like a crash; the next start recovers: `pg_ctl stop -m immediate`.
    Immediate,
}

pub struct Postgres {
    child: Option<Child>,
    port: u16,
    dir: TempDir,
}

impl Postgres {
    /// A server that answers.
    pub async fn start() -> Self {
        // Not below the build's folder: the path of a Unix socket is limited, and the server, which
        // refuses to be root, has to get there.
        let dir = tempfile::Builder::new().prefix("mosaic-pg-").tempdir_in("/tmp").expect("a folder");
        let mut server = Self { child: None, port: free_port(), dir };
        server.create();
        server.begin();
        server.answers().await;
        server
    }

    fn create(&self) {
        if is_root() {
            let owned = Command::new("chown").arg("postgres").arg(self.dir.path()).status();
            assert!(owned.expect("the command chown").success());
        }
        let made = self
            .command("initdb")
            .args(["--pgdata=data", "--username=mosaic", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C.UTF-8", "--no-instructions", "--no-sync"])
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    }

    /// Starts it, without waiting until it answers.
    pub fn begin(&mut self) {
        assert!(self.child.is_none(), "PostgreSQL runs already");
        let log = fs::File::options().create(true).append(true).open(self.dir.path().join("log"));
        let log = log.expect("a log file");
        let child = self
            .command("postgres")
            .args(["-D", "data", "-p", &self.port.to_string(), "-k"])
            .arg(self.dir.path())
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"])
            .stdout(log.try_clone().expect("the log file twice"))
            .stderr(log)
            .spawn()
            .expect("postgres runs");
        self.child = Some(child);
    }

    pub async fn answers(&self) {
        until("the private PostgreSQL answers", async || PgConnection::connect(&self.url()).await.is_ok())
            .await;
    }

    /// Ends it and waits for its end.
    pub fn stop(&mut self, how: Stop) {
        let Some(mut child) = self.child.take() else { return };
        match how {
            Stop::Fast => signal(child.id(), "INT"),
            Stop::Immediate => signal(child.id(), "QUIT"),
        }
        child.wait().expect("the server ends");
    }

    pub async fn restart(&mut self, how: Stop) {
        self.stop(how);
        self.begin();
        self.answers().await;
    }

    /// Stops every process of it where it is: connections stand, nobody answers.
    pub fn freeze(&self) {
        self.signal_all("STOP");
    }

    pub fn thaw(&self) {
        self.signal_all("CONT");
    }

    pub fn url(&self) -> String {
        format!("postgres://mosaic@127.0.0.1:{}/postgres", self.port)
    }

    /// Changes a setting for everybody, those who are connected included.
    pub async fn set(&self, setting: &str, value: &str) {
        let mut connection = self.connect().await;
        // For a server that has become read-only as well.
        connection.execute("SET default_transaction_read_only = off").await.expect("an own setting");
        let change = format!("ALTER SYSTEM SET {setting} = {value}");
        connection.execute(AssertSqlSafe(change.clone())).await.expect(&change);
        connection.execute("SELECT pg_reload_conf()").await.expect("the settings are read again");
        // Who connects hears of it no sooner than those who are connected.
        let current = format!("SELECT current_setting('{setting}')");
        until("the setting holds", async || {
            let mut fresh = self.connect().await;
            let row = fresh.fetch_one(AssertSqlSafe(current.clone())).await.expect(&current);
            row.get::<String, _>(0) == value
        })
        .await;
    }

    /// The processes that serve somebody and are in the middle of a statement.
    pub async fn busy(&self) -> Vec<u32> {
        let pids = self.numbers(
            "SELECT pid::bigint FROM pg_stat_activity
             WHERE backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid()",
        );
        pids.await.into_iter().map(|pid| u32::try_from(pid).expect("a process")).collect()
    }

    /// The first column of every row.
    pub async fn numbers(&self, sql: &str) -> Vec<i64> {
        let mut connection = self.connect().await;
        let rows = connection.fetch_all(AssertSqlSafe(sql.to_owned())).await.expect(sql);
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// All there is of messages and marks.
    pub async fn contents(&self) -> Database {
        let mut connection = self.connect().await;
        let rows = connection
            .fetch_all(
                "SELECT id, client_id, sender_id, receiver_id, seq, content FROM messages
                 ORDER BY LEAST(sender_id, receiver_id), GREATEST(sender_id, receiver_id), seq",
            )
            .await
            .expect("the messages");
        let sides = connection
            .fetch_all(
                "SELECT user_lo, user_hi, last_seq, lo_read_seq, lo_delivered_seq FROM conversations UNION ALL
                 SELECT user_hi, user_lo, last_seq, hi_read_seq, hi_delivered_seq FROM conversations",
            )
            .await
            .expect("the conversations");
        let seq = |number: i64| Seq(u64::try_from(number).expect("a position is not negative"));
        let row = |row: &sqlx::postgres::PgRow| Row {
            id: MessageId(row.get(0)),
            client_id: ClientId(row.get(1)),
            sender: UserId(row.get(2)),
            receiver: UserId(row.get(3)),
            seq: seq(row.get(4)),
            text: row.get(5),
        };
        let side = |row: &sqlx::postgres::PgRow| Side {
            owner: UserId(row.get::<Uuid, _>(0)),
            peer: UserId(row.get::<Uuid, _>(1)),
            last: seq(row.get(2)),
            read: seq(row.get(3)),
            delivered: seq(row.get(4)),
        };
        Database { rows: rows.iter().map(row).collect(), sides: sides.iter().map(side).collect() }
    }

    /// Locks every conversation, as something slow might, until the connection is closed.
    pub async fn lock_conversations(&self) -> PgConnection {
        let mut connection = self.connect().await;
        connection.execute("BEGIN").await.expect("a transaction");
        let rows = connection.fetch_all("SELECT 1 FROM conversations FOR UPDATE").await.expect("the locks");
        assert!(!rows.is_empty(), "there is no conversation to lock");
        connection
    }

    /// Lets nobody read a conversation until the connection is closed.
    pub async fn lock_out_readers(&self) -> PgConnection {
        let mut connection = self.connect().await;
        connection
            .execute("BEGIN; LOCK TABLE conversations IN ACCESS EXCLUSIVE MODE")
            .await
            .expect("the lock");
        connection
    }

    async fn connect(&self) -> PgConnection {
        let connection = timeout(DEADLINE, PgConnection::connect(&self.url())).await;
        connection.expect("the private PostgreSQL hangs").expect("the private PostgreSQL answers")
    }

    fn command(&self, tool: &str) -> Command {
        let tool = tools().join(tool);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]).arg(tool);
            command
        } else {
            Command::new(tool)
        };
        command.current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    /// The postmaster first, so that it starts nobody meanwhile. Its children are in sessions of
    /// their own.
    fn signal_all(&self, name: &str) {
        let postmaster = self.child.as_ref().expect("PostgreSQL runs").id();
        signal(postmaster, name);
        for child in children_of(postmaster) {
            // One that was just ending may be gone by now.
            let _ = Command::new("kill").args([format!("-{name}"), child.to_string()]).output();
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.thaw();
            self.stop(Stop::Immediate);
        }
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// The newest PostgreSQL of Debian's layout, or what is on `PATH`.
fn tools() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let found = versions.map(|entry| entry.path()).filter(|path| path.join("bin/initdb").is_file());
    found.max_by_key(|path| version(path)).map(|path| path.join("bin")).unwrap_or_default()
}

fn children_of(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything; the parent is the second word after it.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

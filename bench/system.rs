//! A system that is measured: its process, its database and its people.

use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::database::{self, Database, Home};
use crate::plan::Plan;
use crate::usage::{self, LOAD, Process};
use crate::wire::PATIENCE;

/// The three that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The least that can be done.
    Floor,
    /// What is measured.
    Mosaic,
    /// What is usually done.
    Peer,
}

impl Kind {
    /// As figures are named.
    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Mosaic => "mosaic",
            Self::Peer => "peer",
        }
    }
}

/// Somebody with a log-in.
#[derive(Clone, Debug, Deserialize)]
pub struct Person {
    /// Who.
    #[serde(rename = "user_id")]
    pub id: Uuid,
    /// Their bearer token.
    pub token: String,
}

/// See the module. Dropped, its process is killed.
pub struct System {
    /// Which of the three.
    pub kind: Kind,
    /// Its people; those of a conversation stand side by side.
    pub people: Vec<Person>,
    /// Its database.
    pub database: Database,
    /// For calls over HTTP.
    pub http: reqwest::Client,
    address: String,
    child: Child,
    folder: TempDir,
}

impl System {
    /// Starts one on an empty database, with so many people who can log in.
    ///
    /// # Errors
    /// When it does not start; its last words are part of the error.
    pub async fn start(plan: &Plan, kind: Kind, home: Home, people: usize) -> Result<Self> {
        let folder = TempDir::new_in(plan.folder()?)?;
        let database = Database::create(&plan.database_url, home, &folder).await?;
        let redis_url = (home == Home::Served).then_some(plan.redis_url.as_str());
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = match kind {
            Kind::Floor => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["floor", "--listen", &address]);
                command
            }
            Kind::Mosaic => {
                let mut command = Command::new(&plan.mosaic);
                command.arg("serve");
                command
            }
            Kind::Peer => {
                let (_, port) = address.split_once(':').context("a port")?;
                let mut command = Command::new(plan.peer.join("bin/python"));
                command.args([
                    "-m",
                    "uvicorn",
                    "app:app",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    port,
                    "--app-dir",
                ]);
                command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/bench/peer"));
                command.args(["--loop", "uvloop", "--http", "httptools", "--no-access-log"]);
                command.args(["--log-level", "warning"]);
                command
            }
        };
        let log = File::create(folder.path().join("log"))?;
        command
            .env_clear()
            .env("DATABASE_URL", &database.url)
            .envs(redis_url.map(|url| ("REDIS_URL", url)))
            .env("LEPTOS_SITE_ADDR", &address)
            .env("LEPTOS_SITE_ROOT", folder.path())
            .env("MOSAIC_RATE_LIMIT", "off")
            .env("MOSAIC_LOG", "warn")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        // Before the server, so that it begins with all that is there.
        let people =
            if kind == Kind::Mosaic { seed(plan, &database, &folder, people)? } else { strangers(people) };
        let child = command.spawn().with_context(|| format!("the {} cannot be started", kind.name()))?;
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let mut system = Self { kind, people, database, http, address, child, folder };
        system.becomes_ready(home).await?;
        Ok(system)
    }

    async fn becomes_ready(&mut self, home: Home) -> Result<()> {
        let begun = Instant::now();
        while !self.is_ready(home).await {
            if self.child.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                bail!("the {} does not get ready: {}", self.kind.name(), self.last_words());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn is_ready(&self, home: Home) -> bool {
        if self.kind != Kind::Mosaic {
            return TcpStream::connect(&self.address).await.is_ok();
        }
        let Ok(answer) = self.http.get(self.url("/readyz")).send().await else { return false };
        let is_ready = answer.status().is_success();
        let is_whole =
            home == Home::Embedded || answer.text().await.is_ok_and(|text| text.contains(r#""bus":"ok""#));
        is_ready && is_whole
    }

    /// The end of its log.
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        if lines.is_empty() {
            return "it logged nothing".to_owned();
        }
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where somebody opens a socket. The references know no tickets: any token will do.
    ///
    /// # Errors
    /// When there is no ticket to be had.
    pub async fn socket_address(&self, person: &Person) -> Result<String> {
        #[derive(Deserialize)]
        struct Ticket {
            ticket: String,
        }
        let token = if self.kind == Kind::Mosaic {
            let asked = self.http.post(self.url("/messages/ws-ticket")).bearer_auth(&person.token).send();
            asked.await?.error_for_status()?.json::<Ticket>().await?.ticket
        } else {
            person.token.clone()
        };
        Ok(format!("ws://{}/messages/ws/{}?token={token}", self.address, person.id))
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All that works while this one is measured: the stack, and the load.
    ///
    /// # Errors
    /// When PostgreSQL or Redis cannot be asked for their process.
    pub async fn processes(&self, plan: &Plan, home: Home) -> Result<Vec<Process>> {
        let mut processes = vec![
            Process { name: "server", pid: self.pid() },
            Process { name: LOAD, pid: std::process::id() },
        ];
        if home == Home::Served {
            let postgres = database::postmaster(&plan.database_url).await?;
            let redis = database::redis_process(&plan.redis_url).await?;
            processes.push(Process { name: "postgres", pid: postgres });
            processes.push(Process { name: "redis", pid: redis });
        }
        Ok(processes)
    }

    /// Sees that the process still runs, ends it, and sees that every message of the load is in the database once.
    ///
    /// # Errors
    /// When it is not so.
    pub async fn stop(mut self, plan: &Plan, sent: u64) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the {} ended with {status}: {}", self.kind.name(), self.last_words());
        }
        self.child.kill()?;
        self.child.wait()?;
        let stored = self.database.messages().await?;
        ensure!(stored == sent, "{sent} messages were sent, {stored} are stored");
        self.database.drop(&plan.database_url).await
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // Fails only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A stack bound to one processor and the load to the others, for as long as this lives.
pub struct Bound {
    processes: Vec<Process>,
    processors: usize,
}

impl Bound {
    /// Binds; with a single processor there is nothing to choose.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn to_one(processes: &[Process]) -> Result<Self> {
        let processors = std::thread::available_parallelism()?.get();
        let bound = Self { processes: processes.to_vec(), processors };
        if processors > 1 {
            let (load, stack): (Vec<_>, Vec<_>) = processes.iter().partition(|process| process.name == LOAD);
            usage::bind(&load, &format!("1-{}", processors - 1))?;
            usage::bind(&stack, "0")?;
        }
        Ok(bound)
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if self.processors > 1
            && let Err(error) = usage::bind(&self.processes, &format!("0-{}", self.processors - 1))
        {
            crate::say(&format!("processes stay bound to one processor: {error:#}"));
        }
    }
}

/// The crowd of `mosaic seed`.
fn seed(plan: &Plan, database: &Database, folder: &TempDir, people: usize) -> Result<Vec<Person>> {
    let out: PathBuf = folder.path().join("people.jsonl");
    let mut command = Command::new(&plan.mosaic);
    command.args(["seed", "--users", &people.to_string(), "--out"]).arg(&out);
    command
        .env_clear()
        .env("DATABASE_URL", &database.url)
        .env("MOSAIC_LOG", "warn")
        .current_dir(folder.path());
    let output = command.output().context("mosaic seed cannot be run")?;
    ensure!(output.status.success(), "mosaic seed: {}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(&out)?;
    let people_read = text.lines().map(serde_json::from_str).collect::<Result<Vec<Person>, _>>()?;
    ensure!(people_read.len() == people, "mosaic seed made {} people", people_read.len());
    Ok(people_read)
}

/// People the references have never heard of, and let in.
fn strangers(people: usize) -> Vec<Person> {
    (0..people).map(|_| Person { id: Uuid::now_v7(), token: "bench".to_owned() }).collect()
}

/// Below the range from which the system takes the near ends of connections, of which there are thousands here.
fn free_port() -> u16 {
    loop {
        let random = Uuid::new_v4().as_u128() % 12_000;
        let port = 20_000 + u16::try_from(random).expect("less than 12 000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

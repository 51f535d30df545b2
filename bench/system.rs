//! A system that is measured: its processes, its database and its people.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use tempfile::TempDir;
use uuid::Uuid;

use crate::database::{self, Database, Home};
use crate::plan::Plan;
use crate::server::Server;
use crate::usage::{LOAD, Process};
use crate::wire::PATIENCE;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The least that can be done.
    Floor,
    /// The least that can be done with a table of messages that has its keys.
    Keyed,
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
            Self::Keyed => "keyed",
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

/// See the module. Dropped, its processes are killed.
pub struct System {
    /// Which of them.
    pub kind: Kind,
    /// Its people; those of a conversation stand side by side.
    pub people: Vec<Person>,
    /// Its database.
    pub database: Database,
    /// For calls over HTTP.
    pub http: reqwest::Client,
    home: Home,
    servers: Vec<Server>,
    folder: TempDir,
}

impl System {
    /// Starts one on an empty database, with so many people who can log in.
    ///
    /// # Errors
    /// When it does not start; its last words are part of the error.
    pub async fn start(plan: &Plan, kind: Kind, home: Home, people: usize) -> Result<Self> {
        // The peer knows no other.
        let home = if kind == Kind::Peer { Home::Served } else { home };
        let folder = TempDir::new_in(plan.folder()?)?;
        let database = Database::create(&plan.database_url, home, &folder).await?;
        // Before the server, so that it begins with all that is there.
        let people =
            if kind == Kind::Mosaic { seed(plan, &database, &folder, people)? } else { strangers(people) };
        if kind == Kind::Keyed {
            database.lay_out_keys(people.iter().map(|person| person.id).collect()).await?;
        }
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let mut system = Self { kind, people, database, http, home, servers: Vec::new(), folder };
        system.add_server(plan).await?;
        Ok(system)
    }

    /// Starts one more instance beside those that run.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn add_server(&mut self, plan: &Plan) -> Result<()> {
        let folder = self.folder.path();
        let server =
            Server::start(plan, self.kind, self.home, &self.database.url, folder, &self.http).await?;
        self.servers.push(server);
        Ok(())
    }

    /// One of its instances; counted on, they come round again.
    pub fn server(&self, n: usize) -> &Server {
        &self.servers[n % self.servers.len()]
    }

    /// The end of its logs.
    pub fn last_words(&self) -> String {
        self.servers.iter().map(Server::last_words).collect::<Vec<_>>().join("\n")
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server(0).address)
    }

    /// Where somebody opens a socket, at one of the instances. The references know no tickets: any token will do.
    ///
    /// # Errors
    /// When there is no ticket to be had.
    pub async fn socket_address(&self, n: usize, person: &Person) -> Result<String> {
        #[derive(Deserialize)]
        struct Ticket {
            ticket: String,
        }
        let address = &self.server(n).address;
        let token = if self.kind == Kind::Mosaic {
            let asking = self.http.post(format!("http://{address}/messages/ws-ticket"));
            let asked = asking.bearer_auth(&person.token).send();
            asked.await?.error_for_status()?.json::<Ticket>().await?.ticket
        } else {
            person.token.clone()
        };
        Ok(format!("ws://{address}/messages/ws/{}?token={token}", person.id))
    }

    /// All that works while this one is measured: the stack, and the load.
    ///
    /// # Errors
    /// When PostgreSQL or Redis cannot be asked for their process.
    pub async fn processes(&self, plan: &Plan) -> Result<Vec<Process>> {
        let mut processes = vec![Process { name: LOAD, pid: std::process::id() }];
        processes.extend(self.servers.iter().map(|server| Process { name: "server", pid: server.pid() }));
        if self.home == Home::Served {
            let postgres = database::postmaster(&plan.database_url).await?;
            let redis = database::redis_process(&plan.redis_url).await?;
            processes.push(Process { name: "postgres", pid: postgres });
            processes.push(Process { name: "redis", pid: redis });
        }
        Ok(processes)
    }

    /// Sees that the processes still run, ends them, and sees that every message of the load is in the database once.
    ///
    /// # Errors
    /// When it is not so.
    pub async fn stop(mut self, plan: &Plan, sent: u64) -> Result<()> {
        for server in &mut self.servers {
            server.stop()?;
        }
        let stored = self.database.messages().await?;
        ensure!(stored == sent, "{sent} messages were sent, {stored} are stored");
        self.database.drop(&plan.database_url).await
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

//! One process of a system that is measured.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::Client;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::database::Home;
use crate::plan::Plan;
use crate::system::Kind;
use crate::wire::PATIENCE;

/// A server that runs. Dropped, it is killed.
pub struct Server {
    kind: Kind,
    /// Where it listens.
    pub address: String,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts one in `folder`, on this database, and waits until it serves.
    ///
    /// # Errors
    /// When it does not; its last words are part of the error.
    pub async fn start(
        plan: &Plan,
        kind: Kind,
        home: Home,
        database_url: &str,
        folder: &Path,
        http: &Client,
    ) -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port());
        let redis_url = (home == Home::Served).then_some(plan.redis_url.as_str());
        let log = folder.join(format!("{}.log", Uuid::now_v7()));
        let output = File::create(&log)?;
        let child = command(plan, kind, &address)?
            .env_clear()
            .env("DATABASE_URL", database_url)
            .envs(redis_url.map(|url| ("REDIS_URL", url)))
            .env("LEPTOS_SITE_ADDR", &address)
            .env("LEPTOS_SITE_ROOT", folder)
            .env("MOSAIC_RATE_LIMIT", "off")
            .env("MOSAIC_LOG", "warn")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("the {} cannot be started", kind.name()))?;
        let mut server = Self { kind, address, child, log };
        server.becomes_ready(home, http).await?;
        Ok(server)
    }

    async fn becomes_ready(&mut self, home: Home, http: &Client) -> Result<()> {
        let begun = Instant::now();
        while !self.is_ready(home, http).await {
            if self.child.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                bail!("the {} does not get ready: {}", self.kind.name(), self.last_words());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn is_ready(&self, home: Home, http: &Client) -> bool {
        if self.kind != Kind::Mosaic {
            return TcpStream::connect(&self.address).await.is_ok();
        }
        let Ok(answer) = http.get(format!("http://{}/readyz", self.address)).send().await else {
            return false;
        };
        let is_ready = answer.status().is_success();
        let is_whole =
            home == Home::Embedded || answer.text().await.is_ok_and(|text| text.contains(r#""bus":"ok""#));
        is_ready && is_whole
    }

    /// The end of its log.
    pub fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        if lines.is_empty() {
            return "it logged nothing".to_owned();
        }
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sees that it still runs, and ends it.
    ///
    /// # Errors
    /// When it ended by itself.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the {} ended with {status}: {}", self.kind.name(), self.last_words());
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(plan: &Plan, kind: Kind, address: &str) -> Result<Command> {
    let mut command;
    match kind {
        Kind::Floor | Kind::Keyed => {
            command = Command::new(std::env::current_exe()?);
            command.args(["floor", "--listen", address]);
        }
        Kind::Mosaic => {
            command = Command::new(&plan.mosaic);
            command.arg("serve");
        }
        Kind::Peer => {
            let (_, port) = address.split_once(':').context("a port")?;
            command = Command::new(plan.peer.join("bin/python"));
            command.args(["-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", port, "--app-dir"]);
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/bench/peer"));
            command.args(["--loop", "uvloop", "--http", "httptools", "--no-access-log"]);
            command.args(["--log-level", "warning"]);
        }
    }
    Ok(command)
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

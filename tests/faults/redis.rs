//! A Redis of one's own, without a disk, and what can happen to it.

use std::process::{Child, Command, Stdio};

use mosaic::domain::UserId;
use redis::{Client, Cmd, FromRedisValue};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::tools::{DEADLINE, free_port, signal, until};

pub struct Redis {
    child: Option<Child>,
    port: u16,
    dir: TempDir,
}

impl Redis {
    /// A server that answers.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a folder for Redis");
        let mut server = Self { child: None, port: free_port(), dir };
        server.restart().await;
        server
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it where it was before.
    pub async fn restart(&mut self) {
        assert!(self.child.is_none(), "Redis runs already");
        let child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server runs: scripts/setup.sh test installs it");
        self.child = Some(child);
        until("the private Redis answers", async || self.ask::<String>(&redis::cmd("PING")).await.is_some())
            .await;
    }

    /// Kills it like a lost machine: no good-bye.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Fails only when it is gone already.
            let _ = child.kill();
            child.wait().expect("a killed process ends");
        }
    }

    /// Stops it without closing anything: connections stand, nobody answers.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// Cuts every subscriber off; returns how many there were.
    pub async fn cut_subscribers(&self) -> u64 {
        let command = redis::cmd("CLIENT").arg(&["KILL", "TYPE", "pubsub"]).to_owned();
        self.ask(&command).await.expect("the private Redis answers")
    }

    /// Publishes to the channel of a person.
    pub async fn publish(&self, person: UserId, payload: &[u8]) {
        let command = redis::cmd("PUBLISH").arg(format!("chat:{person}")).arg(payload).to_owned();
        let _: u64 = self.ask(&command).await.expect("the private Redis answers");
    }

    /// How many subscribers the channel of a person has.
    pub async fn subscribers(&self, person: UserId) -> u64 {
        let command = redis::cmd("PUBSUB").arg("NUMSUB").arg(format!("chat:{person}")).to_owned();
        let (_, subscribers): (String, u64) = self.ask(&command).await.expect("the private Redis answers");
        subscribers
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        let answer = async {
            let client = Client::open(self.url()).expect("the URL of the private server");
            let mut connection = client.get_multiplexed_async_connection().await.ok()?;
            command.query_async(&mut connection).await.ok()
        };
        timeout(DEADLINE, answer).await.expect("the private Redis hangs")
    }

    fn signal(&self, name: &str) {
        signal(self.child.as_ref().expect("Redis runs").id(), name);
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

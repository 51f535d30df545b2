//! A Redis of one's own: on a free port, without a disk, gone when dropped.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use mosaic::domain::UserId;
use mosaic::server::bus::channel;
use redis::aio::MultiplexedConnection;
use redis::{Client, Cmd, FromRedisValue};
use tempfile::TempDir;
use tokio::time::timeout;
use uuid::Uuid;

use crate::reports::keep_logs;
use crate::rig::{DEADLINE, until};

pub struct RedisServer {
    child: Option<Child>,
    port: u16,
    dir: TempDir,
    password: Option<&'static str>,
}

impl RedisServer {
    /// A server that answers.
    pub async fn start() -> Self {
        let mut server = Self::absent();
        server.restart().await;
        server
    }

    /// The place of a server that does not run yet.
    pub fn absent() -> Self {
        keep_logs();
        let dir = tempfile::tempdir().expect("a directory for the server");
        Self { child: None, port: free_port(), dir, password: None }
    }

    pub fn with_password(mut self, password: &'static str) -> Self {
        self.password = Some(password);
        self
    }

    pub fn url(&self) -> String {
        let credentials = self.password.map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{credentials}127.0.0.1:{}", self.port)
    }

    pub fn socket_url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it where it was before.
    pub async fn restart(&mut self) {
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .arg("--dir")
            .arg(self.dir.path())
            .arg("--unixsocket")
            .arg(self.socket())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(password) = self.password {
            command.args(["--requirepass", password]);
        }
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot run redis-server ({error}): `make test` installs what the tests need")
        });
        self.child = Some(child);
        until("the private Redis answers", async || {
            self.try_ask::<String>(&redis::cmd("PING")).await.is_some()
        })
        .await;
    }

    /// Like a lost machine: no good-bye.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Fails only when it is gone already.
            let _ = child.kill();
            child.wait().expect("a killed server ends");
        }
    }

    /// Stops it without closing anything: connections stand, nobody answers.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Closes every connection of a type (`pubsub` or `normal`) but the one that asks.
    pub async fn disconnect(&self, kind: &str) -> u64 {
        self.ask(redis::cmd("CLIENT").arg(&["KILL", "TYPE", kind])).await
    }

    /// How many connections of a type there are.
    pub async fn clients(&self, kind: &str) -> usize {
        let list: String = self.ask(redis::cmd("CLIENT").arg(&["LIST", "TYPE", kind])).await;
        list.lines().count()
    }

    /// How many connections are subscribed to a user's channel.
    pub async fn subscribers(&self, user: UserId) -> u64 {
        let (_, count): (String, u64) = self.ask(redis::cmd("PUBSUB").arg("NUMSUB").arg(channel(user))).await;
        count
    }

    /// Publishes anything, as a stranger.
    pub async fn publish(&self, channel: &str, payload: &[u8]) -> u64 {
        self.ask(redis::cmd("PUBLISH").arg(channel).arg(payload)).await
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> T {
        self.try_ask(command).await.expect("the private Redis answers")
    }

    async fn try_ask<T: FromRedisValue>(&self, command: &Cmd) -> Option<T> {
        let answer = async {
            let client = Client::open(self.url()).expect("the URL of the private server");
            let mut connection: MultiplexedConnection =
                client.get_multiplexed_async_connection().await.ok()?;
            command.query_async(&mut connection).await.ok()
        };
        timeout(DEADLINE, answer).await.expect("the private Redis hangs")
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("the server runs").id();
        let status = Command::new("kill").args([signal, &pid.to_string()]).status();
        assert!(status.expect("the command kill").success());
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("redis.sock")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Below the range from which the system takes the near ends of connections: there, a client that
/// tries for long to reach a server that is away ends up connected to itself.
fn free_port() -> u16 {
    loop {
        let random = Uuid::new_v4().as_u128() % 12_000;
        let port = 20_000 + u16::try_from(random).expect("less than 12 000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

//! `mosaic serve` as a process of its own: what only a whole process has, its metrics and its log.

use std::fs::{self, File};
use std::io::{Write as _, stderr};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::wait_until;

pub struct Process {
    child: Child,
    folder: TempDir,
    /// Where it serves people.
    pub address: SocketAddr,
}

impl Process {
    /// One on a file of its own, with this in its environment, that serves.
    pub async fn start(environment: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mosaic"));
        command
            .arg("serve")
            .env_clear()
            .env("LEPTOS_SITE_ADDR", "127.0.0.1:0")
            .env("MOSAIC_LOG_FORMAT", "json")
            .envs(environment.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stderr(log);
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut process = Self { child: command.spawn().unwrap(), folder, address: nowhere };
        assert!(wait_until(async || process.says("Mosaic serves").is_some()).await, "{}", process.log());
        process.address = process.address_of("Mosaic serves");
        process
    }

    /// All that it logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// What it logged so far, line by line. The last one may be half written.
    pub fn lines(&self) -> Vec<Value> {
        self.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The address in the line with this message.
    pub fn address_of(&self, message: &str) -> SocketAddr {
        let line = self.says(message).unwrap_or_else(|| panic!("{}", self.log()));
        line["address"].as_str().unwrap().parse().unwrap()
    }

    fn says(&self, message: &str) -> Option<Value> {
        self.lines().into_iter().find(|line| line["message"] == message)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only when it is gone already.
        let _ = self.child.kill();
        self.child.wait().unwrap();
        if std::thread::panicking() {
            // It is the test's own failure that matters, whether or not this can be shown.
            let _ = writeln!(stderr(), "the log of the process:\n{}", self.log());
        }
    }
}

/// What `/metrics` at an address says.
pub struct Metrics(String);

impl Metrics {
    pub async fn of(address: SocketAddr) -> Self {
        let answer = reqwest::get(format!("http://{address}/metrics")).await.unwrap();
        assert_eq!(answer.status(), 200);
        Self(answer.text().await.unwrap())
    }

    /// A series as it is written there; `None` when it is not.
    pub fn get(&self, series: &str) -> Option<f64> {
        let value = |line: &str| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok();
        self.0.lines().find_map(value)
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}

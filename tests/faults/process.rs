//! One `mosaic serve`, a process like in production, and what can happen to it.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;

use crate::tools::{free_port, say, signal, until};
use crate::wire::Door;

/// The series that counts devices which were closed because they did not read.
pub const SLOW: &str = r#"mosaic_sockets_closed_total{code="4008"}"#;

/// How much of the log is shown when a test fails.
const LOG_LINES: usize = 40;

pub struct Instance {
    child: Option<Child>,
    address: SocketAddr,
    environment: Vec<(&'static str, String)>,
    dir: TempDir,
    http: reqwest::Client,
}

impl Instance {
    /// An instance that is ready. `FAULT_MOSAIC` names a binary to take instead of the one built for tests.
    pub async fn start(database_url: &str, redis_url: Option<&str>) -> Self {
        let mut instance = Self::absent(database_url, redis_url);
        instance.restart().await;
        instance
    }

    /// The place of an instance that does not run yet.
    pub fn absent(database_url: &str, redis_url: Option<&str>) -> Self {
        // Beside the binary, which can then be linked: a build meanwhile must not change what a
        // restarted instance is.
        let dir = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for the instance");
        let binary =
            std::env::var("FAULT_MOSAIC").unwrap_or_else(|_| env!("CARGO_BIN_EXE_mosaic").to_owned());
        let own = dir.path().join("mosaic");
        fs::hard_link(&binary, &own)
            .or_else(|_| fs::copy(&binary, &own).map(drop))
            .unwrap_or_else(|error| panic!("{binary} cannot be linked: {error}"));
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut environment = vec![
            ("DATABASE_URL", database_url.to_owned()),
            ("LEPTOS_SITE_ADDR", address.to_string()),
            ("LEPTOS_SITE_ROOT", dir.path().display().to_string()),
            ("MOSAIC_RATE_LIMIT", String::from("off")),
        ];
        environment.extend(redis_url.map(|url| ("REDIS_URL", url.to_owned())));
        // A connection for each question: one that stands says little about an instance.
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).pool_max_idle_per_host(0);
        let http = http.build().expect("a client");
        Self { child: None, address, environment, dir, http }
    }

    /// The same with something more in its environment, from the next start on.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.environment.push((name, value));
        self
    }

    /// Starts it where it was before and waits until it is ready.
    pub async fn restart(&mut self) {
        self.spawn();
        until("the instance is ready", async || self.is_ready().await).await;
    }

    fn spawn(&mut self) {
        assert!(self.child.is_none(), "the instance runs already");
        let log = File::options().create(true).append(true).open(self.log_file()).expect("a log file");
        let mut command = self.command();
        command.arg("serve").stdout(log.try_clone().expect("the log file twice")).stderr(log);
        self.child = Some(command.spawn().expect("the binary runs"));
    }

    /// Runs another command of the binary on the same settings, to its end.
    pub fn run(&self, arguments: &[&str]) {
        let output = self.command().args(arguments).output().expect("the binary runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn command(&self) -> Command {
        // With that signal ignored, a limit on the size of files is met as a disk that is full.
        let mut command = Command::new("env");
        command
            .arg("--ignore-signal=XFSZ")
            .arg(self.dir.path().join("mosaic"))
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    pub fn door(&self) -> Door {
        Door { http: self.address, socket: self.address }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    async fn is_ready(&self) -> bool {
        self.get("/readyz").await.is_some_and(|(status, _)| status == 200)
    }

    /// Whether the instance says that its bus works.
    pub async fn bus_is(&self, health: &str) -> bool {
        let wanted = format!(r#""bus":"{health}""#);
        self.get("/readyz").await.is_some_and(|(_, body)| body.contains(&wanted))
    }

    /// Status and body; `None` when nobody answers.
    pub async fn get(&self, path: &str) -> Option<(u16, String)> {
        let answer = self.http.get(self.url(path)).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// A series as `/metrics` writes it, or the sum of all of that name; zero when it was never counted.
    pub async fn metric(&self, name: &str) -> f64 {
        let (_, text) = self.get("/metrics").await.expect("the instance answers");
        let values = text.lines().filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let is_it = series == name || series.split('{').next() == Some(name);
            is_it.then(|| value.parse::<f64>().expect("a number"))
        });
        values.sum()
    }

    /// Kills it like a lost machine: no good-bye.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Fails only when it is gone already.
            let _ = child.kill();
            child.wait().expect("a killed process ends");
        }
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        signal(self.pid(), "TERM");
    }

    /// Waits for its end; `None` when that does not come in time.
    pub async fn ended(&mut self, limit: Duration) -> Option<ExitStatus> {
        let child = self.child.as_mut().expect("the instance runs");
        let ended = timeout(limit, async {
            loop {
                if let Some(status) = child.try_wait().expect("a child can be waited for") {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let status = ended.await.ok()?;
        self.child = None;
        Some(status)
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the instance runs").id()
    }

    /// Sets the soft limit of a resource, by its long name in `prlimit`; returns what it was.
    pub fn limit(&self, resource: &str, limit: &str) -> String {
        let prlimit = |arguments: &[&str]| {
            let output =
                Command::new("prlimit").args(["--pid", &self.pid().to_string()]).args(arguments).output();
            let output = output.expect("the command prlimit");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).expect("text")
        };
        let before = prlimit(&[&format!("--{resource}"), "--output=SOFT", "--noheadings", "--raw"]);
        prlimit(&[&format!("--{resource}={limit}:")]);
        before.trim().to_owned()
    }

    /// The memory that is in use, in bytes.
    pub fn memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("the instance runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        let kibibytes = line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number");
        1024 * kibibytes
    }

    /// All that it logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.path("log")
    }

    fn show_log(&self) {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n");
        say(&format!("the end of the log of the instance at {}:\n{tail}", self.address));
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            self.show_log();
        }
    }
}

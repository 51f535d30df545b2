//! Settings, read once and checked before anything starts.
//!
//! Flags win over the environment, that over `Leptos.toml`, that over defaults. A bad value ends the
//! start with one line that names it.

mod file;

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use chrono::TimeDelta;
use clap::{Args, Parser, Subcommand, ValueEnum};

use self::file::File;
use super::origin::PublicOrigin;
use super::proxies::TrustedProxies;

/// One-to-one messaging for matched people.
#[derive(Debug, Parser)]
#[command(name = "mosaic", version, about, propagate_version = true)]
pub struct Cli {
    /// What to do; `serve` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings.
    #[command(flatten)]
    pub settings: Settings,
}

/// The commands of the binary.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Run the migrations, then serve.
    Serve,
    /// Run the migrations, then exit.
    Migrate,
    /// Add people. May run beside a live server.
    Seed(SeedArgs),
    /// Print what people reported, one JSON line each, oldest first.
    Reports,
}

/// Whom to add.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct SeedArgs {
    /// The demo people, all with the password `mosaic-demo`; those already there are left as they are.
    #[arg(long, required_unless_present = "users", conflicts_with = "users")]
    pub demo: bool,
    /// This many people for load tests, one JSON line each: user_id, username, token.
    #[arg(long, value_name = "N")]
    pub users: Option<usize>,
    /// Where the JSON lines go; standard output when absent.
    #[arg(long, value_name = "FILE", requires = "users", conflicts_with = "demo")]
    pub out: Option<PathBuf>,
}

/// How many days messages may be kept, unless it is for ever.
const RETENTION_DAYS: RangeInclusive<i64> = 1..=36_500;

/// Settings as they were given, before the file and the defaults fill the holes.
#[derive(Debug, Default, Args)]
pub struct Settings {
    /// Path of the settings file; `Leptos.toml` in the working directory when it exists.
    #[arg(long, global = true, env = "MOSAIC_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// `sqlite://…` or `postgres://…` [default: sqlite://data/mosaic.db]
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// `redis://…` or `redis+unix://…`; without it one instance serves alone
    #[arg(long, global = true, env = "REDIS_URL", hide_env_values = true, value_name = "URL")]
    redis_url: Option<String>,
    /// Listen address [default: 127.0.0.1:3000]
    #[arg(long, alias = "leptos-site-addr", global = true, env = "LEPTOS_SITE_ADDR", value_name = "ADDR")]
    site_addr: Option<String>,
    /// The built front end [default: target/site]
    #[arg(long, alias = "leptos-site-root", global = true, env = "LEPTOS_SITE_ROOT", value_name = "DIR")]
    site_root: Option<PathBuf>,
    /// The origin browsers use, such as `https://mosaic.example` [default: from the listen address]
    #[arg(
        long,
        alias = "mosaic-public-origin",
        global = true,
        env = "MOSAIC_PUBLIC_ORIGIN",
        value_name = "ORIGIN"
    )]
    public_origin: Option<String>,
    /// Where `/metrics` is served, and then nowhere else [default: the listen address]
    #[arg(
        long,
        alias = "mosaic-metrics-addr",
        global = true,
        env = "MOSAIC_METRICS_ADDR",
        value_name = "ADDR"
    )]
    metrics_addr: Option<String>,
    /// Addresses and networks of the proxies whose `X-Forwarded-For` and `X-Request-Id` are believed,
    /// separated by commas [default: none]
    #[arg(
        long,
        alias = "mosaic-trusted-proxies",
        global = true,
        env = "MOSAIC_TRUSTED_PROXIES",
        value_name = "LIST"
    )]
    trusted_proxies: Option<String>,
    /// Messages older than this many days are deleted [default: kept for ever]
    #[arg(
        long,
        alias = "mosaic-retention-days",
        global = true,
        env = "MOSAIC_RETENTION_DAYS",
        value_name = "DAYS"
    )]
    retention_days: Option<String>,
    /// `off` lifts every limit of rate and number; only for load tests [default: on]
    #[arg(
        long,
        alias = "mosaic-rate-limit",
        global = true,
        env = "MOSAIC_RATE_LIMIT",
        value_name = "on|off"
    )]
    rate_limit: Option<String>,
    /// Tracing filter, such as `info,mosaic=debug` [default: info]
    #[arg(long, alias = "mosaic-log", global = true, env = "MOSAIC_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// `text` or `json` [default: text]
    #[arg(
        long,
        alias = "mosaic-log-format",
        global = true,
        env = "MOSAIC_LOG_FORMAT",
        value_name = "FORMAT"
    )]
    log_format: Option<String>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Settings, complete and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which database.
    pub database_url: String,
    /// Which Redis, if any.
    pub redis_url: Option<String>,
    /// Where to listen.
    pub site_addr: SocketAddr,
    /// The built front end.
    pub site_root: PathBuf,
    /// What browsers call this server.
    pub origin: PublicOrigin,
    /// Where the metrics are served instead of on the listen address, if anywhere.
    pub metrics_addr: Option<SocketAddr>,
    /// Who may say where a request comes from.
    pub trusted_proxies: TrustedProxies,
    /// How old a message gets before it is deleted; `None` for messages that are kept for ever.
    pub retention: Option<TimeDelta>,
    /// Whether limits of rate and number apply.
    pub rate_limit: bool,
    /// The tracing filter.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
}

impl Settings {
    /// Fills the holes and checks every value.
    ///
    /// # Errors
    /// Names the first setting that cannot be used, and where its value came from is plain from its name.
    pub fn resolve(self) -> Result<Config> {
        let file = File::read(self.config.as_deref())?;
        let database_url = or(self.database_url, file.database.url, "sqlite://data/mosaic.db");
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| database_url.starts_with(scheme)) {
            bail!("DATABASE_URL must begin with sqlite:// or postgres://");
        }
        let redis_url = self.redis_url.filter(|url| !url.is_empty()).or(file.bus.url);
        if redis_url.as_deref().is_some_and(|url| !is_redis_url(url)) {
            bail!("REDIS_URL must begin with redis://, rediss:// or redis+unix://");
        }
        let leptos = file.package.metadata.leptos;
        let site_addr = or(self.site_addr, leptos.site_addr, "127.0.0.1:3000");
        let site_addr = address("LEPTOS_SITE_ADDR", &site_addr)?;
        let metrics_addr =
            self.metrics_addr.filter(|address| !address.is_empty()).or(file.server.metrics_addr);
        let metrics_addr = metrics_addr.map(|text| address("MOSAIC_METRICS_ADDR", &text)).transpose()?;
        let origin =
            match self.public_origin.filter(|origin| !origin.is_empty()).or(file.server.public_origin) {
                Some(origin) => PublicOrigin::parse(&origin).with_context(|| {
                    format!("MOSAIC_PUBLIC_ORIGIN must be like https://host[:port], not {origin:?}")
                })?,
                None => PublicOrigin::of_listen_address(site_addr),
            };
        let rate_limit = match or(self.rate_limit, file.server.rate_limit, "on").as_str() {
            "on" => true,
            "off" => false,
            other => bail!("MOSAIC_RATE_LIMIT must be on or off, not {other:?}"),
        };
        let retention_days =
            self.retention_days.filter(|days| !days.is_empty()).or(file.server.retention_days);
        let retention = retention_days.map(|days| retention(&days)).transpose()?;
        let proxies = or(self.trusted_proxies, file.server.trusted_proxies, "");
        let trusted_proxies = TrustedProxies::parse(&proxies).with_context(|| {
            format!("MOSAIC_TRUSTED_PROXIES must be addresses or networks like 10.0.0.0/8, not {proxies:?}")
        })?;
        let log_format = or(self.log_format, file.log.format, "text");
        let log_format = LogFormat::from_str(&log_format, false)
            .map_err(|_| anyhow::anyhow!("MOSAIC_LOG_FORMAT must be text or json, not {log_format:?}"))?;
        Ok(Config {
            database_url,
            redis_url,
            site_addr,
            site_root: self
                .site_root
                .or(leptos.site_root.map(Into::into))
                .unwrap_or_else(|| "target/site".into()),
            origin,
            metrics_addr,
            trusted_proxies,
            retention,
            rate_limit,
            log: or(self.log, file.log.filter, "info"),
            log_format,
        })
    }
}

fn or(given: Option<String>, file: Option<String>, default: &str) -> String {
    given.filter(|value| !value.is_empty()).or(file).unwrap_or_else(|| default.to_owned())
}

fn address(name: &str, text: &str) -> Result<SocketAddr> {
    let numeric = text.replace("localhost", "127.0.0.1");
    numeric.parse().with_context(|| format!("{name} must be an address and port, not {text:?}"))
}

fn retention(text: &str) -> Result<TimeDelta> {
    let days = text.parse().ok().filter(|days| RETENTION_DAYS.contains(days));
    days.map(TimeDelta::days).with_context(|| {
        format!("MOSAIC_RETENTION_DAYS must be a number of days from 1 to 36500, not {text:?}")
    })
}

fn is_redis_url(url: &str) -> bool {
    ["redis:", "rediss:", "redis+unix:", "unix:"].iter().any(|scheme| url.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(args: &[&str]) -> Result<Config> {
        let mut all = vec!["mosaic", "--config", "Leptos.toml"];
        all.extend(args);
        Cli::try_parse_from(all).map_err(Into::into).and_then(|cli| cli.settings.resolve())
    }

    #[test]
    fn the_defaults_are_embedded() {
        let config = resolve(&[]).unwrap();
        assert_eq!(config.database_url, "sqlite://data/mosaic.db");
        assert_eq!(config.redis_url, None);
        assert_eq!(config.site_addr.to_string(), "127.0.0.1:3000");
        assert!(config.rate_limit);
        assert_eq!(config.retention, None);
        assert_eq!(resolve(&["--retention-days", "30"]).unwrap().retention, Some(TimeDelta::days(30)));
    }

    #[test]
    fn seed_takes_demo_or_users_with_a_file() {
        let parse = |args: &[&str]| Cli::try_parse_from([&["mosaic", "seed"], args].concat()).is_ok();
        assert!(parse(&["--demo"]) && parse(&["--users", "2"]) && parse(&["--users", "2", "--out", "f"]));
        assert!(!parse(&[]) && !parse(&["--demo", "--users", "2"]) && !parse(&["--demo", "--out", "f"]));
    }

    #[test]
    fn every_bad_value_names_its_setting() {
        for (flag, value, named) in [
            ("--database-url", "mysql://x", "DATABASE_URL"),
            ("--redis-url", "http://x", "REDIS_URL"),
            ("--site-addr", "nowhere", "LEPTOS_SITE_ADDR"),
            ("--public-origin", "mosaic.example/path", "MOSAIC_PUBLIC_ORIGIN"),
            ("--metrics-addr", "9090", "MOSAIC_METRICS_ADDR"),
            ("--trusted-proxies", "10.0.0.1/8", "MOSAIC_TRUSTED_PROXIES"),
            ("--retention-days", "0", "MOSAIC_RETENTION_DAYS"),
            ("--retention-days", "36501", "MOSAIC_RETENTION_DAYS"),
            ("--retention-days", "7d", "MOSAIC_RETENTION_DAYS"),
            ("--rate-limit", "maybe", "MOSAIC_RATE_LIMIT"),
            ("--log-format", "xml", "MOSAIC_LOG_FORMAT"),
        ] {
            let error = resolve(&[flag, value]).unwrap_err();
            assert!(error.to_string().contains(named), "{flag}: {error}");
        }
    }
}

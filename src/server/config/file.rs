//! The settings file: `Leptos.toml`, which is also where `leptos_config` finds its keys.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    pub server: ServerTable,
    pub database: UrlTable,
    pub bus: UrlTable,
    pub log: LogTable,
    pub package: PackageTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerTable {
    pub metrics_addr: Option<String>,
    pub public_origin: Option<String>,
    pub rate_limit: Option<String>,
    pub retention_days: Option<String>,
    pub trusted_proxies: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UrlTable {
    pub url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogTable {
    pub filter: Option<String>,
    pub format: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PackageTable {
    pub metadata: MetadataTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MetadataTable {
    pub leptos: LeptosTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct LeptosTable {
    pub site_addr: Option<String>,
    pub site_root: Option<String>,
}

impl File {
    /// The settings of `given`, or of `Leptos.toml` in the working directory when there is one.
    pub fn read(given: Option<&Path>) -> Result<Self> {
        let path = given.unwrap_or(Path::new("Leptos.toml"));
        match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| {
                // The parser's full text shows the line, which may hold a password.
                let reason = error.message().replace('\n', " ");
                anyhow::anyhow!("{} cannot be used: {reason}", path.display())
            }),
            Err(error) if given.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }
}

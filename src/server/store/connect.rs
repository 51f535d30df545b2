//! From a database URL to a store.

use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use sqlx::postgres::PgConnectOptions;

use super::SharedStore;
use super::postgres::PostgresStore;
use super::sqlite::SqliteStore;

/// The store behind `database_url`: `sqlite://path` (the file's folder is made with its parents) or
/// `postgres://…`. Runs no migration. PostgreSQL need not be up yet.
///
/// # Errors
/// When the URL names neither, or the file cannot be opened.
pub async fn connect(database_url: &str) -> anyhow::Result<SharedStore> {
    let scheme = database_url.split_once(':').map(|(scheme, _)| scheme);
    match scheme {
        Some("sqlite") => {
            let path =
                database_url.strip_prefix("sqlite://").context("write the file's URL as sqlite://path")?;
            // Every connection would have a database of its own.
            ensure!(!path.is_empty() && !path.starts_with(":memory:"), "sqlite:// needs the path of a file");
            Ok(Arc::new(SqliteStore::open(Path::new(path)).await?))
        }
        Some("postgres" | "postgresql") => {
            // The error of the parser may hold the URL, and that a password.
            let options = PgConnectOptions::from_str(database_url)
                .map_err(|_| anyhow::anyhow!("the database URL is not a valid postgres:// URL"))?;
            Ok(Arc::new(PostgresStore::new(options)))
        }
        _ => bail!("the database URL must begin with sqlite:// or postgres://"),
    }
}

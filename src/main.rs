//! The `mosaic` command: settings, logs, then one of its commands.

/// A sixth of a message's processor time less than with the system's, and a smaller room for a socket; see
/// `docs/BENCHMARKS.md`.
#[cfg(feature = "ssr")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(feature = "ssr")]
#[tokio::main]
async fn main() -> std::process::ExitCode {
    use clap::Parser as _;
    use mosaic::server::config::Cli;

    match run(Cli::parse()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            // One line, whatever went wrong: the chain of causes behind colons.
            let _ = writeln!(std::io::stderr(), "mosaic: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "ssr")]
async fn run(cli: mosaic::server::config::Cli) -> anyhow::Result<()> {
    use mosaic::server::config::Command;
    use mosaic::server::{commands, run, telemetry};

    let config = cli.settings.resolve()?;
    telemetry::start_logging(&config)?;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => run::serve(config, telemetry::start_metrics()?).await,
        Command::Migrate => commands::migrate(&config).await.map(drop),
        Command::Seed(args) => commands::seed(&config, args).await,
        Command::Reports => commands::reports(&config).await,
    }
}

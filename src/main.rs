//! The `mosaic` command: settings, logs, then one of its commands.

/// A sixth of a message's processor time less than with the system's, and a smaller room for a socket; see
/// `docs/BENCHMARKS.md`.
#[cfg(feature = "ssr")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(feature = "ssr")]
fn main() -> std::process::ExitCode {
    use clap::Parser as _;
    use mosaic::server::config::Cli;

    let cli = Cli::parse();
    match runtime().map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run(cli))) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            // One line, whatever went wrong: the chain of causes behind colons.
            let _ = writeln!(std::io::stderr(), "mosaic: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// As many threads as half of the processors, at least one, unless Tokio's own `TOKIO_WORKER_THREADS` says otherwise. A
/// message goes from task to task, and with more threads another one has to be woken for it more often: on two
/// processors one thread is better than two, see `docs/BENCHMARKS.md`. The other half is for the kernel's part, the
/// database and the bus.
#[cfg(feature = "ssr")]
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if std::env::var_os("TOKIO_WORKER_THREADS").is_none() {
        builder.worker_threads(std::thread::available_parallelism().map_or(1, |all| (all.get() / 2).max(1)));
    }
    builder.enable_all().build()
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

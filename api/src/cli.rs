//! The command line: `usher [serve|worker|config|migrate|audit|backfill-ledger|verify-queue|health]`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::app::App;
use crate::config::{Config, Overrides, Setting};
use crate::worker::Worker;
use crate::{audit, health, telemetry, terminal, verify_queue};

/// Sells tickets for events that sell out in seconds.
#[derive(Parser)]
#[command(name = "usher", version)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Common {
    /// TOML file with the same settings, `listen = "0.0.0.0:80"` for instance.
    #[arg(long, env = "USHER_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// First start: no demo arena.
    #[arg(long, global = true)]
    no_demo: bool,
    /// Leaves mails, webhooks and reminders to `usher worker`.
    #[arg(long, global = true)]
    no_jobs: bool,
    #[command(flatten)]
    overrides: Overrides,
}

#[derive(Subcommand)]
enum Verb {
    /// Serves; the default.
    Serve,
    /// Sends mails and webhooks for servers on the same Postgres, as a process of its own.
    Worker,
    /// Prints every setting in force and where it comes from.
    Config,
    /// Brings the store's schema up to date and stops.
    Migrate,
    /// Checks the journal against the tables and the invariants. The server must not run on the embedded store.
    Audit,
    /// Writes the ledger's entries of what was sold by a build without one. The server must not run on the embedded store.
    BackfillLedger,
    /// Recomputes places in a waiting room's line from its proof, and fails if they are not what was promised.
    VerifyQueue(verify_queue::Arguments),
    /// Asks a running server whether it is ready.
    Health,
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let matches = Cli::command().get_matches();
    match Cli::from_arg_matches(&matches).map_err(anyhow::Error::from).and_then(|cli| start(&cli, &matches)) {
        Ok(code) => code,
        Err(error) => {
            terminal::failure(&error);
            ExitCode::FAILURE
        }
    }
}

fn start(cli: &Cli, matches: &clap::ArgMatches) -> anyhow::Result<ExitCode> {
    let verb = cli.verb.as_ref().unwrap_or(&Verb::Serve);
    if let Verb::VerifyQueue(arguments) = verb {
        return verify_queue::run(arguments);
    }
    let (mut config, mut settings) = load(cli, matches)?;
    for (is_off, key) in [(cli.common.no_demo, "demo"), (cli.common.no_jobs, "jobs")] {
        if is_off {
            settings.retain(|setting| setting.key != key);
            settings.push(Setting { key, value: "off".to_owned(), source: crate::config::Source::Flag });
        }
    }
    config.first_start.demo &= !cli.common.no_demo;
    config.jobs.run &= !cli.common.no_jobs;
    config.check()?;
    if matches!(verb, Verb::Config) {
        terminal::settings(&settings);
        return Ok(ExitCode::SUCCESS);
    }
    telemetry::install(&config.logs)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(async {
        match verb {
            Verb::Serve | Verb::Config | Verb::VerifyQueue(_) => serve(config).await,
            Verb::Worker => worker(config).await,
            Verb::Migrate => migrate(&config).await,
            Verb::Audit => audit::run(&config).await,
            Verb::BackfillLedger => audit::run_backfill(&config).await,
            Verb::Health => health::ask(&config).await,
        }
    })
}

/// A verb takes the flags that stand behind it as well as those before it.
fn load(cli: &Cli, matches: &clap::ArgMatches) -> anyhow::Result<(Config, Vec<Setting>)> {
    let matches = matches.subcommand().map_or(matches, |(_, matches)| matches);
    Ok(Config::load(&cli.common.overrides, matches, cli.common.config.as_deref())?)
}

async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    let app = App::start(config).await?;
    terminal::listening(app.addr());
    stop_signal().await?;
    tracing::info!("stopping");
    app.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn worker(config: Config) -> anyhow::Result<ExitCode> {
    let worker = Worker::start(config).await?;
    terminal::line("working");
    stop_signal().await?;
    tracing::info!("stopping");
    worker.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn stop_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

async fn migrate(config: &Config) -> anyhow::Result<ExitCode> {
    let store = persistence::Store::connect(&crate::app::store_config(config)).await?;
    store.close().await;
    terminal::line("the schema is up to date");
    Ok(ExitCode::SUCCESS)
}

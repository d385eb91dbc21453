//! Databases on a Postgres server that somebody else runs.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;

/// The server that `cargo xtask bench` and `cargo xtask services` start.
pub const SERVER: &str = "TEST_POSTGRES_URL";

/// One process may want several at once.
static CREATED: AtomicU32 = AtomicU32::new(0);

/// A database of our own on a server that others use too.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// On the server that [`SERVER`] names.
    ///
    /// # Errors
    /// It names none, or as [`Database::create`].
    pub fn from_environment() -> anyhow::Result<Self> {
        let server = std::env::var(SERVER).ok().filter(|url| !url.is_empty());
        let server =
            server.with_context(|| format!("{SERVER} names no Postgres to measure; `cargo xtask bench` starts one"))?;
        Self::create(server)
    }

    /// # Errors
    /// The server of that URL, or the programs of Postgres, are not there.
    pub fn create(server: String) -> anyhow::Result<Self> {
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let name = format!("usher_bench_{}_{number}", std::process::id());
        let database = Self { server, name };
        let made = database.command("createdb").status().context("createdb is not installed")?;
        anyhow::ensure!(made.success(), "createdb failed");
        Ok(database)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg(format!("--maintenance-db={}", self.server)).arg(&self.name);
        // createdb connects by these even when the maintenance database is a URL.
        command.env("PGUSER", "postgres");
        if let Some((host, port)) =
            self.server.rsplit_once('@').and_then(|(_, rest)| rest.split('/').next()?.split_once(':'))
        {
            command.env("PGHOST", host).env("PGPORT", port);
        }
        command
    }

    /// As the server does by itself, a while after so many rows were written.
    ///
    /// # Errors
    /// As [`Database::create`].
    pub fn analyze(&self) -> anyhow::Result<()> {
        let mut command = self.command("vacuumdb");
        command.args(["--analyze", "--quiet"]);
        let done = command.status().context("vacuumdb is not installed")?;
        anyhow::ensure!(done.success(), "vacuumdb failed");
        Ok(())
    }

    pub fn url(&self) -> String {
        let base = self.server.rsplit_once('/').map_or(self.server.as_str(), |(base, _)| base);
        format!("{base}/{}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Nothing can be done about a database that will not go; its name says where it is from.
        let _ = self.command("dropdb").arg("--force").status();
    }
}

//! A Postgres of our own: a fresh cluster in a temporary directory, on a free port, with durability on, gone afterwards.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{debian, terminal};

/// The port is chosen before Postgres takes it, so somebody else can be faster.
const PORT_TRIES: u32 = 5;

/// Limits of `pg_ctl`, in seconds.
const START_SECONDS: &str = "60";
const STOP_SECONDS: &str = "20";

/// Durability as in production: a test that passes on a cluster without fsync proves nothing about acknowledged writes.
const SETTINGS: &str = "-c listen_addresses=127.0.0.1 -c fsync=on -c synchronous_commit=on -c full_page_writes=on \
                        -c max_connections=200 -c shared_buffers=256MB -c max_wal_size=2GB";

pub struct Postgres {
    binaries: PathBuf,
    home: Home,
    account: Option<Account>,
    port: u16,
}

/// The temporary directory. Removed when dropped, whatever happened before.
struct Home(PathBuf);

/// Postgres refuses to run as root: it gets an account without rights then.
#[derive(Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

impl Postgres {
    pub fn start() -> Result<Postgres> {
        let home = Home::create()?;
        let as_root = home.owner()? == 0;
        let binaries = match find_binaries() {
            Some(found) => found,
            None => install()?,
        };
        let account = if as_root { Some(unprivileged_account()?) } else { None };
        if let Some(account) = account {
            home.give_to(account)?;
        }
        let mut postgres = Postgres { binaries, home, account, port: 0 };
        postgres.initialise()?;
        for attempt in 1..=PORT_TRIES {
            postgres.port = free_port()?;
            match postgres.launch() {
                Ok(()) => return Ok(postgres),
                Err(problem) if attempt == PORT_TRIES => return Err(problem),
                Err(_) => {}
            }
        }
        bail!("no free port")
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub fn socket_url(&self) -> String {
        format!("postgres://postgres@localhost:{}/postgres?host={}", self.port, self.home.0.display())
    }

    /// Stops the server and removes its files. Dropping does the same and reports nothing.
    pub fn stop(self) -> Result<()> {
        self.shut_down()
    }

    fn initialise(&self) -> Result<()> {
        let output = self
            .program("initdb")
            .arg("--pgdata")
            .arg(self.data())
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"])
            // Syncing an empty cluster that nobody else will ever read only costs time.
            .arg("--no-sync")
            .output()
            .context("running initdb")?;
        ensure!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    fn launch(&self) -> Result<()> {
        let log = self.home.0.join("log");
        let options = format!("{SETTINGS} -c port={} -c unix_socket_directories={}", self.port, self.home.0.display());
        let started = self
            .program("pg_ctl")
            .args(["start", "--wait", "--silent", "--timeout", START_SECONDS, "--options", &options])
            .arg("--pgdata")
            .arg(self.data())
            .arg("--log")
            .arg(&log)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .context("running pg_ctl")?;
        ensure!(started.success(), "postgres did not start: {}", fs::read_to_string(&log).unwrap_or_default());
        Ok(())
    }

    fn shut_down(&self) -> Result<()> {
        if !self.data().join("postmaster.pid").exists() {
            return Ok(());
        }
        for mode in ["fast", "immediate"] {
            let stopped = self
                .program("pg_ctl")
                .args(["stop", "--wait", "--silent", "--timeout", STOP_SECONDS, "--mode", mode, "--pgdata"])
                .arg(self.data())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .context("running pg_ctl")?;
            if stopped.success() {
                return Ok(());
            }
        }
        bail!("postgres in {} could not be stopped", self.home.0.display())
    }

    fn data(&self) -> PathBuf {
        self.home.0.join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        // The home, because the account may not be able to read the directory this program was started in.
        command.current_dir(&self.home.0).stdin(Stdio::null());
        if let Some(account) = self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(problem) = self.shut_down() {
            terminal::say(&format!("xtask: {problem:#}"));
        }
    }
}

impl Home {
    fn create() -> Result<Home> {
        // Short, because the path of a unix socket is limited to about a hundred bytes. The number at the end is for a
        // directory that an earlier process of the same id could not remove.
        let own = std::process::id();
        let mut outcome = Err(io::Error::from(io::ErrorKind::AlreadyExists));
        for attempt in 0..10 {
            let path = std::env::temp_dir().join(format!("usher-pg-{own}-{attempt}"));
            outcome = fs::DirBuilder::new().mode(0o700).create(&path).map(|()| Home(path));
            if !matches!(&outcome, Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists) {
                break;
            }
        }
        outcome.with_context(|| format!("creating a directory in {}", std::env::temp_dir().display()))
    }

    /// The user who made it: the one this program runs as.
    fn owner(&self) -> Result<u32> {
        Ok(fs::metadata(&self.0).with_context(|| format!("looking at {}", self.0.display()))?.uid())
    }

    fn give_to(&self, account: Account) -> Result<()> {
        std::os::unix::fs::chown(&self.0, Some(account.uid), Some(account.gid))
            .with_context(|| format!("giving {} to the account of postgres", self.0.display()))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Err(problem) = fs::remove_dir_all(&self.0) {
            terminal::say(&format!("xtask: {} is left behind: {problem}", self.0.display()));
        }
    }
}

/// On the path, or where Debian keeps them (newest version first).
fn find_binaries() -> Option<PathBuf> {
    let complete =
        |directory: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|name| directory.join(name).is_file());
    let versioned = || {
        let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
            .collect();
        versions.sort_unstable();
        versions.into_iter().rev().map(|(_, directory)| directory)
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    versioned().chain(std::env::split_paths(&path)).find(complete)
}

fn install() -> Result<PathBuf> {
    const BY_HAND: &str = "install PostgreSQL (Debian: apt-get install postgresql) or set TEST_POSTGRES_URL";
    debian::install("postgresql", BY_HAND)?;
    find_binaries().with_context(|| format!("PostgreSQL is still missing: {BY_HAND}"))
}

fn unprivileged_account() -> Result<Account> {
    let accounts = fs::read_to_string("/etc/passwd").context("looking for an account for postgres")?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|wanted| accounts.lines().find_map(|line| parse_account(line, wanted)))
        .context("postgres refuses to run as root, and there is no account `postgres` or `nobody`")
}

fn parse_account(line: &str, wanted: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?;
    let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
    (name == wanted).then_some(Account { uid, gid })
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_its_own_line_only() {
        let line = "postgres:x:105:110:PostgreSQL administrator:/var/lib/postgresql:/bin/bash";
        let account = parse_account(line, "postgres").unwrap();
        assert_eq!((account.uid, account.gid), (105, 110));
        assert!(parse_account(line, "nobody").is_none());
        assert!(parse_account("postgres", "postgres").is_none());
    }
}

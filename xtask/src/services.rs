//! The services a run needs, held for as long as the value lives.

use std::io::{BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{keeper, terminal};

/// Private ones, or those the caller's environment names.
pub struct Services {
    postgres_url: String,
    /// Empty when nothing asks for it.
    s3_url: String,
    keeper: Option<Keeper>,
}

struct Keeper {
    process: Child,
    /// Closing it is what stops the services.
    pipe: Option<ChildStdin>,
    socket_url: String,
}

impl Services {
    /// A database.
    pub fn start() -> Result<Services> {
        Self::start_all(&[keeper::POSTGRES])
    }

    /// All that the suites ask for.
    pub fn for_tests() -> Result<Services> {
        Self::start_all(&[keeper::POSTGRES, keeper::OBJECT_STORAGE])
    }

    fn start_all(wanted: &[&str]) -> Result<Services> {
        let mut missing = Vec::new();
        let mut given = |name: &'static str, variable: &str| match std::env::var(variable) {
            Ok(url) if !url.is_empty() && wanted.contains(&name) => {
                terminal::say(&format!("xtask: using the {name} named by {variable}"));
                url
            }
            _ => {
                missing.extend(wanted.contains(&name).then_some(name));
                String::new()
            }
        };
        let postgres_url = given(keeper::POSTGRES, "TEST_POSTGRES_URL");
        let s3_url = given(keeper::OBJECT_STORAGE, "TEST_S3_URL");
        let mut services = Services { postgres_url, s3_url, keeper: None };
        if missing.is_empty() {
            return Ok(services);
        }
        let own = std::env::current_exe().context("finding this program")?;
        let mut process = Command::new(own)
            .arg(keeper::VERB)
            .args(missing)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C goes to the group in the foreground; the keeper is to see a closed pipe instead.
            .process_group(0)
            .spawn()
            .context("starting the keeper of services")?;
        let pipe = process.stdin.take();
        let output = process.stdout.take().context("the keeper has no stdout")?;
        services.keeper = Some(Keeper { process, pipe, socket_url: String::new() });
        services.wait_until_ready(BufReader::new(output))?;
        Ok(services)
    }

    fn wait_until_ready(&mut self, output: impl std::io::BufRead) -> Result<()> {
        // No deadline here: the keeper has its own for every step, and ends when one passes.
        for line in output.lines() {
            let line = line.context("reading from the keeper")?;
            match line.split_once('=') {
                Some(("TEST_POSTGRES_URL", url)) => self.postgres_url = url.to_owned(),
                Some(("TEST_S3_URL", url)) => self.s3_url = url.to_owned(),
                Some(("socket", url)) => {
                    if let Some(keeper) = &mut self.keeper {
                        keeper.socket_url = url.to_owned();
                    }
                }
                _ if line == keeper::READY => return Ok(()),
                _ => {}
            }
        }
        bail!("services did not start")
    }

    /// Runs the command to its end and expects success. Its environment names the services; it has no stdin.
    pub fn run(&mut self, what: &str, command: &mut Command) -> Result<()> {
        command
            .env("TEST_POSTGRES_URL", &self.postgres_url)
            .env("USHER_TEST_REQUIRE_POSTGRES", "1")
            .stdin(Stdio::null())
            .process_group(0);
        if !self.s3_url.is_empty() {
            command.env("TEST_S3_URL", &self.s3_url).env("USHER_TEST_REQUIRE_S3", "1");
        }
        let mut child = command.spawn().with_context(|| format!("starting {what}"))?;
        let group = child.id();
        self.tell(&keeper::adopt(group));
        let status = child.wait().with_context(|| format!("waiting for {what}"))?;
        self.tell(&keeper::forget(group));
        ensure!(status.success(), "{what} failed ({status})");
        Ok(())
    }

    pub fn postgres_url(&self) -> &str {
        &self.postgres_url
    }

    fn tell(&mut self, line: &str) {
        if let Some(pipe) = self.keeper.as_mut().and_then(|keeper| keeper.pipe.as_mut()) {
            // A dead keeper shows when the run next uses the database; there is nothing better to do about it here.
            let _dead = pipe.write_all(line.as_bytes());
        }
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.pipe.take());
            // The keeper reports its own problems.
            let _status = keeper.process.wait();
        }
    }
}

/// `cargo xtask services`: until stdin ends, or while a command runs.
pub fn run(command: &[String]) -> Result<()> {
    let mut services = Services::for_tests()?;
    if let Some((program, args)) = command.split_first() {
        return services.run(program, Command::new(program).args(args));
    }
    terminal::print(&format!("TEST_POSTGRES_URL={}", services.postgres_url()));
    terminal::print(&format!("TEST_S3_URL={}", services.s3_url));
    if let Some(keeper) = &services.keeper
        && !keeper.socket_url.is_empty()
    {
        terminal::print(&format!("# the same by its socket: {}", keeper.socket_url));
    }
    terminal::print("# running until Ctrl-C or the end of stdin");
    let mut ignored = Vec::new();
    std::io::stdin().read_to_end(&mut ignored).context("waiting for the end of stdin")?;
    Ok(())
}

//! The services a run needs, held for as long as the value lives.

use std::io::{BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{keeper, terminal};

/// A private Postgres, or the one the caller's environment names.
pub struct Services {
    postgres_url: String,
    keeper: Option<Keeper>,
}

struct Keeper {
    process: Child,
    /// Closing it is what stops the services.
    pipe: Option<ChildStdin>,
    socket_url: String,
}

impl Services {
    pub fn start() -> Result<Services> {
        if let Ok(url) = std::env::var("TEST_POSTGRES_URL")
            && !url.is_empty()
        {
            terminal::say("xtask: using the Postgres named by TEST_POSTGRES_URL");
            return Ok(Services { postgres_url: url, keeper: None });
        }
        let own = std::env::current_exe().context("finding this program")?;
        let mut process = Command::new(own)
            .arg(keeper::VERB)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C goes to the group in the foreground; the keeper is to see a closed pipe instead.
            .process_group(0)
            .spawn()
            .context("starting the keeper of services")?;
        let pipe = process.stdin.take();
        let output = process.stdout.take().context("the keeper has no stdout")?;
        let mut services =
            Services { postgres_url: String::new(), keeper: Some(Keeper { process, pipe, socket_url: String::new() }) };
        services.wait_until_ready(BufReader::new(output))?;
        Ok(services)
    }

    fn wait_until_ready(&mut self, output: impl std::io::BufRead) -> Result<()> {
        // No deadline here: the keeper has its own for every step, and ends when one passes.
        for line in output.lines() {
            let line = line.context("reading from the keeper")?;
            match line.split_once('=') {
                Some(("TEST_POSTGRES_URL", url)) => self.postgres_url = url.to_owned(),
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
    let mut services = Services::start()?;
    if let Some((program, args)) = command.split_first() {
        return services.run(program, Command::new(program).args(args));
    }
    terminal::print(&format!("TEST_POSTGRES_URL={}", services.postgres_url()));
    if let Some(keeper) = &services.keeper {
        terminal::print(&format!("# the same by its socket: {}", keeper.socket_url));
    }
    terminal::print("# running until Ctrl-C or the end of stdin");
    let mut ignored = Vec::new();
    std::io::stdin().read_to_end(&mut ignored).context("waiting for the end of stdin")?;
    Ok(())
}

//! The process that owns what must not outlive a run.
//!
//! Whoever needs services starts a second copy of this program in a process group of its own and holds the pipe to its
//! stdin. The keeper starts what is wanted, says so on stdout, and waits for that pipe to close. It closes on every way out:
//! a return, a panic, Ctrl-C, SIGTERM, SIGKILL. Only then, and always then, does the keeper stop the process groups it was told of
//! (test runners, the server), stop the services, and remove their files. One path for cleaning up, no signal handlers.

use std::collections::BTreeSet;
use std::fs;
use std::io::BufRead as _;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::object_storage::ObjectStorage;
use crate::postgres::Postgres;
use crate::terminal;

/// Not in the usage text: only `services` starts it.
pub const VERB: &str = "keep-services";

pub const POSTGRES: &str = "postgres";
pub const OBJECT_STORAGE: &str = "object-storage";

/// How long a stopped process group may take to finish its own business (a server drains, a runner reports).
const GRACE: Duration = Duration::from_secs(10);

/// The last line before the keeper waits.
pub const READY: &str = "ready";

/// A line the keeper is sent when a process group is to be stopped with it.
pub fn adopt(group: u32) -> String {
    format!("adopt {group}\n")
}

/// A line the keeper is sent when the group has ended by itself, so that its number is free again.
pub fn forget(group: u32) -> String {
    format!("forget {group}\n")
}

/// `wanted`: names of services.
pub fn run(wanted: &[String]) -> Result<()> {
    let is_wanted = |name: &str| wanted.iter().any(|wanted| wanted == name);
    let postgres = is_wanted(POSTGRES).then(Postgres::start).transpose()?;
    let storage = is_wanted(OBJECT_STORAGE).then(ObjectStorage::start).transpose()?;
    if let Some(postgres) = &postgres {
        terminal::print(&format!("TEST_POSTGRES_URL={}", postgres.url()));
        terminal::print(&format!("socket={}", postgres.socket_url()));
    }
    if let Some(storage) = &storage {
        terminal::print(&format!("TEST_S3_URL={}", storage.url()));
    }
    terminal::print(READY);

    let mut groups = BTreeSet::new();
    for line in std::io::stdin().lock().lines() {
        // A pipe that cannot be read is a pipe that is gone.
        let Ok(line) = line else { break };
        match line.split_once(' ').map(|(verb, group)| (verb, group.parse::<u32>())) {
            Some(("adopt", Ok(group))) => groups.insert(group),
            Some(("forget", Ok(group))) => groups.remove(&group),
            _ => continue,
        };
    }
    for group in groups {
        stop_group(group);
    }
    drop(storage);
    postgres.map_or(Ok(()), Postgres::stop)
}

fn stop_group(group: u32) {
    if !signal(group, "TERM") {
        return;
    }
    let deadline = Instant::now() + GRACE;
    while is_alive(group) {
        if Instant::now() >= deadline {
            signal(group, "KILL");
            return;
        }
        sleep(Duration::from_millis(50));
    }
}

/// Whether a process of the group still runs. Zombies do not count: their parent is gone, and the init process of a
/// container may never collect them.
fn is_alive(group: u32) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return signal(group, "0") };
    processes
        .flatten()
        .filter_map(|process| fs::read_to_string(process.path().join("stat")).ok())
        .any(|stat| runs_in_group(&stat, group))
}

/// Reads `pid (name) state parent group …`; the name may hold spaces and parentheses.
fn runs_in_group(stat: &str, group: u32) -> bool {
    let Some((_, fields)) = stat.rsplit_once(") ") else { return false };
    let mut fields = fields.split(' ');
    let state = fields.next();
    let own_group = fields.nth(1).and_then(|field| field.parse().ok());
    own_group == Some(group) && !matches!(state, Some("Z" | "X"))
}

/// Whether the group had a process to signal. The shell's own `kill`: std has none, and the program `kill` is not on every
/// slim image.
fn signal(group: u32, name: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("kill -s {name} -- -{group}")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::runs_in_group;

    #[test]
    fn a_zombie_does_not_keep_its_group_alive() {
        assert!(runs_in_group("12 (a (b) c) S 1 77 77 0 -1", 77));
        assert!(!runs_in_group("12 (a (b) c) Z 1 77 77 0 -1", 77));
        assert!(!runs_in_group("12 (a (b) c) S 77 78 77 0 -1", 77));
        assert!(!runs_in_group("", 77));
    }
}

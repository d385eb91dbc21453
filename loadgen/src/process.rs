//! What the operating system tells about a process: this one's limits, and what the server's costs on the same machine.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files, connections and terminals besides the sockets of a crowd.
const DESCRIPTORS_BESIDES: u64 = 600;

/// Allows this process `sockets` sockets at once.
///
/// # Errors
/// The system's hard limit is lower and may not be raised.
pub fn allow_sockets(sockets: u64) -> Result<()> {
    let wanted = sockets + DESCRIPTORS_BESIDES;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    let maximum = limit.maximum.map(|maximum| maximum.max(wanted));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    ensure!(
        raised.is_ok(),
        "{sockets} sockets need {wanted} file descriptors, and `ulimit -Hn` allows {}",
        limit.maximum.unwrap_or(u64::MAX)
    );
    Ok(())
}

/// A process's use of memory and processor so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    pub rss_bytes: u64,
    /// Of all its threads, in user and kernel mode.
    pub cpu: Duration,
}

/// # Errors
/// There is no such process, or this system has no `/proc`.
pub fn usage(pid: u32) -> Result<Usage> {
    let read = |file: &str| {
        let path = format!("/proc/{pid}/{file}");
        std::fs::read_to_string(&path).with_context(|| format!("reading {path}"))
    };
    let pages = resident_pages(&read("statm")?).context("/proc/…/statm is not as known")?;
    let ticks = cpu_ticks(&read("stat")?).context("/proc/…/stat is not as known")?;
    Ok(Usage {
        rss_bytes: pages * rustix::param::page_size() as u64,
        cpu: Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64),
    })
}

fn resident_pages(statm: &str) -> Option<u64> {
    statm.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The name of the program, in parentheses, may hold spaces: fields count from behind it.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let (user, kernel) = (fields.next()?.parse::<u64>().ok()?, fields.next()?.parse::<u64>().ok()?);
    Some(user + kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_read_behind_the_name_of_the_program() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 100 1000 10 18446744073709551615";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(resident_pages("1000 77 3 1 0 5 0\n"), Some(77));
        assert_eq!(cpu_ticks("42 a S"), None);
    }

    #[test]
    fn a_process_knows_its_own_usage_and_raises_its_own_limit() {
        let own = usage(std::process::id()).unwrap();
        assert!(own.rss_bytes > 1 << 20, "{own:?}");
        allow_sockets(1).unwrap();
        assert!(usage(u32::MAX).is_err());
    }
}

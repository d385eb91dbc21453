//! The server is stopped and started again while the early ones stand in line. Afterwards each is asked for his place.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use serde::Serialize;
use wire::Place;

use super::crowd::Crowd;
use crate::client::Outcome;
use crate::measure::Step;
use crate::pool::Call;

const READY: &str = "/health/ready";
/// For the command, which must not wait for the server's end.
const COMMAND_DEADLINE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Places asked for at once.
const AT_ONCE: usize = 64;

/// Places before and after a restart.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RestartLine {
    pub places: u64,
    /// From the start of the command to the first answer that the server is ready.
    pub away_s: f64,
    /// Told before, and unknown after.
    pub lost: u64,
    /// Another number than before.
    pub changed: u64,
    /// A number that another account has, too.
    pub doubled: u64,
}

/// # Errors
/// The command fails, or the server does not answer afterwards.
pub async fn run(crowd: &Crowd, command: &str) -> Result<RestartLine> {
    let started = Instant::now();
    execute(command).await?;
    crowd.client().ask_raw(Step::Setup, None, &Call::get(READY.to_owned())).await.context("after the restart")?;
    let line = RestartLine { away_s: started.elapsed().as_secs_f64(), ..RestartLine::default() };
    let (found, numbers) = (Mutex::new(line), Mutex::new(BTreeSet::new()));
    let joined = crowd.waiters.iter().filter_map(|waiter| waiter.seen().number.map(|number| (waiter, number)));
    futures_util::stream::iter(joined.collect::<Vec<_>>())
        .for_each_concurrent(AT_ONCE, |(waiter, before)| {
            let (found, numbers) = (&found, &numbers);
            async move {
                let call = Call::get(crowd.path.clone());
                let settled = crowd.client().settle(Step::Audit, Some(&waiter.account), &call, Instant::now()).await;
                let after = match settled.read::<Place>().outcome {
                    Outcome::Done(place) => place.number,
                    Outcome::Refused(_) | Outcome::GaveUp { .. } | Outcome::Broken(_) => None,
                };
                let is_new = after.is_none_or(|number| locked(numbers).insert(number));
                locked(found).note(before, after, is_new);
            }
        })
        .await;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RestartLine {
    fn note(&mut self, before: u32, after: Option<u32>, is_new: bool) {
        self.places += 1;
        self.lost += u64::from(after.is_none());
        self.changed += u64::from(after.is_some_and(|after| after != before));
        self.doubled += u64::from(!is_new);
    }
}

async fn execute(command: &str) -> Result<()> {
    let mut child = Command::new("sh");
    let child = child.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = child.spawn().with_context(|| format!("running `{command}`"))?;
    let until = Instant::now() + COMMAND_DEADLINE;
    loop {
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "`{command}`: {status}");
            return Ok(());
        }
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
            anyhow::bail!("`{command}` has not ended after {COMMAND_DEADLINE:?}: let it start the server with `&`");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_a_place_is_told_apart() {
        let mut line = RestartLine::default();
        line.note(1, Some(1), true);
        line.note(2, None, true);
        line.note(3, Some(4), true);
        line.note(4, Some(4), false);
        assert_eq!((line.places, line.lost, line.changed, line.doubled), (4, 1, 1, 1));
    }

    #[tokio::test]
    async fn a_command_that_fails_is_an_error() {
        execute("true").await.unwrap();
        assert!(execute("exit 3").await.is_err());
    }
}

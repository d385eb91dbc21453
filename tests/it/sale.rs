//! A sale by the load generator against a server that fares badly meanwhile. The generator is the judge: it knows what it
//! was told.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use usher_tests::process::binary;

const SALE_DEADLINE: Duration = Duration::from_secs(240);

pub fn loadgen() -> Command {
    let mut command = Command::new(binary("USHER_LOADGEN_BIN", "usher-loadgen"));
    command.stdin(Stdio::null());
    command
}

pub fn purchases(log: &Path) -> usize {
    let log = std::fs::read_to_string(log).unwrap_or_default();
    log.lines().filter(|line| line.contains(r#""kind":"paid""#)).count()
}

/// Answers that were acknowledged, of any kind.
pub fn answers(log: &Path) -> usize {
    std::fs::read_to_string(log).unwrap_or_default().lines().count()
}

/// Who comes, and when.
pub struct Crowd {
    /// As the load generator names it.
    pub curve: &'static str,
    pub buyers: u32,
    pub seconds: u32,
    pub seed: u64,
}

/// A sale by the load generator, which ends with an audit of what it was told.
pub struct Sale(Child);

impl Sale {
    /// Against the server at `url`. What is acknowledged goes to `log`.
    pub fn start(url: &str, log: &Path, crowd: &Crowd) -> Self {
        let (seconds, buyers, seed) = (crowd.seconds.to_string(), crowd.buyers.to_string(), crowd.seed.to_string());
        let child = loadgen()
            .args(["run", "--quiet", "--url", url, "--event", "auto", "--curve", crowd.curve, "--duration", &seconds])
            .args(["--buyers", &buyers, "--seed", &seed, "--accounts", "300", "--connections", "48", "--timeout", "3"])
            .args(["--abandon", "5", "--release", "5", "--slow-pay", "10", "--slow-pay-seconds", "1"])
            .args(["--double-submit", "20", "--duplicate-key", "5", "--mix", "best=60,named=20,standing=20"])
            .arg("--ack-log")
            .arg(log)
            .spawn()
            .expect("the load generator starts");
        Self(child)
    }

    /// The one that README shows to newcomers.
    pub fn demo(url: &str) -> Self {
        let child = loadgen().args(["demo", "--quiet", "--url", url]).spawn();
        Self(child.expect("the load generator starts"))
    }

    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("a child can be asked")
    }

    pub fn wait_for_purchases(&mut self, log: &Path, count: usize) {
        let deadline = Instant::now() + SALE_DEADLINE;
        while purchases(log) < count {
            assert!(self.ended().is_none(), "the sale ended before it began");
            assert!(Instant::now() < deadline, "nobody buys");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + SALE_DEADLINE;
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(Instant::now() < deadline, "the sale does not end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Whether everything that was acknowledged is still there.
pub fn audit(log: &Path) -> bool {
    loadgen().args(["audit", "--quiet", "--log"]).arg(log).status().expect("the load generator starts").success()
}

impl Drop for Sale {
    fn drop(&mut self) {
        // Also after a failed assertion: nothing is left running. Killing one that has ended is no failure.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

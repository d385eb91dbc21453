//! Rounds of commands for criterion: what sets a round up and clears it away is not counted.

use std::time::Duration;

/// Commands of one round.
pub const ROUND: usize = 1_000;

/// Runs `round` until criterion has its iterations; only what `round` reports is counted.
pub fn timed_rounds(iterations: u64, mut round: impl FnMut() -> Duration) -> Duration {
    let rounds = iterations.div_ceil(ROUND as u64);
    let total: Duration = (0..rounds).map(|_| round()).sum();
    total.mul_f64(iterations as f64 / (rounds * ROUND as u64) as f64)
}

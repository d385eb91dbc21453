//! How long to wait before something is tried again.

use std::time::Duration;

/// Longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(3_600);

/// Twice as long after each attempt, half of it by chance, so that what failed together does not come together.
pub fn after(first: Duration, attempts: u32) -> Duration {
    let full = first.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1))).min(PAUSE_MAX);
    full.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_vary_by_half() {
        let first = Duration::from_secs(30);
        for (attempts, full_s) in [(1, 30), (2, 60), (5, 480), (9, 3_600), (u32::MAX, 3_600)] {
            let full = Duration::from_secs(full_s);
            for _ in 0..20 {
                let pause = after(first, attempts);
                assert!((full / 2..=full).contains(&pause), "{attempts}: {pause:?}");
            }
        }
    }
}

//! How fast a waiting room lets shoppers in: the organizer's rate, lowered while the sale is slower than its target.
//!
//! Additive increase, multiplicative decrease, of the *share* of the organizer's rate. So a new rate takes effect at
//! once, and the share says how much of it the house can bear. It never falls below [`SHARE_MIN`]: a sale that measures
//! nothing but its own trouble would never find out that it is over.

/// A twentieth more each step: from the floor to the full rate in about 20 s of calm.
const INCREASE: f64 = 0.05;
const DECREASE: f64 = 0.7;
/// Between this share of the target and the target itself the rate stays as it is.
const CALM: f64 = 0.8;
/// Fewer measurements lower nothing, unless they are worse than [`ALARM`] times the target: a journal that stands still
/// answers nobody. Nor do they raise anything if they are slow.
const SAMPLES_MIN: u32 = 5;
const ALARM: f64 = 4.0;
/// Of the organizer's rate.
pub const SHARE_MIN: f64 = 0.02;
/// Steps are this far apart, in µs. The measured window is about twice as long: a cut shows in the next step but one.
pub const STEP_US: i64 = 1_000_000;

/// What the sale felt like lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Felt {
    /// 99th percentile of a command's time in the event: mailbox and commit.
    pub p99_us: u64,
    pub samples: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throttle {
    share: f64,
    /// After a decrease one step is waited for: the window still holds what led to it.
    resting: bool,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { share: 1.0, resting: false }
    }
}

impl Throttle {
    /// To be called every [`STEP_US`].
    pub fn step(&mut self, felt: Felt, target_us: u64) {
        let (p99, target) = (felt.p99_us as f64, target_us as f64);
        let is_telling = felt.samples >= SAMPLES_MIN || p99 > target * ALARM;
        if is_telling && p99 > target {
            if !std::mem::replace(&mut self.resting, true) {
                self.share = (self.share * DECREASE).max(SHARE_MIN);
            } else {
                self.resting = false;
            }
            return;
        }
        self.resting = false;
        if p99 < target * CALM {
            self.share = (self.share + INCREASE).min(1.0);
        }
    }

    /// Places per minute under the organizer's `rate`: never more than it, never none.
    pub fn rate_per_min(&self, rate: u32) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a u32, and not negative"
        )]
        let share = (f64::from(rate) * self.share).ceil() as u32;
        share.clamp(1, rate.max(1))
    }

    /// Of the organizer's rate, at present.
    pub const fn share(&self) -> f64 {
        self.share
    }

    pub fn is_slowing(&self) -> bool {
        self.share < 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: u64 = 50_000;

    fn felt(p99_us: u64) -> Felt {
        Felt { p99_us, samples: 1_000 }
    }

    fn after(throttle: &mut Throttle, steps: usize, felt: Felt) -> u32 {
        for _ in 0..steps {
            throttle.step(felt, TARGET);
        }
        throttle.rate_per_min(6_000)
    }

    #[test]
    fn a_calm_sale_gets_the_organizers_rate_and_never_more() {
        let mut throttle = Throttle::default();
        assert_eq!(after(&mut throttle, 100, felt(10_000)), 6_000);
        assert!(!throttle.is_slowing());
        for rate in [1, 2, 7, 600_000] {
            assert_eq!(throttle.rate_per_min(rate), rate);
        }
    }

    #[test]
    fn a_slow_sale_is_given_less_until_the_floor_but_never_nothing() {
        let mut throttle = Throttle::default();
        let first = after(&mut throttle, 1, felt(60_000));
        assert_eq!(first, 4_200);
        assert!(throttle.is_slowing());
        let floor = after(&mut throttle, 200, felt(10_000_000));
        assert_eq!(floor, 120);
        assert_eq!(throttle.rate_per_min(3), 1);
        assert_eq!(throttle.rate_per_min(0), 1);
    }

    #[test]
    fn it_recovers_from_the_floor_within_half_a_minute_of_calm() {
        let mut throttle = Throttle::default();
        after(&mut throttle, 200, felt(10_000_000));
        assert_eq!(after(&mut throttle, 30, felt(1_000)), 6_000);
    }

    #[test]
    fn it_recovers_when_nothing_is_measured_any_more() {
        let mut throttle = Throttle::default();
        after(&mut throttle, 200, felt(10_000_000));
        assert_eq!(after(&mut throttle, 30, Felt { p99_us: 0, samples: 0 }), 6_000);
    }

    #[test]
    fn a_few_slow_answers_raise_nothing_and_lower_nothing() {
        let mut throttle = Throttle::default();
        let slowed = after(&mut throttle, 1, felt(60_000));
        let few = Felt { p99_us: 3 * TARGET, samples: SAMPLES_MIN - 1 };
        assert_eq!(after(&mut throttle, 30, few), slowed);
        assert!(after(&mut throttle, 1, Felt { p99_us: TARGET / 2, samples: 1 }) > slowed, "a fast one does");
    }

    #[test]
    fn a_journal_that_stands_still_slows_admission_though_nothing_is_answered() {
        let mut throttle = Throttle::default();
        assert!(after(&mut throttle, 20, Felt { p99_us: 10 * TARGET, samples: 0 }) < 600);
    }

    #[test]
    fn near_the_target_it_stays_where_it_is() {
        let mut throttle = Throttle::default();
        let slowed = after(&mut throttle, 1, felt(60_000));
        assert_eq!(after(&mut throttle, 50, felt(45_000)), slowed);
    }

    #[test]
    fn one_burst_is_punished_once_while_the_window_still_shows_it() {
        let mut throttle = Throttle::default();
        let once = after(&mut throttle, 1, felt(80_000));
        assert_eq!(after(&mut throttle, 1, felt(80_000)), once);
        assert!(after(&mut throttle, 1, felt(80_000)) < once);
    }

    /// A house whose p99 follows the load it gets, two windows late: the rate settles around what it can bear.
    #[test]
    fn it_settles_around_what_the_house_can_bear() {
        for bearable in [300.0, 1_500.0, 4_000.0] {
            let mut throttle = Throttle::default();
            let mut before = 6_000.0;
            let mut settled = Vec::new();
            for step in 0..400 {
                let rate = f64::from(throttle.rate_per_min(6_000));
                let load: f64 = (rate + before) / 2.0 / bearable;
                before = rate;
                // Time in a queue grows without bound as the load comes near to what it can bear.
                let p99 = if load < 0.99 { 5_000.0 / (1.0 - load) } else { 500_000.0 };
                throttle.step(felt(p99 as u64), TARGET);
                if step >= 100 {
                    settled.push(rate);
                }
            }
            let mean = settled.iter().sum::<f64>() / settled.len() as f64;
            assert!((0.5..=1.1).contains(&(mean / bearable)), "bearable {bearable}, mean {mean}");
            let most = settled.iter().copied().fold(0.0, f64::max);
            assert!(most <= bearable + 0.11 * 6_000.0, "bearable {bearable}, most {most}");
        }
    }
}

//! When buyers arrive. An open loop: arrivals are laid down before the run and do not wait for answers.

use std::time::Duration;

use clap::ValueEnum;
use rand::RngExt;
use rand::rngs::StdRng;
use serde::Serialize;

/// Reservations in each second of a real on-sale (a camp's tickets, 9 March 2026, 20:00:03 to 20:00:19), published with
/// the complaints that followed it: 967 in 17 s, 134 in the worst second, sold out after 13.
pub const RECORDED: [u32; 17] = [7, 18, 52, 72, 131, 134, 108, 120, 125, 100, 39, 8, 14, 10, 17, 4, 8];
pub const RECORDED_BUYERS: u32 = 967;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    /// Most come at once and the rest in an ever thinner tail.
    Spike,
    /// From nobody to twice the mean, in a straight line.
    Ramp,
    /// Evenly.
    Steady,
    /// As at a real on-sale: 967 reservations in 17 s, 134 in the worst one.
    Recorded,
}

/// Seconds of the spike's length per e-fold of its decline: 63 % come in the first sixth.
const SPIKE_DECLINES: f64 = 6.0;

/// The moments at which `buyers` arrive, in order, counted from the start of the sale, all before `duration`.
pub fn arrivals(curve: Curve, buyers: u32, duration: Duration, rng: &mut StdRng) -> Vec<Duration> {
    let mut arrivals: Vec<Duration> = match curve {
        Curve::Recorded => recorded(buyers, rng),
        Curve::Spike => shaped(buyers, rng, |u| -(1.0 - u * (1.0 - (-SPIKE_DECLINES).exp())).ln() / SPIKE_DECLINES),
        Curve::Ramp => shaped(buyers, rng, f64::sqrt),
        Curve::Steady => shaped(buyers, rng, |u| u),
    }
    .into_iter()
    .map(|part| duration.mul_f64(part.clamp(0.0, 1.0 - 1e-9)))
    .collect();
    arrivals.sort_unstable();
    arrivals
}

/// `inverse` maps the share of buyers that have come to the share of the time that has passed. One buyer falls into each
/// slot of 1/n at a random place in it: exactly n buyers, and no beat that a server could dance to.
fn shaped(buyers: u32, rng: &mut StdRng, inverse: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..buyers).map(|slot| inverse((f64::from(slot) + rng.random::<f64>()) / f64::from(buyers))).collect()
}

fn recorded(buyers: u32, rng: &mut StdRng) -> Vec<f64> {
    let seconds = RECORDED.len() as f64;
    let mut parts = Vec::with_capacity(buyers as usize);
    let (mut recorded, mut placed) = (0u64, 0u64);
    for (second, count) in RECORDED.iter().enumerate() {
        recorded += u64::from(*count);
        // Rounding the running total, not each second, keeps the sum exact.
        let due = (recorded * u64::from(buyers) + u64::from(RECORDED_BUYERS) / 2) / u64::from(RECORDED_BUYERS);
        for _ in placed..due {
            parts.push((second as f64 + rng.random::<f64>()) / seconds);
        }
        placed = due;
    }
    parts
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn per_second(arrivals: &[Duration]) -> Vec<u32> {
        let mut counts = vec![0; 1 + arrivals.last().map_or(0, |last| last.as_secs() as usize)];
        arrivals.iter().for_each(|at| counts[at.as_secs() as usize] += 1);
        counts
    }

    fn drawn(curve: Curve, buyers: u32, seconds: u32) -> Vec<Duration> {
        arrivals(curve, buyers, SECOND * seconds, &mut StdRng::seed_from_u64(7))
    }

    #[test]
    fn each_curve_brings_every_buyer_in_order_and_in_time() {
        for curve in [Curve::Spike, Curve::Ramp, Curve::Steady, Curve::Recorded] {
            for buyers in [0, 1, 2, 966, 967, 968, 10_000] {
                let arrivals = drawn(curve, buyers, 17);
                assert_eq!(arrivals.len(), buyers as usize, "{curve:?}");
                assert!(arrivals.is_sorted() && arrivals.iter().all(|at| *at < 17 * SECOND), "{curve:?} {buyers}");
            }
        }
    }

    #[test]
    fn the_recorded_curve_is_the_recorded_on_sale() {
        assert_eq!(RECORDED.iter().sum::<u32>(), RECORDED_BUYERS);
        assert_eq!(per_second(&drawn(Curve::Recorded, RECORDED_BUYERS, 17)), RECORDED);
    }

    #[test]
    fn ten_times_the_buyers_make_ten_times_the_recorded_peak() {
        assert_eq!(per_second(&drawn(Curve::Recorded, 9_670, 17)), RECORDED.map(|count| count * 10));
    }

    #[test]
    fn a_spike_comes_early_a_ramp_late_and_a_steady_stream_evenly() {
        let first_half = |curve| drawn(curve, 10_000, 10).iter().filter(|at| **at < 5 * SECOND).count();
        assert!((9_450..9_600).contains(&first_half(Curve::Spike)), "{}", first_half(Curve::Spike));
        assert!((2_490..2_510).contains(&first_half(Curve::Ramp)), "{}", first_half(Curve::Ramp));
        assert!((4_999..5_002).contains(&first_half(Curve::Steady)), "{}", first_half(Curve::Steady));
    }
}

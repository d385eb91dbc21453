//! The one place that mints ids and draws entropy.

use inventory::TimeUs;
use uuid::{Builder, Uuid};

/// A UUIDv7 of the time `now`: sorts by time to the quarter of a millisecond, the rest is random.
pub fn mint(now: TimeUs) -> Uuid {
    let us = u64::try_from(now.0).unwrap_or(0);
    let mut random: [u8; 10] = entropy();
    // RFC 9562 method 3: the 12 bits behind the milliseconds carry their fraction.
    let fraction = (us % 1_000) * 4_096 / 1_000;
    let [high, low] = u16::try_from(fraction).unwrap_or(0).to_be_bytes();
    random[0] = high;
    random[1] = low;
    Builder::from_unix_timestamp_millis(us / 1_000, &random).into_uuid()
}

/// From the thread's cryptographic generator.
pub fn entropy<const N: usize>() -> [u8; N] {
    rand::random()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_and_sort_by_time() {
        let early = mint(TimeUs(1_700_000_000_000_000));
        let late = mint(TimeUs(1_700_000_000_000_500));
        let later = mint(TimeUs(1_700_000_000_001_000));
        assert_eq!(early.get_version_num(), 7);
        assert!(early < late && late < later);
    }

    #[test]
    fn two_ids_of_one_instant_differ() {
        let now = TimeUs(1_700_000_000_000_000);
        assert_ne!(mint(now), mint(now));
    }
}

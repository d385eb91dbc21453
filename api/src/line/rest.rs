//! How long joins leave the store to everybody else, so that a crowd at the door does not slow down those who are inside.

use std::time::Duration;

/// After a batch its time is rested so many times over once the line is open: joins take at most a quarter of what the
/// store can write.
const OPEN: u32 = 3;
/// While nobody is inside only other events want to write, and each of them waits for one batch at most: a rest would let the
/// whole crowd run into the next batch, and then wait for it with nothing to do.
const CLOSED: u32 = 0;
/// Of a store that takes half a second for a batch a quarter is still a quarter; with a rest much longer than this, joins
/// would miss their deadline one after the other.
const MAX: Duration = Duration::from_millis(1_500);

/// After a batch that took so long.
pub fn after(took: Duration, is_open: bool) -> Duration {
    took.saturating_mul(if is_open { OPEN } else { CLOSED }).min(MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_take_a_quarter_of_a_store_that_is_slow() {
        for took_ms in [1, 20, 100, 500] {
            let took = Duration::from_millis(took_ms);
            let rest = after(took, true);
            assert!(took * 4 <= took + rest, "{took_ms} ms are followed by {rest:?}");
            assert_eq!(after(took, false), Duration::ZERO, "nobody is inside");
        }
        assert_eq!(after(Duration::from_secs(60), true), MAX, "nobody waits for ever");
    }
}

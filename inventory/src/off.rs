//! What is off the price of one unit. In 40 bits: an item has that much room to spare, and every hold carries items.

use std::fmt;

use crate::Item;
use crate::limits::PRICE_MINOR_MAX;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct MinorOff([u8; 5]);

impl MinorOff {
    pub const NONE: Self = Self([0; 5]);

    /// `None` unless it is from 0 to [`PRICE_MINOR_MAX`].
    pub const fn new(minor: i64) -> Option<Self> {
        if minor < 0 || minor > PRICE_MINOR_MAX {
            return None;
        }
        let [a, b, c, d, e, _, _, _] = minor.to_le_bytes();
        Some(Self([a, b, c, d, e]))
    }

    pub const fn minor(self) -> i64 {
        let [a, b, c, d, e] = self.0;
        i64::from_le_bytes([a, b, c, d, e, 0, 0, 0])
    }
}

impl fmt::Debug for MinorOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.minor().fmt(f)
    }
}

const _: () = {
    assert!(PRICE_MINOR_MAX < 1 << 40);
    assert!(size_of::<Item>() == 24, "what is off costs a hold nothing");
};

#[cfg(test)]
mod tests {
    use super::MinorOff;
    use crate::limits::PRICE_MINOR_MAX;

    #[test]
    fn every_amount_in_range_is_kept_and_no_other() {
        for minor in [0, 1, 255, 256, 1 << 32, PRICE_MINOR_MAX - 1, PRICE_MINOR_MAX] {
            assert_eq!(MinorOff::new(minor).map(MinorOff::minor), Some(minor));
        }
        assert_eq!((MinorOff::new(-1), MinorOff::new(PRICE_MINOR_MAX + 1)), (None, None));
    }
}

//! Arithmetic on runs of free seats within one word of a row.

/// Party sizes up to this have their own index of lanes; larger ones look at the lanes one by one.
pub(crate) const PARTY_INDEXED_MAX: u32 = 16;

/// What a lane can offer, as bits by party size n (bit n − 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Some run is at least n long.
    pub fits: u16,
    /// Some run is exactly n long, or at least n + 2: n seats can be taken from it without leaving a single one.
    pub clean: u16,
}

const fn low(bits: u32) -> u16 {
    if bits >= 16 { u16::MAX } else { (1u16 << bits) - 1 }
}

#[inline]
pub(crate) fn shape(word: u128) -> Shape {
    // Most rows have at most 64 positions, and half words are cheaper.
    if word >> 64 == 0 { shape_of_half(word as u64) } else { shape_of_word(word) }
}

#[inline]
fn add_run(shape: &mut Shape, len: u32) {
    shape.fits |= low(len);
    shape.clean |= low(len.saturating_sub(2));
    if len <= PARTY_INDEXED_MAX {
        shape.clean |= 1 << (len - 1);
    }
}

#[inline]
fn shape_of_half(mut word: u64) -> Shape {
    let mut shape = Shape::default();
    while word != 0 {
        word >>= word.trailing_zeros();
        let len = word.trailing_ones();
        add_run(&mut shape, len);
        word = if len == 64 { 0 } else { word >> len };
    }
    shape
}

fn shape_of_word(word: u128) -> Shape {
    let mut shape = Shape::default();
    for run in runs(word) {
        add_run(&mut shape, run.len);
    }
    shape
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub start: u32,
    pub len: u32,
}

/// The runs of set bits, from the lowest.
pub(crate) fn runs(mut word: u128) -> impl Iterator<Item = Run> {
    std::iter::from_fn(move || {
        if word == 0 {
            return None;
        }
        let start = word.trailing_zeros();
        let len = (word >> start).trailing_ones();
        word &= !span(start, len);
        Some(Run { start, len })
    })
}

/// `len` bits from `start`.
#[inline]
pub(crate) const fn span(start: u32, len: u32) -> u128 {
    if len >= 128 { u128::MAX } else { ((1 << len) - 1) << start }
}

/// The `n` adjacent bits of `word` that are nearest to the middle of a row of `width` positions, the lower of two
/// equally near ones. With `clean`, only such that no single bit is left beside them.
pub(crate) fn nearest(word: u128, n: u32, width: u32, clean: bool) -> Option<u128> {
    // Most rows have at most 64 positions, and half words are cheaper.
    let start = if word >> 64 == 0 && n < 63 {
        nearest_in_half(word as u64, n, width, clean)
    } else {
        nearest_in_word(word, n, width, clean)
    };
    start.map(|start| span(start, n))
}

macro_rules! nearest_start {
    ($name:ident, $word:ty) => {
        fn $name(word: $word, n: u32, width: u32, clean: bool) -> Option<u32> {
            let (mut starts, mut len) = (word, 1);
            while len < n {
                let more = len.min(n - len);
                starts &= starts >> more;
                len += more;
            }
            if clean {
                let single_before = word << 1 & !(word << 2);
                let single_after = word >> n & !(word >> (n + 1));
                starts &= !(single_before | single_after);
            }
            // The seats' middle is the row's when they start here, or half a position further.
            let middle = width.saturating_sub(n) / 2;
            let upper = <$word>::MAX.checked_shl(middle + 1).unwrap_or(0);
            let (below, above) = (starts & !upper, starts & upper);
            match (below.checked_ilog2(), above.trailing_zeros()) {
                (below, <$word>::BITS) => below,
                (Some(below), above) if width - n - 2 * below <= 2 * above - (width - n) => Some(below),
                (_, above) => Some(above),
            }
        }
    };
}

nearest_start!(nearest_in_half, u64);
nearest_start!(nearest_in_word, u128);

pub(crate) fn longest(word: u128) -> u32 {
    runs(word).map(|run| run.len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{nearest, runs, shape, span};

    /// Words of all densities, and some that are full or have one gap.
    fn words() -> impl Iterator<Item = (u128, u32)> {
        let mut state = 1u64;
        let mut draw = move || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            u128::from(state >> 32)
        };
        [1, 2, 5, 50, 63, 64, 65, 100, 127, 128].into_iter().flat_map(move |width| {
            let full = span(0, width);
            let mut words = vec![0, full, full & !span(width / 2, 1), full & !(1 << (width - 1)), 1 << (width - 1)];
            for _ in 0..50 {
                let mut word = || draw() | draw() << 32 | draw() << 64 | draw() << 96;
                let (a, b, c) = (word(), word(), word());
                words.extend([a, a | b, a | b | c, a & b].map(|word| word & full));
            }
            words.into_iter().map(move |word| (word, width))
        })
    }

    fn clean(word: u128, mask: u128) -> bool {
        let beside = |run: &super::Run| mask & span(run.start, run.len) != 0;
        let touched: u128 = runs(word).filter(beside).map(|run| span(run.start, run.len)).sum();
        runs(touched & !mask).all(|run| run.len > 1)
    }

    #[test]
    fn the_nearest_is_the_first_of_the_least_distance() {
        for (word, width) in words() {
            for n in (1..=20).chain([50, 62, 63, 64, 100]).filter(|n| *n <= width) {
                for is_clean in [false, true] {
                    let fit = (0..=width - n).map(|start| (2 * start).abs_diff(width - n)).zip(0..);
                    let expected = fit
                        .map(|(off, start)| (off, start, span(start, n)))
                        .filter(|(_, _, mask)| word & mask == *mask && (!is_clean || clean(word, *mask)))
                        .min();
                    assert_eq!(
                        nearest(word, n, width, is_clean),
                        expected.map(|(_, _, mask)| mask),
                        "{n} of {word:b} in {width}, clean: {is_clean}"
                    );
                    if n <= super::PARTY_INDEXED_MAX {
                        let shape = shape(word);
                        let bits = if is_clean { shape.clean } else { shape.fits };
                        assert_eq!(bits >> (n - 1) & 1 == 1, expected.is_some(), "the index for {n} of {word:b}");
                    }
                }
            }
        }
    }
}

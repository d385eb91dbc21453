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
    let mut best = Nearest { n, width, clean, off: u32::MAX, start: 0 };
    if word >> 64 == 0 {
        let (mut left, mut base) = (word as u64, 0);
        while left != 0 {
            let gap = left.trailing_zeros();
            left >>= gap;
            let len = left.trailing_ones();
            best.offer(Run { start: base + gap, len });
            base += gap + len;
            left = if len == 64 { 0 } else { left >> len };
        }
    } else {
        runs(word).for_each(|run| best.offer(run));
    }
    (best.off != u32::MAX).then(|| span(best.start, n))
}

struct Nearest {
    n: u32,
    width: u32,
    clean: bool,
    off: u32,
    start: u32,
}

impl Nearest {
    #[inline]
    fn offer(&mut self, run: Run) {
        if run.len < self.n {
            return;
        }
        let last = run.start + run.len - self.n;
        let middle = (self.width.saturating_sub(self.n) / 2).clamp(run.start, last);
        if self.off_middle(middle) >= self.off {
            return;
        }
        // Nearest to the middle is `middle` itself or, where that leaves a single seat, at most two further.
        for start in middle.saturating_sub(2).max(run.start)..=(middle + 3).min(last) {
            let (left, right) = (start - run.start, last - start);
            let off = self.off_middle(start);
            if off < self.off && !(self.clean && (left == 1 || right == 1)) {
                (self.off, self.start) = (off, start);
            }
        }
    }

    /// Twice the distance between the middle of the seats and that of the row.
    const fn off_middle(&self, start: u32) -> u32 {
        (2 * start + self.n).abs_diff(self.width)
    }
}

pub(crate) fn longest(word: u128) -> u32 {
    runs(word).map(|run| run.len).max().unwrap_or(0)
}

//! Which lanes can seat a party of n, as one bitset of lanes per n. Lanes are numbered by distance, so the lowest set
//! bit is the nearest lane: best available reads a few words, however full the house.

use super::runs::{PARTY_INDEXED_MAX, Shape};

#[derive(Clone, Debug, Default)]
pub(crate) struct LaneIndex {
    shapes: Vec<Shape>,
    words: usize,
    /// `PARTY_INDEXED_MAX` bitsets for `fits`, then as many for `clean`.
    sets: Vec<u64>,
}

impl LaneIndex {
    pub fn new(lanes: usize) -> Self {
        let words = lanes.div_ceil(64);
        let sets = vec![0; words * 2 * PARTY_INDEXED_MAX as usize];
        Self { shapes: vec![Shape::default(); lanes], words, sets }
    }

    #[inline]
    pub fn set(&mut self, lane: u32, shape: Shape) {
        let known = &mut self.shapes[lane as usize];
        let (fits, clean) = (known.fits ^ shape.fits, known.clean ^ shape.clean);
        *known = shape;
        let (word, bit) = (lane as usize / 64, 1u64 << (lane % 64));
        let mut flips = u32::from(fits) | u32::from(clean) << PARTY_INDEXED_MAX;
        while flips != 0 {
            self.sets[flips.trailing_zeros() as usize * self.words + word] ^= bit;
            flips &= flips - 1;
        }
    }

    /// Whether the lane is known by this shape, in the bitsets too.
    pub fn holds(&self, lane: u32, shape: Shape) -> bool {
        let (word, bit) = (lane as usize / 64, lane % 64);
        let bits = u32::from(shape.fits) | u32::from(shape.clean) << PARTY_INDEXED_MAX;
        self.shapes[lane as usize] == shape
            && (0..2 * PARTY_INDEXED_MAX)
                .all(|set| self.sets[set as usize * self.words + word] >> bit & 1 == u64::from(bits >> set & 1))
    }

    /// Lanes that may seat `n` together: exact up to [`PARTY_INDEXED_MAX`], for larger parties those that have a run of
    /// at least that.
    #[inline]
    pub fn candidates(&self, n: u32, clean: bool) -> &[u64] {
        let size = n.min(PARTY_INDEXED_MAX) as usize - 1;
        let indexed = clean && n <= PARTY_INDEXED_MAX;
        let at = (size + if indexed { PARTY_INDEXED_MAX as usize } else { 0 }) * self.words;
        &self.sets[at..at + self.words]
    }

    #[inline]
    pub fn is_candidate(&self, lane: u32, n: u32, clean: bool) -> bool {
        let size = n.min(PARTY_INDEXED_MAX) - 1;
        let shape = self.shapes[lane as usize];
        let bits = if clean && n <= PARTY_INDEXED_MAX { shape.clean } else { shape.fits };
        bits >> size & 1 == 1
    }
}

//! Numbers and byte strings as the general codec (postcard) writes them, for bytes that are at hand as a whole: seven bits
//! of a number to a byte, the lowest first, the top bit on all but the last.

/// 64 bits in sevens.
pub(super) const VARINT_BYTES_MAX: usize = 10;
/// Numbers below this fit a word of eight bytes.
const SPREAD_END: u64 = 1 << 56;
const TOP_BITS: u64 = 0x8080_8080_8080_8080;

/// Sevens of bits to bytes. The top bits are clear.
const fn spread(x: u64) -> u64 {
    let x = x & 0x0fff_ffff | (x & 0x00ff_ffff_f000_0000) << 4;
    let x = x & 0x0000_3fff_0000_3fff | (x & 0x0fff_c000_0fff_c000) << 2;
    x & 0x007f_007f_007f_007f | (x & 0x3f80_3f80_3f80_3f80) << 1
}

/// The reverse of [`spread`]. The top bits must be clear.
const fn gather(x: u64) -> u64 {
    let x = x & 0x007f_007f_007f_007f | (x & 0x7f00_7f00_7f00_7f00) >> 1;
    let x = x & 0x0000_3fff_0000_3fff | (x & 0x3fff_0000_3fff_0000) >> 2;
    x & 0x0fff_ffff | (x & 0x0fff_ffff_0000_0000) >> 4
}

/// Writes into a slice that has room for all.
pub(super) struct Sink<'a> {
    rest: &'a mut [u8],
}

impl<'a> Sink<'a> {
    pub const fn new(bytes: &'a mut [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How much room is left.
    pub const fn room(&self) -> usize {
        self.rest.len()
    }

    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        let rest = std::mem::take(&mut self.rest);
        let (head, rest) = rest.split_first_chunk_mut().expect("there is room for all");
        *head = bytes;
        self.rest = rest;
    }

    #[inline]
    pub fn byte(&mut self, byte: u8) {
        self.put([byte]);
    }

    #[inline]
    pub fn sixteen(&mut self, bytes: [u8; 16]) {
        let mut with_length = [16; 17];
        with_length[1..].copy_from_slice(&bytes);
        self.put(with_length);
    }

    #[inline(always)]
    pub fn varint(&mut self, x: u64) {
        // Counts, seats, prices.
        if x < 1 << 7 {
            self.put([x as u8]);
        } else if x < 1 << 14 {
            self.put([x as u8 | 0x80, (x >> 7) as u8]);
        } else if x < 1 << 21 {
            self.put([x as u8 | 0x80, (x >> 7) as u8 | 0x80, (x >> 14) as u8]);
        } else {
            self.long_varint(x);
        }
    }

    fn long_varint(&mut self, mut x: u64) {
        // Times.
        if x >> 49 != 0 && x < SPREAD_END {
            return self.put((spread(x) | TOP_BITS >> 8).to_le_bytes());
        }
        while x >= 0x80 {
            self.byte(x as u8 | 0x80);
            x >>= 7;
        }
        self.byte(x as u8);
    }

    /// The sign in the lowest bit.
    #[inline(always)]
    pub fn zigzag(&mut self, x: i64) {
        self.varint((x << 1 ^ x >> 63) as u64);
    }
}

/// Reads what [`Sink`] writes. Anything else is `None`, though it may mean something to the general codec.
pub(super) struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    pub fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    #[inline]
    pub fn bool(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    #[inline]
    pub fn sixteen(&mut self) -> Option<[u8; 16]> {
        let (head, rest) = self.0.split_first_chunk::<17>()?;
        let (&length, bytes) = head.split_first_chunk::<1>()?;
        self.0 = rest;
        if length == [16] { bytes.try_into().ok() } else { None }
    }

    #[inline]
    pub fn varint(&mut self) -> Option<u64> {
        let &first = self.0.first()?;
        if first < 0x80 {
            self.0 = &self.0[1..];
            return Some(first.into());
        }
        let word = u64::from_le_bytes(self.0.first_chunk().copied().unwrap_or_else(|| self.last_bytes()));
        let ends = !word & TOP_BITS;
        if ends == 0 {
            return None;
        }
        let bits = ends.trailing_zeros() + 1;
        let spread = word & !TOP_BITS & (u64::MAX >> (64 - bits));
        // Longer than it needs to be.
        if spread >> (bits - 8) == 0 {
            return None;
        }
        self.0 = self.0.get(bits as usize / 8..)?;
        Some(gather(spread))
    }

    #[cold]
    fn last_bytes(&self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..self.0.len()].copy_from_slice(self.0);
        bytes
    }

    #[inline]
    pub fn zigzag(&mut self) -> Option<i64> {
        let x = self.varint()?;
        Some((x >> 1) as i64 ^ -((x & 1) as i64))
    }

    /// A number of things of at least `bytes_min` each that can follow.
    pub fn count(&mut self, bytes_min: usize) -> Option<usize> {
        let count = usize::try_from(self.varint()?).ok()?;
        (count <= self.0.len() / bytes_min).then_some(count)
    }
}

//! How a camera was held: the one thing of EXIF that a picture must not lose with the rest of it.

use super::pixels::Pixels;

/// As EXIF counts them, 1 to 8. From 5 on the picture lies on its side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orientation(u8);

const TAG: u16 = 0x0112;
const ENTRY_BYTES: usize = 12;
const HEADER: &[u8] = b"Exif\0\0";

impl Orientation {
    pub const UPRIGHT: Self = Self(1);

    /// Upright, unless the block says otherwise.
    pub fn of_exif(block: Option<&[u8]>) -> Self {
        let orientation = block.and_then(|block| find(block.strip_prefix(HEADER).unwrap_or(block)));
        orientation.filter(|value| (1..=8).contains(value)).map_or(Self::UPRIGHT, Self)
    }

    pub const fn swaps_sides(self) -> bool {
        self.0 >= 5
    }

    /// As it is to be looked at.
    pub fn apply(self, source: Pixels) -> Pixels {
        if self == Self::UPRIGHT {
            return source;
        }
        let (w, h, c) = (source.width, source.height, source.channels);
        let (width, height) = if self.swaps_sides() { (h, w) } else { (w, h) };
        let mut bytes = Vec::with_capacity(source.bytes.len());
        for y in 0..height {
            for x in 0..width {
                let (from_x, from_y) = match self.0 {
                    2 => (w - 1 - x, y),
                    3 => (w - 1 - x, h - 1 - y),
                    4 => (x, h - 1 - y),
                    5 => (y, x),
                    6 => (y, h - 1 - x),
                    7 => (w - 1 - y, h - 1 - x),
                    8 => (w - 1 - y, x),
                    _ => (x, y),
                };
                let at = (from_y * w + from_x) * c;
                bytes.extend_from_slice(&source.bytes[at..at + c]);
            }
        }
        Pixels { width, height, channels: c, bytes }
    }
}

/// The value of the tag in the first directory of a TIFF block.
fn find(block: &[u8]) -> Option<u8> {
    let is_little = match block.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let u16_at = |at: usize| {
        let bytes: [u8; 2] = block.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let bytes: [u8; 4] = block.get(4..8)?.try_into().ok()?;
    let directory = if is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
    let directory = usize::try_from(directory).ok()?;
    let entries = directory.checked_add(2)?;
    (0..usize::from(u16_at(directory)?))
        .map(|number| entries.saturating_add(number * ENTRY_BYTES))
        .find(|at| u16_at(*at) == Some(TAG))
        .and_then(|at| u8::try_from(u16_at(at.checked_add(8)?)?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(is_little: bool, orientation: u16) -> Vec<u8> {
        let u16_of = |value: u16| if is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        let u32_of = |value: u32| if is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        let mut block = if is_little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
        block.extend(u32_of(8));
        block.extend(u16_of(2));
        for (tag, value) in [(0x010F, 7), (TAG, orientation)] {
            block.extend(u16_of(tag));
            block.extend(u16_of(3));
            block.extend(u32_of(1));
            block.extend(u16_of(value));
            block.extend([0, 0]);
        }
        block
    }

    #[test]
    fn it_is_found_in_both_byte_orders_and_garbage_is_upright() {
        for is_little in [true, false] {
            let mut bare = block(is_little, 6);
            assert_eq!(Orientation::of_exif(Some(&bare)), Orientation(6));
            assert_eq!(Orientation::of_exif(Some(&[HEADER, &bare].concat())), Orientation(6));
            for value in [0, 9, 0x106] {
                assert_eq!(Orientation::of_exif(Some(&block(is_little, value))), Orientation::UPRIGHT);
            }
            // The directory lies past the end, or the block ends within it.
            let at = if is_little { 7 } else { 4 };
            bare[at] = 0xFF;
            assert_eq!(Orientation::of_exif(Some(&bare)), Orientation::UPRIGHT);
            assert_eq!(Orientation::of_exif(Some(&block(is_little, 6)[..20])), Orientation::UPRIGHT);
        }
        assert_eq!(Orientation::of_exif(Some(b"")), Orientation::UPRIGHT);
        assert_eq!(Orientation::of_exif(None), Orientation::UPRIGHT);
    }

    /// The letter `F` of EXIF's own explanation, two pixels wide and three high: `AB`, `C.`, `D.`.
    #[test]
    fn all_eight_ways_come_out_upright() {
        let stored = [
            (1, 2, "ABC.D."),
            (2, 2, "BA.C.D"),
            (3, 2, ".D.CBA"),
            (4, 2, "D.C.AB"),
            (5, 3, "ACDB.."),
            (6, 3, "B..ACD"),
            (7, 3, "..BDCA"),
            (8, 3, "DCA..B"),
        ];
        for (orientation, width, letters) in stored {
            let bytes: Vec<u8> = letters.bytes().flat_map(|letter| [letter; 3]).collect();
            let source = Pixels { width, height: 6 / width, channels: 3, bytes };
            let upright = Orientation(orientation).apply(source);
            let seen: String = upright.bytes.chunks(3).map(|pixel| char::from(pixel[0])).collect();
            assert_eq!((upright.width, seen.as_str()), (2, "ABC.D."), "orientation {orientation}");
        }
    }
}

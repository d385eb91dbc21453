//! Pictures in memory: eight bits per channel, row by row, without padding.

#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    pub width: usize,
    pub height: usize,
    /// Red, green, blue, and alpha if there is a fourth.
    pub channels: usize,
    pub bytes: Vec<u8>,
}

/// A part of a picture.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

impl Pixels {
    pub const fn frame(&self) -> Frame {
        Frame { x: 0, y: 0, width: self.width, height: self.height }
    }

    /// The largest square in the middle.
    pub fn square(&self) -> Frame {
        let side = self.width.min(self.height);
        Frame { x: (self.width - side) / 2, y: (self.height - side) / 2, width: side, height: side }
    }

    pub fn row(&self, y: usize) -> &[u8] {
        let length = self.width * self.channels;
        &self.bytes[y * length..(y + 1) * length]
    }

    /// Without its alpha channel, when that says nothing.
    pub fn without_idle_alpha(self) -> Self {
        if self.channels != 4 || self.bytes.chunks_exact(4).any(|pixel| pixel[3] != u8::MAX) {
            return self;
        }
        let bytes = self.bytes.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        Self { channels: 3, bytes, ..self }
    }
}

/// Sides of the picture inside a square of `side`. It is never made larger.
pub fn fit(width: usize, height: usize, side: usize) -> (usize, usize) {
    let longer = width.max(height);
    if longer <= side {
        return (width, height);
    }
    let scaled = |length: usize| ((length * side + longer / 2) / longer).max(1);
    (scaled(width), scaled(height))
}

/// Makes the frame smaller: each new pixel is the mean of the area that it covers. Colours count as much as they are
/// opaque. Sides that are not smaller than the frame's stay as they are.
pub fn shrink(source: &Pixels, frame: Frame, width: usize, height: usize) -> Pixels {
    let (width, height) = (width.min(frame.width), height.min(frame.height));
    let channels = source.channels;
    let columns: Vec<Span> = (0..width).map(|at| Span::of(at, width, frame.width)).collect();
    let mut bytes = Vec::with_capacity(width * height * channels);
    let mut sums = vec![0.0_f32; width * channels];
    for at in 0..height {
        let rows = Span::of(at, height, frame.height);
        sums.fill(0.0);
        for (y, share) in rows.parts() {
            let row = source.row(frame.y + y);
            add_row(&mut sums, &row[frame.x * channels..], &columns, channels, share);
        }
        finish(&sums, channels, &mut bytes);
    }
    Pixels { width, height, channels, bytes }
}

/// What one new pixel covers along one side: whole old ones from `first` to `last`, less what sticks out.
struct Span {
    first: usize,
    last: usize,
    first_share: f32,
    last_share: f32,
    each: f32,
}

impl Span {
    fn of(at: usize, new: usize, old: usize) -> Self {
        // In units of 1 / new of an old pixel, all whole numbers.
        let (from, until) = (at * old, (at + 1) * old);
        let (first, last) = (from / new, (until - 1) / new);
        let each = new as f32 / old as f32;
        let first_share = ((first + 1) * new).min(until) - from;
        let last_share = if last == first { first_share } else { until - last * new };
        let share = |units: usize| units as f32 / old as f32;
        Self { first, last, first_share: share(first_share), last_share: share(last_share), each }
    }

    fn parts(&self) -> impl Iterator<Item = (usize, f32)> {
        (self.first..=self.last).map(|at| {
            let share = match at {
                at if at == self.first => self.first_share,
                at if at == self.last => self.last_share,
                _ => self.each,
            };
            (at, share)
        })
    }
}

fn add_row(sums: &mut [f32], row: &[u8], columns: &[Span], channels: usize, share: f32) {
    for (sum, column) in sums.chunks_exact_mut(channels).zip(columns) {
        for (x, column_share) in column.parts() {
            let pixel = &row[x * channels..(x + 1) * channels];
            let weight = share * column_share;
            if channels == 4 {
                let alpha = f32::from(pixel[3]) / 255.0 * weight;
                for at in 0..3 {
                    sum[at] += f32::from(pixel[at]) * alpha;
                }
                sum[3] += alpha;
            } else {
                for (sum, value) in sum.iter_mut().zip(pixel) {
                    *sum += f32::from(*value) * weight;
                }
            }
        }
    }
}

fn finish(sums: &[f32], channels: usize, bytes: &mut Vec<u8>) {
    // A cast of a float saturates: what rounding adds beyond 255 stays 255.
    let byte = |value: f32| (value + 0.5) as u8;
    for sum in sums.chunks_exact(channels) {
        if channels == 4 {
            let alpha = sum[3].max(f32::MIN_POSITIVE);
            bytes.extend([byte(sum[0] / alpha), byte(sum[1] / alpha), byte(sum[2] / alpha), byte(sum[3] * 255.0)]);
        } else {
            bytes.extend(sum.iter().map(|value| byte(*value)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: usize, height: usize, values: &[u8]) -> Pixels {
        let bytes = values.iter().flat_map(|value| [*value; 3]).collect();
        Pixels { width, height, channels: 3, bytes }
    }

    #[test]
    fn each_new_pixel_is_the_mean_of_what_it_covers() {
        let source = grey(4, 2, &[0, 100, 10, 30, 200, 100, 50, 70]);
        let small = shrink(&source, source.frame(), 2, 1);
        assert_eq!(small, grey(2, 1, &[100, 40]));
        let thirds = shrink(&grey(3, 1, &[0, 90, 255]), Frame { x: 0, y: 0, width: 3, height: 1 }, 2, 1);
        assert_eq!(thirds, grey(2, 1, &[30, 200]));
        assert_eq!(shrink(&source, source.frame(), 4, 2), source);
        assert_eq!(shrink(&source, source.frame(), 9, 9), source);
    }

    #[test]
    fn one_colour_stays_that_colour_whatever_the_sizes() {
        for (old, new) in [(1_001, 320), (97, 96), (1_600, 64), (7, 5)] {
            let source = grey(old, old, &vec![201; old * old]);
            let small = shrink(&source, source.frame(), new, new);
            assert!(small.bytes.iter().all(|byte| *byte == 201), "{old} to {new}");
        }
    }

    #[test]
    fn a_transparent_pixel_lends_no_colour() {
        let source = Pixels { width: 2, height: 1, channels: 4, bytes: vec![10, 20, 30, 255, 255, 255, 255, 0] };
        assert_eq!(shrink(&source, source.frame(), 1, 1).bytes, [10, 20, 30, 128]);
    }

    #[test]
    fn an_avatar_is_the_square_in_the_middle() {
        let source = grey(4, 2, &[9, 1, 2, 9, 9, 3, 4, 9]);
        assert_eq!(shrink(&source, source.square(), 2, 2), grey(2, 2, &[1, 2, 3, 4]));
    }

    #[test]
    fn the_longer_side_decides_and_nothing_is_enlarged() {
        assert_eq!(fit(4_000, 3_000, 1_600), (1_600, 1_200));
        assert_eq!(fit(1_000, 9_000, 320), (36, 320));
        assert_eq!(fit(9_000, 2, 320), (320, 1));
        assert_eq!(fit(300, 200, 320), (300, 200));
    }
}

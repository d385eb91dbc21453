//! The binary form of `snapshot` and `delta` on the live feed, for big arenas: two bits per seat, five bytes per run of changes.
//!
//! Numbers are little-endian. Seats and areas are named by their position in the event's seat map, each counted from 0
//! through all sections, gaps left out. A state is 0 free, 1 held, 2 sold, 3 blocked.
//!
//! ```text
//! snapshot  u8 1   u8 status   u16 areas   u32 seats   u64 seq
//!           ⌈seats / 4⌉ bytes: seat i in bits 2 (i mod 4) and up of byte i / 4
//!           per area  u32 free   u32 held   u32 sold   u32 blocked
//! delta     u8 2   u8 0   u16 areas   u32 runs   u64 prev   u64 seq   i64 at_us
//!           per run   u32 position × 4 + state   u8 seats: so many in that state, from that position on
//!           per area  u32 position   u32 free   u32 held   u32 sold   u32 blocked
//! ```

use crate::{Counts, EventStatus};

const SNAPSHOT: u8 = 1;
const DELTA: u8 = 2;
const SEATS_PER_BYTE: usize = 4;

#[derive(Clone, Debug, PartialEq)]
pub enum LiveBinary {
    Snapshot(BinarySnapshot),
    Delta(BinaryDelta),
}

#[derive(Clone, Debug, PartialEq)]
pub struct BinarySnapshot {
    pub status: EventStatus,
    pub seq: u64,
    /// 0 to 3, in map order.
    pub seats: Vec<u8>,
    /// In map order.
    pub areas: Vec<Counts>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BinaryDelta {
    pub prev: u64,
    pub seq: u64,
    /// See [`crate::LiveDelta::at_us`].
    pub at_us: i64,
    /// Position and state. Neighbours in one state that follow one another here are written as one.
    pub seats: Vec<(u32, u8)>,
    pub areas: Vec<(u32, Counts)>,
}

/// The bytes are no frame of this form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveBinaryError;

impl std::fmt::Display for LiveBinaryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a frame of the binary form")
    }
}

impl std::error::Error for LiveBinaryError {}

impl BinarySnapshot {
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + self.seats.len() / SEATS_PER_BYTE + 1 + 16 * self.areas.len());
        bytes.extend([SNAPSHOT, status_code(self.status)]);
        put_lengths(&mut bytes, self.areas.len(), self.seats.len());
        bytes.extend(self.seq.to_le_bytes());
        for four in self.seats.chunks(SEATS_PER_BYTE) {
            bytes.push(four.iter().enumerate().fold(0, |byte, (at, state)| byte | (state & 3) << (2 * at)));
        }
        for area in &self.areas {
            put_counts(&mut bytes, *area);
        }
        bytes
    }
}

impl BinaryDelta {
    pub fn encode(&self) -> Vec<u8> {
        let is_run = |one: &(u32, u8), next: &(u32, u8)| one.0.checked_add(1) == Some(next.0) && one.1 == next.1;
        let runs = || self.seats.chunk_by(is_run).flat_map(|run| run.chunks(usize::from(u8::MAX)));
        let count = runs().count();
        let mut bytes = Vec::with_capacity(32 + 5 * count + 20 * self.areas.len());
        bytes.extend([DELTA, 0]);
        put_lengths(&mut bytes, self.areas.len(), count);
        bytes.extend(self.prev.to_le_bytes());
        bytes.extend(self.seq.to_le_bytes());
        bytes.extend(self.at_us.to_le_bytes());
        for run in runs() {
            let (position, state) = run[0];
            bytes.extend((position << 2 | u32::from(state & 3)).to_le_bytes());
            bytes.push(u8::try_from(run.len()).unwrap_or(u8::MAX));
        }
        for (position, area) in &self.areas {
            bytes.extend(position.to_le_bytes());
            put_counts(&mut bytes, *area);
        }
        bytes
    }
}

impl LiveBinary {
    /// # Errors
    /// Cut off, too long, or of an unknown kind. Never panics, whatever the bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, LiveBinaryError> {
        let mut rest = Reader(bytes);
        let [kind, status] = rest.take()?;
        let (areas, seats_or_runs) = (u16::from_le_bytes(rest.take()?), u32::from_le_bytes(rest.take()?));
        let frame =
            match kind {
                SNAPSHOT => Self::Snapshot(BinarySnapshot {
                    status: status_of(status)?,
                    seq: u64::from_le_bytes(rest.take()?),
                    seats: rest.states(usize::try_from(seats_or_runs).map_err(|_| LiveBinaryError)?)?,
                    areas: (0..areas).map(|_| rest.counts()).collect::<Result<_, _>>()?,
                }),
                DELTA => Self::Delta(BinaryDelta {
                    prev: u64::from_le_bytes(rest.take()?),
                    seq: u64::from_le_bytes(rest.take()?),
                    at_us: i64::from_le_bytes(rest.take()?),
                    seats: rest.runs(seats_or_runs)?,
                    areas: (0..areas)
                        .map(|_| Ok((u32::from_le_bytes(rest.take()?), rest.counts()?)))
                        .collect::<Result<_, LiveBinaryError>>()?,
                }),
                _ => return Err(LiveBinaryError),
            };
        if rest.0.is_empty() { Ok(frame) } else { Err(LiveBinaryError) }
    }
}

/// The letter of a state, as the JSON form writes it; `None` for anything but 0 to 3.
pub const fn state_letter(state: u8) -> Option<char> {
    Some(match state {
        0 => 'f',
        1 => 'h',
        2 => 's',
        3 => 'b',
        _ => return None,
    })
}

const fn status_code(status: EventStatus) -> u8 {
    match status {
        EventStatus::Draft => 0,
        EventStatus::Published => 1,
        EventStatus::Cancelled => 2,
    }
}

const fn status_of(code: u8) -> Result<EventStatus, LiveBinaryError> {
    Ok(match code {
        0 => EventStatus::Draft,
        1 => EventStatus::Published,
        2 => EventStatus::Cancelled,
        _ => return Err(LiveBinaryError),
    })
}

/// More than a seat map may have is cut off here, and the frame will not decode.
fn put_lengths(bytes: &mut Vec<u8>, areas: usize, seats: usize) {
    bytes.extend(u16::try_from(areas).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend(u32::try_from(seats).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_counts(bytes: &mut Vec<u8>, counts: Counts) {
    for count in [counts.free, counts.held, counts.sold, counts.blocked] {
        bytes.extend(count.to_le_bytes());
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], LiveBinaryError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(LiveBinaryError)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn states(&mut self, seats: usize) -> Result<Vec<u8>, LiveBinaryError> {
        let (packed, rest) = self.0.split_at_checked(seats.div_ceil(SEATS_PER_BYTE)).ok_or(LiveBinaryError)?;
        self.0 = rest;
        let all = packed.iter().flat_map(|byte| (0..SEATS_PER_BYTE).map(move |at| byte >> (2 * at) & 3));
        Ok(all.take(seats).collect())
    }

    fn runs(&mut self, runs: u32) -> Result<Vec<(u32, u8)>, LiveBinaryError> {
        let mut seats = Vec::new();
        for _ in 0..runs {
            let packed = u32::from_le_bytes(self.take()?);
            let [length] = self.take()?;
            let (first, state) = (packed >> 2, (packed & 3) as u8);
            seats.extend((first..first + u32::from(length)).map(|position| (position, state)));
        }
        Ok(seats)
    }

    fn counts(&mut self) -> Result<Counts, LiveBinaryError> {
        let [free, held, sold, blocked] = [self.take()?, self.take()?, self.take()?, self.take()?];
        Ok(Counts {
            free: u32::from_le_bytes(free),
            held: u32::from_le_bytes(held),
            sold: u32::from_le_bytes(sold),
            blocked: u32::from_le_bytes(blocked),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(free: u32) -> Counts {
        Counts { free, held: 1, sold: u32::MAX, blocked: 0 }
    }

    fn snapshot(seats: usize) -> BinarySnapshot {
        let seats = (0..seats).map(|ix| (ix * 7 % 4) as u8).collect();
        BinarySnapshot { status: EventStatus::Cancelled, seq: u64::MAX, seats, areas: vec![counts(5), counts(6)] }
    }

    fn delta() -> BinaryDelta {
        let run = (100..700).map(|position| (position, 1));
        let seats = [(0, 3), ((1 << 30) - 1, 0), (17, 2), (18, 2), (19, 1), (18, 1)].into_iter().chain(run).collect();
        BinaryDelta { prev: 7, seq: 9, at_us: -1, seats, areas: vec![(3, counts(1))] }
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        for seats in [0, 1, 3, 4, 5, 1_001] {
            let snapshot = snapshot(seats);
            assert_eq!(LiveBinary::decode(&snapshot.encode()), Ok(LiveBinary::Snapshot(snapshot)));
        }
        assert_eq!(LiveBinary::decode(&delta().encode()), Ok(LiveBinary::Delta(delta())));
    }

    /// Clients in other languages are written against these bytes.
    #[test]
    fn the_form_is_as_documented() {
        let area = counts(2);
        let snapshot =
            BinarySnapshot { status: EventStatus::Published, seq: 258, seats: vec![1, 2, 3, 0, 2], areas: vec![area] };
        let head = [1, 1, 1, 0, 5, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0b00_11_10_01, 0b10];
        let counts = [2, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0];
        assert_eq!(snapshot.encode(), [&head[..], &counts].concat());
        let delta = BinaryDelta { prev: 1, seq: 2, at_us: 3, seats: vec![(5, 1), (6, 1), (7, 0)], areas: Vec::new() };
        let head = [2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(delta.encode(), [&head[..], &[21, 0, 0, 0, 2, 28, 0, 0, 0, 1]].concat());
    }

    #[test]
    fn a_frame_that_is_cut_off_too_long_or_unknown_is_refused() {
        for whole in [snapshot(9).encode(), delta().encode()] {
            for length in 0..whole.len() {
                assert_eq!(LiveBinary::decode(&whole[..length]), Err(LiveBinaryError), "{length}");
            }
            assert_eq!(LiveBinary::decode(&[&whole[..], &[0]].concat()), Err(LiveBinaryError));
            assert_eq!(LiveBinary::decode(&[&[9], &whole[1..]].concat()), Err(LiveBinaryError));
        }
        // A length that no frame could hold.
        assert_eq!(LiveBinary::decode(&[2, 0, 0, 0, 255, 255, 255, 255]), Err(LiveBinaryError));
    }
}

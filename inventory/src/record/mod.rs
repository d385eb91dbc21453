//! A change as the journal keeps it: frame = length (u32 LE), CRC-32 of the body (u32 LE), body = version byte, then the
//! postcard encoding of the rest. Frames follow each other without padding, so that a batch is one blob.

mod hot;
#[cfg(test)]
mod tests;
mod varint;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Change, Origin, TimeUs};

/// Log sequence number of one event: 1 for its first change, no gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lsn(pub u64);

impl Lsn {
    /// Before the first change.
    pub const ZERO: Self = Self(0);

    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for Lsn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub lsn: Lsn,
    pub at: TimeUs,
    pub origin: Origin,
    pub change: Change,
}

/// Of all that later versions did not bring.
const VERSION_FIRST: u8 = 1;
/// Changes of the waiting room.
const VERSION_LINE: u8 = 2;
/// Terms of tiers, and access codes.
const VERSION_TERMS: u8 = 3;
/// Refunds by steps and into wallets, discount codes, what the door remembers, the limit of entries and the box office.
const VERSION_COMMERCE: u8 = 4;
/// The waitlist.
const VERSION: u8 = 5;
const HEAD_BYTES: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The bytes end inside a frame: a torn tail when nothing follows, corruption otherwise.
    #[error("the record at byte {at} is cut short")]
    Torn { at: usize },
    #[error("the record at byte {at} fails its checksum")]
    Checksum { at: usize },
    #[error("the record at byte {at} has version {version}, this build reads up to {VERSION}")]
    Version { at: usize, version: u8 },
    #[error("the record at byte {at} does not decode")]
    Body { at: usize },
}

impl Record {
    /// Appends the framed record to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; HEAD_BYTES]);
        out.push(version(&self.change));
        if !hot::encode(self, out) {
            // Encoding into memory fails only when an allocation does.
            postcard::serialize_with_flavor(self, Bytes(out)).expect("postcard encodes records into memory");
        }
        let crc = crc32fast::hash(&out[start + HEAD_BYTES..]);
        let len = u32::try_from(out.len() - start - HEAD_BYTES).expect("a record is smaller than 4 GiB");
        out[start..start + 4].copy_from_slice(&len.to_le_bytes());
        out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
    }

    /// Decodes the record that starts at `*at` and moves `*at` behind it; `None` at the end of `bytes`.
    ///
    /// # Errors
    /// [`DecodeError`] names the byte at which the damaged frame starts; `*at` still points there.
    pub fn decode(bytes: &[u8], at: &mut usize) -> Result<Option<Self>, DecodeError> {
        let start = *at;
        if start == bytes.len() {
            return Ok(None);
        }
        let head = bytes.get(start..start + HEAD_BYTES).ok_or(DecodeError::Torn { at: start })?;
        let len = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let crc = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let body_start = start + HEAD_BYTES;
        let body = body_start
            .checked_add(len)
            .and_then(|end| bytes.get(body_start..end))
            .ok_or(DecodeError::Torn { at: start })?;
        if crc32fast::hash(body) != crc {
            return Err(DecodeError::Checksum { at: start });
        }
        let (&version, encoded) = body.split_first().ok_or(DecodeError::Body { at: start })?;
        if !(VERSION_FIRST..=VERSION).contains(&version) {
            return Err(DecodeError::Version { at: start, version });
        }
        let record = match hot::decode(encoded) {
            Some(record) => record,
            None => match postcard::take_from_bytes(encoded) {
                Ok((record, [])) => record,
                Ok(_) | Err(_) => return Err(DecodeError::Body { at: start }),
            },
        };
        *at = body_start + len;
        Ok(Some(record))
    }
}

/// The lowest that knows the change: an older build reads whatever it can, and says why it cannot read the rest.
const fn version(change: &Change) -> u8 {
    match change {
        Change::Line(_) => VERSION_LINE,
        Change::TierSetInFull(_) | Change::HoldPlacedByCode(_) | Change::AccessCodeSet(_) => VERSION_TERMS,
        Change::TierSetWithRefundSteps(_)
        | Change::OrderRefundedToWallet { .. }
        | Change::DiscountCodeSet(_)
        | Change::HoldPlacedAtDiscount(_)
        | Change::Door(_)
        | Change::PolicySetInFull(_)
        | Change::HoldPlacedAtBoxOffice(_)
        | Change::BoxOfficeSold(_) => VERSION_COMMERCE,
        Change::Waitlist(_) => VERSION,
        _ => VERSION_FIRST,
    }
}

/// Where the codec writes to: the codec's own sink for vectors goes through iterators, at twice the price.
struct Bytes<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Bytes<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

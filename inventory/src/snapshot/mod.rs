//! The whole state as bytes: head = magic, version, digest, CRC-32; body = the postcard encoding of the image. The body
//! is canonical (nothing in it depends on the order of a hash map or on which slot a hold has), so the digest of the
//! state is the hash of the body. What can be counted from holds and orders is not stored but counted again.

mod discounts;
mod door;
mod hash;
mod image;
mod rebuild;
mod refund_steps;
mod terms;
#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::line::Line;
use crate::waitlist::Waitlist;
use crate::{InvariantViolation, Inventory};
use discounts::{Discounts, DiscountsRef};
use door::{DoorImage, DoorRef};
use hash::hash64;
use image::{Image, ImageRef};
use rebuild::Apart;
use refund_steps::RefundSteps;
use terms::{Terms, TermsRef};

const MAGIC: [u8; 4] = *b"USHS";
/// Of events that never had a waiting room.
const VERSION_FIRST: u8 = 1;
/// The line follows the image.
const VERSION_LINE: u8 = 2;
/// The line if there is one, and the terms, follow the image.
const VERSION_TERMS: u8 = 3;
/// The steps of refunds, the discounts and the door follow the terms.
const VERSION_COMMERCE: u8 = 4;
/// The waitlist follows those.
const VERSION: u8 = 5;
const HEAD_BYTES: usize = 4 + 1 + 8 + 4;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    #[error("this is not a snapshot of an event")]
    Magic,
    #[error("the snapshot has version {version}, this build reads up to {VERSION}")]
    Version { version: u8 },
    #[error("the snapshot fails its checksum")]
    Checksum,
    #[error("the snapshot does not decode")]
    Body,
    #[error("the restored state has digest {found:016x}, the snapshot says {stored:016x}")]
    Digest { stored: u64, found: u64 },
    #[error("the restored state breaks an invariant")]
    Invariant(#[source] InvariantViolation),
}

/// Appends the body to `out`.
fn encode(inventory: &Inventory, out: Vec<u8>) -> Vec<u8> {
    let out = ImageRef::of(inventory).encode(out);
    match (version(inventory), &inventory.line) {
        // Encoding into memory fails only when an allocation does.
        (VERSION_COMMERCE | VERSION, line) => {
            let steps = RefundSteps::of(inventory);
            let after = (line, TermsRef::of(inventory), steps, DiscountsRef::of(inventory), DoorRef::of(inventory));
            let out = postcard::to_extend(&after, out).expect("postcard encodes what follows the terms");
            match &inventory.waitlist {
                Some(list) => postcard::to_extend(list, out).expect("postcard encodes waitlists"),
                None => out,
            }
        }
        (VERSION_TERMS, line) => {
            postcard::to_extend(&(line, TermsRef::of(inventory)), out).expect("postcard encodes terms")
        }
        (_, Some(line)) => postcard::to_extend(line, out).expect("postcard encodes lines into memory"),
        (_, None) => out,
    }
}

/// The lowest that holds the state.
fn version(inventory: &Inventory) -> u8 {
    if inventory.waitlist.is_some() {
        VERSION
    } else if inventory.door.is_some() || refund_steps::are_needed(inventory) || discounts::are_needed(inventory) {
        VERSION_COMMERCE
    } else if terms::are_needed(inventory) {
        VERSION_TERMS
    } else if inventory.line.is_some() {
        VERSION_LINE
    } else {
        VERSION_FIRST
    }
}

/// What follows the image.
#[derive(Default)]
struct AfterImage {
    line: Option<Box<Line>>,
    terms: Terms,
    steps: RefundSteps,
    discounts: Discounts,
    door: DoorImage,
    waitlist: Option<Box<Waitlist>>,
}

fn after_image(version: u8, bytes: &[u8]) -> Option<AfterImage> {
    let mut after = AfterImage::default();
    let rest = match version {
        VERSION_FIRST => bytes,
        VERSION_LINE => {
            let (line, rest) = postcard::take_from_bytes(bytes).ok()?;
            after.line = Some(line);
            rest
        }
        VERSION_TERMS => {
            let (of_version, rest) = postcard::take_from_bytes(bytes).ok()?;
            (after.line, after.terms) = of_version;
            rest
        }
        _ => {
            let (of_version, rest) = postcard::take_from_bytes(bytes).ok()?;
            (after.line, after.terms, after.steps, after.discounts, after.door) = of_version;
            if version == VERSION_COMMERCE {
                rest
            } else {
                let (list, rest) = postcard::take_from_bytes(rest).ok()?;
                after.waitlist = Some(list);
                rest
            }
        }
    };
    rest.is_empty().then_some(after)
}

impl Inventory {
    pub fn snapshot(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEAD_BYTES];
        bytes = encode(self, bytes);
        let (head, body) = bytes.split_at_mut(HEAD_BYTES);
        head[..4].copy_from_slice(&MAGIC);
        head[4] = version(self);
        head[5..13].copy_from_slice(&hash64(body).to_le_bytes());
        let mut crc = crc32fast::Hasher::new();
        crc.update(&head[..13]);
        crc.update(body);
        head[13..].copy_from_slice(&crc.finalize().to_le_bytes());
        bytes
    }

    /// # Errors
    /// [`SnapshotError`] when the bytes are damaged, were written by a newer build, or do not make a sound state.
    pub fn restore(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (head, body) = bytes.split_at_checked(HEAD_BYTES).ok_or(SnapshotError::Magic)?;
        let (magic, rest) = head.split_at(4);
        if magic != MAGIC {
            return Err(SnapshotError::Magic);
        }
        let mut crc = crc32fast::Hasher::new();
        crc.update(&head[..13]);
        crc.update(body);
        if crc.finalize().to_le_bytes() != rest[9..] {
            return Err(SnapshotError::Checksum);
        }
        let version = rest[0];
        if !(VERSION_FIRST..=VERSION).contains(&version) {
            return Err(SnapshotError::Version { version });
        }
        let stored = rest[1..9].iter().rev().fold(0, |digest, byte| digest << 8 | u64::from(*byte));
        let (mut image, bytes) = postcard::take_from_bytes::<Image>(body).map_err(|_| SnapshotError::Body)?;
        let AfterImage { line, terms, steps, discounts, door, waitlist } =
            after_image(version, bytes).ok_or(SnapshotError::Body)?;
        image.policy.entries_max = door.entries_max;
        let access = terms.add_to(&mut image).ok_or(SnapshotError::Body)?;
        steps.add_to(&mut image).ok_or(SnapshotError::Body)?;
        let discounts = discounts.add_to(&mut image).ok_or(SnapshotError::Body)?;
        let apart = Apart { access, discounts, line, door: door.door, waitlist };
        let restored = rebuild::rebuild(image, apart).ok_or(SnapshotError::Body)?;
        let found = restored.digest();
        if found != stored {
            return Err(SnapshotError::Digest { stored, found });
        }
        restored.verify().map_err(SnapshotError::Invariant)?;
        Ok(restored)
    }

    /// Hash of the whole state, the same for every way that leads to it. Costs as much as a snapshot.
    pub fn digest(&self) -> u64 {
        hash64(&encode(self, Vec::new()))
    }
}

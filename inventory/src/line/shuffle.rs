//! The order in which those who were shuffled are called: a permutation of their numbers that follows from 32 bytes, so
//! that everybody can recompute his own rank, and nobody needs a list. `docs/queue-proof.md` gives the exact bytes and
//! an independent program.
//!
//! A Feistel network permutes the numbers of the smallest domain 4^k that holds them all; a result outside of them is
//! permuted again until it is inside.

use sha2::{Digest, Sha256};

use crate::EventId;

/// Even the smallest domains are mixed well by then.
const ROUNDS: u8 = 10;

/// What is published before the pre-queue opens, and fixes `key` and the beacon's name.
pub fn commitment(event: EventId, key: &[u8; 32], beacon: Option<&str>) -> [u8; 32] {
    let hash = Sha256::new().chain_update(b"usher queue commitment v1").chain_update(event.bytes());
    hash.chain_update(key).chain_update(beacon.unwrap_or_default()).finalize().into()
}

/// What the permutation follows from.
pub fn seed(key: &[u8; 32], beacon_value: Option<&str>) -> [u8; 32] {
    let hash = Sha256::new().chain_update(b"usher queue seed v1").chain_update(key);
    hash.chain_update(beacon_value.unwrap_or_default()).finalize().into()
}

/// The rank of `number` when the numbers below `shuffled` were shuffled. Others keep their number.
pub fn rank(seed: &[u8; 32], shuffled: u32, number: u32) -> u32 {
    walk(shuffled, number, |round, right| noise(seed, round, right))
}

/// The first four bytes of a hash, as a number.
fn noise(seed: &[u8; 32], round: u8, right: u32) -> u32 {
    let hash = Sha256::new().chain_update(seed).chain_update([round]).chain_update(right.to_be_bytes()).finalize();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
}

fn walk(shuffled: u32, number: u32, mut noise: impl FnMut(u8, u32) -> u32) -> u32 {
    if number >= shuffled {
        return number;
    }
    let half_bits = half_bits(shuffled);
    let mut at = number;
    loop {
        at = permute(half_bits, at, &mut noise);
        if at < shuffled {
            return at;
        }
    }
}

/// Half the bits of the domain: the smallest k ≥ 1 with 4^k ≥ `shuffled`.
fn half_bits(shuffled: u32) -> u32 {
    let bits = u32::BITS - shuffled.saturating_sub(1).leading_zeros();
    bits.div_ceil(2).max(1)
}

fn permute(half_bits: u32, number: u32, noise: &mut impl FnMut(u8, u32) -> u32) -> u32 {
    let mask = (1 << half_bits) - 1;
    let (mut left, mut right) = (number >> half_bits, number & mask);
    for round in 0..ROUNDS {
        (left, right) = (right, left ^ (noise(round, right) & mask));
    }
    left << half_bits | right
}

#[cfg(test)]
mod tests;

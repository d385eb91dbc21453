//! The order recomputed from what the server published, by the recipe and not by its code.

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use wire::{QueueOpening, QueueProof};

const ROUNDS: u8 = 10;

pub struct Order {
    seed: [u8; 32],
    shuffled: u32,
    half_bits: u32,
}

impl Order {
    /// # Errors
    /// The line is not open, or its key is not one.
    pub fn of(proof: &QueueProof) -> Result<Self> {
        let QueueOpening { key, beacon_value, shuffled, .. } = proof.opened.as_ref().context("the line is not open")?;
        let hash = Sha256::new().chain_update(b"usher queue seed v1").chain_update(bytes(key)?);
        let seed = hash.chain_update(beacon_value.as_deref().unwrap_or_default()).finalize().into();
        let half_bits = (1..=16).find(|half| 1u64 << (2 * half) >= u64::from(*shuffled)).unwrap_or(16);
        Ok(Self { seed, shuffled: *shuffled, half_bits })
    }

    pub fn rank(&self, number: u32) -> u32 {
        if number >= self.shuffled {
            return number;
        }
        let mut at = self.permute(number);
        while at >= self.shuffled {
            at = self.permute(at);
        }
        at
    }

    fn permute(&self, number: u32) -> u32 {
        let mask = (1u32 << self.half_bits) - 1;
        let (mut left, mut right) = (number >> self.half_bits, number & mask);
        for round in 0..ROUNDS {
            let hash = Sha256::new().chain_update(self.seed).chain_update([round]);
            let hash = hash.chain_update(right.to_be_bytes()).finalize();
            let noise = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
            (left, right) = (right, left ^ (noise & mask));
        }
        left << self.half_bits | right
    }
}

/// The key is the one that was committed to before anybody joined.
///
/// # Errors
/// What does not agree.
pub fn check_commitment(before: &QueueProof, after: &QueueProof) -> Result<()> {
    ensure!(before.opened.is_none(), "the key was public before the line opened");
    ensure!(before.commitment == after.commitment, "the commitment became another one");
    let opened = after.opened.as_ref().context("the line is not open")?;
    let computed = commitment(after.event_id, &bytes(&opened.key)?, after.beacon.as_deref());
    ensure!(computed == after.commitment.to_lowercase(), "the key's hash is {computed} and not {}", after.commitment);
    Ok(())
}

pub fn commitment(event: Uuid, key: &[u8; 32], beacon: Option<&str>) -> String {
    let hash = Sha256::new().chain_update(b"usher queue commitment v1").chain_update(event.as_bytes());
    let hash = hash.chain_update(key).chain_update(beacon.unwrap_or_default()).finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Result<[u8; 32]> {
    ensure!(hex.len() == 64 && hex.is_ascii(), "a key of {} characters", hex.len());
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).context("a key that is not hex")?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn proof(shuffled: u32, beacon_value: Option<&str>) -> QueueProof {
        let event_id = Uuid::from_u128(1);
        let opened_at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let key = "07".repeat(32);
        QueueProof {
            event_id,
            algorithm: String::new(),
            commitment: commitment(event_id, &[7; 32], None),
            committed_at: opened_at,
            beacon: None,
            closed: None,
            opened: Some(QueueOpening { opened_at, key, beacon_value: beacon_value.map(str::to_owned), shuffled }),
        }
    }

    #[test]
    fn every_shuffled_number_gets_one_rank_and_the_others_keep_theirs() {
        for shuffled in [0, 1, 2, 3, 5, 16, 17, 300, 1_025] {
            let order = Order::of(&proof(shuffled, None)).unwrap();
            let ranks: std::collections::BTreeSet<u32> = (0..shuffled).map(|number| order.rank(number)).collect();
            assert_eq!(ranks, (0..shuffled).collect(), "{shuffled}");
            assert_eq!(order.rank(shuffled), shuffled);
        }
        let ranks = |value| {
            let order = Order::of(&proof(100, value)).unwrap();
            (0..100).map(|number| order.rank(number)).collect::<Vec<u32>>()
        };
        assert_ne!(ranks(None), ranks(Some("a public value")));
    }

    #[test]
    fn another_key_than_the_one_committed_to_is_found() {
        let before = QueueProof { opened: None, ..proof(5, None) };
        check_commitment(&before, &proof(5, None)).unwrap();
        assert!(check_commitment(&proof(5, None), &proof(5, None)).is_err(), "open before it opened");
        let mut other = proof(5, None);
        other.opened.as_mut().unwrap().key = "08".repeat(32);
        assert!(check_commitment(&before, &other).is_err());
        let other = QueueProof { commitment: "00".repeat(32), ..proof(5, None) };
        assert!(check_commitment(&before, &other).is_err());
    }
}

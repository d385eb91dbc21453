//! That every number gets a rank of its own is shown by trying all; that the order favours nobody by counting over many
//! keys; that the bytes are those of `docs/queue-proof.md` by what an independent program computes from it.

use hashbrown::HashMap;

use super::{commitment, noise, rank, seed, walk};
use crate::EventId;

const EVENT: EventId = EventId::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

fn key() -> [u8; 32] {
    std::array::from_fn(|at| at as u8)
}

fn hex(bytes: [u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn numbered_seed(number: u32) -> [u8; 32] {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&number.to_be_bytes());
    seed(&key, None)
}

#[test]
fn hashes_are_those_of_an_independent_program() {
    let with_beacon = commitment(EVENT, &key(), Some("drand quicknet round 12345678"));
    assert_eq!(hex(with_beacon), "fa4d903a4223e1d7778f1dedd2d56e05f2772712a63264f99b864505b2a22704");
    let without = commitment(EVENT, &key(), None);
    assert_eq!(hex(without), "ca4380b4d0cb6eeef6d15fdb44aa9ef2a04c9dd70594494637f3dd70c0e466bf");
    let seeds = [seed(&key(), Some("8f3a")), seed(&key(), None)].map(hex);
    assert_eq!(
        seeds,
        [
            "6252552987f56bab64614ef4bec95fe3c55b9483052084da7390b49135fb661c",
            "54f209ca44ca5bd3dac5797ebaa003c871b0067e65b0fca0a1b24d7533d92f63"
        ]
    );
}

#[test]
fn ranks_are_those_of_an_independent_program() {
    let numbers = [0, 1, 2, 3, 4, 9, 999, 999_999, 4_294_967_294];
    let of = |shuffled: u32, value: Option<&str>| numbers.map(|number| rank(&seed(&key(), value), shuffled, number));
    let value = Some("8f3a");
    assert_eq!(of(0, value), numbers);
    assert_eq!(of(1, value), numbers);
    assert_eq!(of(5, value), [4, 1, 3, 2, 0, 9, 999, 999_999, 4_294_967_294]);
    assert_eq!(of(10, value), [8, 6, 3, 9, 0, 5, 999, 999_999, 4_294_967_294]);
    assert_eq!(of(1_000, value), [472, 103, 462, 537, 354, 408, 905, 999_999, 4_294_967_294]);
    let million = [786_293, 744_286, 477_581, 213_991, 398_374, 105_792, 489_063, 445_454, 4_294_967_294];
    assert_eq!(of(1_000_000, value), million);
    let all = [
        719_844_249,
        1_080_989_289,
        2_992_600_708,
        1_709_468_495,
        1_245_351_173,
        500_130_854,
        3_594_531_909,
        1_073_419_547,
        1_402_653_385,
    ];
    assert_eq!(of(u32::MAX, None), all);
}

/// All ranks of one shuffle. Hashes are remembered: there are few different ones, and millions of uses.
fn ranks(seed: &[u8; 32], shuffled: u32, known: &mut HashMap<(u8, u32), u32>) -> Vec<u32> {
    let mut noise = |round, right| *known.entry((round, right)).or_insert_with(|| noise(seed, round, right));
    (0..shuffled).map(|number| walk(shuffled, number, &mut noise)).collect()
}

#[test]
fn every_number_has_a_rank_of_its_own() {
    for key in 0..3 {
        let (seed, mut known) = (numbered_seed(key), HashMap::new());
        for shuffled in 0..=2_000 {
            let mut ranks = ranks(&seed, shuffled, &mut known);
            ranks.sort_unstable();
            assert!(ranks.iter().copied().eq(0..shuffled), "key {key}, {shuffled} shuffled");
        }
    }
}

#[test]
fn a_million_have_a_million_ranks() {
    let (seed, mut known) = (numbered_seed(7), HashMap::new());
    let mut ranks = ranks(&seed, 1_000_000, &mut known);
    // The remembered hashes are the hashes.
    for number in (0..1_000_000).step_by(997) {
        assert_eq!(ranks[number as usize], rank(&seed, 1_000_000, number));
    }
    ranks.sort_unstable();
    assert!(ranks.into_iter().eq(0..1_000_000));
}

/// Over many keys each number gets each rank equally often, and of two numbers each is first equally often. The bound is
/// that of chance: a fair shuffle passes it in all but one of about a thousand such counts; the keys are fixed.
#[test]
fn the_order_favours_nobody() {
    const KEYS: u32 = 6_000;
    for shuffled in [2, 3, 4, 5, 7, 10, 16, 17] {
        let mut counts = vec![vec![0_u32; shuffled as usize]; shuffled as usize];
        let mut firsts = 0;
        for key in 0..KEYS {
            let ranks = ranks(&numbered_seed(key), shuffled, &mut HashMap::new());
            for (count, rank) in counts.iter_mut().zip(&ranks) {
                count[*rank as usize] += 1;
            }
            firsts += u32::from(ranks[0] < ranks[shuffled as usize - 1]);
        }
        let expected = f64::from(KEYS) / f64::from(shuffled);
        let freedom = f64::from(shuffled - 1);
        let bound = freedom + 4.0 * (2.0 * freedom).sqrt() + 4.0;
        for (number, count) in counts.iter().enumerate() {
            let square: f64 = count.iter().map(|it| (f64::from(*it) - expected).powi(2) / expected).sum();
            assert!(square < bound, "number {number} of {shuffled}: χ² {square:.1}, {count:?}");
        }
        let off = (f64::from(firsts) - f64::from(KEYS) / 2.0).abs();
        assert!(off < 4.0 * (f64::from(KEYS) / 4.0).sqrt(), "{shuffled}: the first is before the last {firsts} times");
    }
}

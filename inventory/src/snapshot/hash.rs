//! A 64-bit hash that is the same in every build and on every machine: part of the snapshot's format.

const ODD: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb];

const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

pub(super) fn hash64(bytes: &[u8]) -> u64 {
    let mut state = ODD[0] ^ bytes.len() as u64;
    let (words, tail) = bytes.as_chunks::<8>();
    for word in words {
        state = fold(state ^ u64::from_le_bytes(*word), ODD[1]).rotate_left(23) ^ ODD[2];
    }
    let last = tail.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    fold(fold(state ^ last, ODD[1]) ^ ODD[0], ODD[2])
}

#[cfg(test)]
mod tests {
    use super::hash64;

    #[test]
    fn the_hash_is_part_of_the_format_and_stays() {
        let bytes: Vec<u8> = (0..=40).collect();
        assert_eq!(hash64(&[]), 370377024457152907);
        assert_eq!(hash64(&bytes), 4276708262443902918);
    }

    #[test]
    fn every_bit_counts() {
        let bytes: Vec<u8> = (0..=40).collect();
        let hash = hash64(&bytes);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(hash64(&flipped), hash, "bit {bit}");
        }
    }
}

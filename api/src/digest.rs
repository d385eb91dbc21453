//! SHA-256, truncated where 128 bits are enough: names of idempotency keys, access codes, refresh tokens.

use aws_lc_rs::digest::{Context, SHA256};

/// Of the parts, each with its length before it, so that `["ab", "c"]` and `["a", "bc"]` differ.
pub fn of(parts: &[&[u8]]) -> [u8; 16] {
    let full = full(parts);
    let mut short = [0; 16];
    short.copy_from_slice(&full[..16]);
    short
}

pub fn full(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_one_part_ends_matters() {
        assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
        assert_eq!(of(&[b"ab", b"c"]), of(&[b"ab", b"c"]));
        assert_eq!(full(&[b"x"])[..16], of(&[b"x"]));
    }
}

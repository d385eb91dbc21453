//! Codes that stand in for a lost second factor: 80 random bits each, so that a plain digest keeps them.

use data_encoding::BASE32_NOPAD;
use inventory::UserId;

use crate::{digest, ids};

/// Given out when the second factor is switched on.
pub const CODES: usize = 10;
const BYTES: usize = 10;
/// Characters between two dashes.
const GROUP: usize = 4;

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RecoveryCode([u8; BYTES]);

impl RecoveryCode {
    pub fn mint() -> Self {
        Self(ids::entropy())
    }

    /// Upper or lower case, dashes and spaces anywhere.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
        BASE32_NOPAD.decode(plain.to_ascii_uppercase().as_bytes()).ok()?.try_into().ok().map(Self)
    }

    pub fn text(&self) -> String {
        let plain = BASE32_NOPAD.encode(&self.0).to_lowercase();
        let groups: Vec<&str> = (0..plain.len()).step_by(GROUP).map(|at| &plain[at..at + GROUP]).collect();
        groups.join("-")
    }

    /// As stored: the same code of two accounts differs.
    pub fn hash(&self, user: UserId) -> [u8; 32] {
        digest::full(&[b"recovery code", &user.bytes(), &self.0])
    }
}

const _: () = assert!((BYTES * 8 / 5).is_multiple_of(GROUP), "no short group at the end");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_however_it_is_typed() {
        let code = RecoveryCode::mint();
        let text = code.text();
        assert_eq!((text.len(), text.matches('-').count()), (19, 3));
        for typed in [text.clone(), text.to_uppercase(), text.replace('-', " "), text.replace('-', "")] {
            assert!(RecoveryCode::parse(&typed) == Some(code), "{typed}");
        }
        for other in ["", "123456", &text[1..], &format!("{text}a"), "ä"] {
            assert!(RecoveryCode::parse(other).is_none(), "{other}");
        }
    }
}

//! Codes that must open no gate: what somebody with real codes in his hands can make of them, and codes that were real once
//! or are somewhere else.

use std::fmt;
use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Of a code that two were put together to: where its signature begins.
const SIGNATURE_AT: usize = 36;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forgery {
    /// A real code with some other characters.
    Altered,
    /// What one real code says under the signature of another.
    Spliced,
    /// Characters by chance.
    Invented,
    /// Real, of another event.
    Foreign,
    /// Real, of a ticket that was given back.
    Refunded,
}

const KINDS: [Forgery; 5] =
    [Forgery::Altered, Forgery::Spliced, Forgery::Invented, Forgery::Foreign, Forgery::Refunded];

impl fmt::Display for Forgery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Altered => "an altered code",
            Self::Spliced => "a code put together from two",
            Self::Invented => "an invented code",
            Self::Foreign => "a code of another event",
            Self::Refunded => "the code of a refunded ticket",
        })
    }
}

/// Real codes, each of at least two.
#[derive(Clone)]
pub(super) struct Genuine {
    pub own: Arc<[Arc<str>]>,
    pub foreign: Arc<[Arc<str>]>,
    pub refunded: Arc<[Arc<str>]>,
}

pub(super) struct Forger {
    genuine: Genuine,
    rng: SmallRng,
    made: usize,
}

impl Forger {
    pub(super) fn new(genuine: Genuine, seed: u64) -> Self {
        Self { genuine, rng: SmallRng::seed_from_u64(seed), made: 0 }
    }

    /// Each kind in turn.
    pub(super) fn next(&mut self) -> (Forgery, String) {
        let kind = KINDS[self.made % KINDS.len()];
        self.made += 1;
        let code = match kind {
            Forgery::Altered => self.altered(),
            Forgery::Spliced => self.spliced(),
            Forgery::Invented => {
                let length = self.one_of_own().len();
                (0..length).map(|_| self.character()).collect()
            }
            Forgery::Foreign => pick(&mut self.rng, &self.genuine.foreign),
            Forgery::Refunded => pick(&mut self.rng, &self.genuine.refunded),
        };
        (kind, code)
    }

    fn character(&mut self) -> char {
        char::from(ALPHABET[self.rng.random_range(0..ALPHABET.len())])
    }

    fn one_of_own(&mut self) -> String {
        pick(&mut self.rng, &self.genuine.own)
    }

    fn altered(&mut self) -> String {
        let code = self.one_of_own();
        let mut characters: Vec<char> = code.chars().collect();
        for _ in 0..self.rng.random_range(1..=3) {
            let at = self.rng.random_range(0..characters.len());
            characters[at] = self.character();
        }
        if characters.iter().copied().eq(code.chars()) {
            let last = characters.len() - 1;
            characters[last] = if characters[last] == 'A' { 'B' } else { 'A' };
        }
        characters.into_iter().collect()
    }

    fn spliced(&mut self) -> String {
        let said = self.one_of_own();
        let signed = self.genuine.own.iter().find(|other| ***other != *said).map_or(said.as_str(), |other| other);
        let cut = SIGNATURE_AT.min(said.len()).min(signed.len());
        format!("{}{}", &said[..cut], &signed[cut..])
    }
}

fn pick(rng: &mut SmallRng, codes: &[Arc<str>]) -> String {
    codes.choose(rng).map(|code| code.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_forgery_is_a_code_that_opens_the_gate() {
        let code = |letter: char| Arc::from(letter.to_string().repeat(120));
        let genuine = Genuine {
            own: ['a', 'b', 'c'].map(code).into(),
            foreign: ['f', 'g'].map(code).into(),
            refunded: ['r', 's'].map(code).into(),
        };
        let mut forger = Forger::new(genuine.clone(), 1);
        let mut kinds = std::collections::HashMap::new();
        for _ in 0..10_000 {
            let (kind, made) = forger.next();
            assert!(!genuine.own.iter().any(|own| **own == *made), "{kind}: {made}");
            assert_eq!(made.len(), 120, "{kind}");
            *kinds.entry(kind.to_string()).or_insert(0) += 1;
        }
        assert_eq!(kinds.into_values().collect::<Vec<_>>(), [2_000; 5]);
    }
}

//! What a run has met: the interesting states, each of which must be reached by some seed.

use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub struct Reached(BTreeMap<String, u64>);

impl Reached {
    pub fn note(&mut self, what: &str) {
        match self.0.get_mut(what) {
            Some(count) => *count += 1,
            None => drop(self.0.insert(what.to_owned(), 1)),
        }
    }

    pub fn absorb(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what.clone()).or_default() += count;
        }
    }

    pub fn missing<'a>(&self, wanted: &[&'a str]) -> Vec<&'a str> {
        wanted.iter().copied().filter(|what| !self.0.contains_key(*what)).collect()
    }
}

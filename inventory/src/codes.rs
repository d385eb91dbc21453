//! Access codes, and how many units are held and bought by each.

use std::collections::BTreeMap;

use crate::change::by_tier;
use crate::{AccessCodeSpec, Inventory, PlacedHold, TierId, TierIx, TimeUs};

#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub spec: AccessCodeSpec,
    pub used: u32,
}

impl Code {
    pub fn opens(&self, now: TimeUs, tier: TierId) -> bool {
        let spec = &self.spec;
        spec.open && spec.window.contains(now) && (spec.tiers.is_empty() || spec.tiers.contains(&tier))
    }

    pub fn left(&self) -> u32 {
        self.spec.units_max.map_or(u32::MAX, |max| max.saturating_sub(self.used))
    }
}

/// By digest: what is listed and what is stored come in one order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Codes(BTreeMap<[u8; 16], Code>);

impl Codes {
    pub fn get(&self, digest: &[u8; 16]) -> Option<&Code> {
        self.0.get(digest)
    }

    pub fn all(&self) -> impl ExactSizeIterator<Item = &Code> {
        self.0.values()
    }

    pub fn set(&mut self, spec: &AccessCodeSpec) {
        match self.0.get_mut(&spec.digest) {
            Some(code) => code.spec.clone_from(spec),
            None => drop(self.0.insert(spec.digest, Code { spec: spec.clone(), used: 0 })),
        }
    }

    pub fn take(&mut self, digest: &[u8; 16], units: u32) {
        let code = self.known(digest);
        assert!(units <= code.left(), "a code is not overdrawn");
        code.used += units;
    }

    pub fn give_back(&mut self, digest: &[u8; 16], units: u32) {
        let code = self.known(digest);
        assert!(code.used >= units, "what is given back to a code was taken");
        code.used -= units;
    }

    pub fn take_all(&mut self, placed: &PlacedHold) {
        if placed.codes.is_some() {
            uses(placed).for_each(|(code, units)| self.take(&code, units));
        }
    }

    pub fn give_back_all(&mut self, placed: &PlacedHold) {
        if placed.codes.is_some() {
            uses(placed).for_each(|(code, units)| self.give_back(&code, units));
        }
    }

    fn known(&mut self, digest: &[u8; 16]) -> &mut Code {
        self.0.get_mut(digest).expect("a code that is drawn on exists")
    }
}

/// Units by code. A code may stand there more than once.
pub(crate) fn uses(placed: &PlacedHold) -> impl Iterator<Item = ([u8; 16], u32)> {
    by_tier(&placed.items).filter_map(|(tier, units)| Some((placed.code_of(tier)?, units)))
}

/// Of the codes, the first whose units would be more than are left of it, with what is left.
pub(crate) fn overdrawn(codes: &Codes, uses: impl Iterator<Item = ([u8; 16], u32)>) -> Option<u32> {
    let mut wanted: Vec<([u8; 16], u32)> = Vec::new();
    for (code, units) in uses {
        match wanted.iter_mut().find(|(it, _)| *it == code) {
            Some((_, sum)) => *sum += units,
            None => wanted.push((code, units)),
        }
    }
    wanted.iter().find_map(|(code, units)| {
        let left = codes.get(code).map_or(0, Code::left);
        (*units > left).then_some(left)
    })
}

#[derive(Clone, Debug, PartialEq)]
pub struct CodeView {
    pub spec: AccessCodeSpec,
    /// Units held and bought by it.
    pub used: u32,
}

impl Inventory {
    /// By ascending digest, from the one after `after` on, at most `count`.
    pub fn access_codes(&self, after: Option<[u8; 16]>, count: usize) -> Vec<CodeView> {
        let view = |code: &Code| CodeView { spec: code.spec.clone(), used: code.used };
        self.codes
            .all()
            .filter(|code| after.is_none_or(|after| code.spec.digest > after))
            .take(count)
            .map(view)
            .collect()
    }

    pub fn access_code(&self, digest: &[u8; 16]) -> Option<CodeView> {
        self.codes.get(digest).map(|code| CodeView { spec: code.spec.clone(), used: code.used })
    }

    /// Tiers that the code opens now.
    pub fn opened_by(&self, now: TimeUs, code: &[u8; 16]) -> Vec<TierId> {
        let Some(code) = self.codes.get(code) else { return Vec::new() };
        let tiers = self.layout.tiers().iter().filter(|tier| tier.terms.needs_code).map(|tier| tier.id);
        tiers.filter(|tier| code.opens(now, *tier)).collect()
    }

    /// Of the known codes those that open the tier now, in the order they are named.
    pub(crate) fn codes_for(&self, now: TimeUs, tier: TierIx, known: &[[u8; 16]]) -> impl Iterator<Item = &Code> {
        let tier = self.layout.tiers()[tier.ix()].id;
        known.iter().filter_map(|digest| self.codes.get(digest)).filter(move |code| code.opens(now, tier))
    }
}

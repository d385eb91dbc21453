//! Priority passes that were used, with the accounts that did: a pass is good for so many accounts, not so many entries.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::limits::PASS_USERS_MAX;
use crate::{TimeUs, UserId};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pass {
    until: TimeUs,
    users: BTreeSet<UserId>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Passes(BTreeMap<[u8; 16], Pass>);

impl Passes {
    /// Whether this account may enter with a pass for `uses_max` accounts.
    pub fn is_good(&self, pass: &[u8; 16], user: UserId, uses_max: u32) -> bool {
        let used = self.0.get(pass).map(|pass| &pass.users);
        used.is_some_and(|users| users.contains(&user))
            || (used.map_or(0, BTreeSet::len) < uses_max as usize && self.len() < PASS_USERS_MAX)
    }

    pub fn enter(&mut self, pass: [u8; 16], user: UserId, until: TimeUs) {
        self.0.entry(pass).or_insert_with(|| Pass { until, users: BTreeSet::new() }).users.insert(user);
    }

    pub fn forget(&mut self, at: TimeUs) {
        if self.0.values().any(|pass| pass.until <= at) {
            self.0.retain(|_, pass| pass.until > at);
        }
    }

    /// Accounts over all passes.
    pub fn len(&self) -> usize {
        self.0.values().map(|pass| pass.users.len()).sum()
    }
}

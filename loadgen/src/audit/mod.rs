//! The judge: what buyers were told against what the server shows afterwards. It takes no part in the sale, believes only
//! the ledger, and has to be able to fail: its tests plant what each check is there to find.

mod asked;
mod counts;
mod exclusive;
mod found;
mod purchases;

pub use asked::Asked;
pub use found::Found;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::account::{Account, Accounts};
use crate::arena::Arena;
use crate::client::Client;
use crate::ledger::Entry;
use crate::terminal::Progress;

/// Of one check, as printed; all are counted.
const VIOLATIONS_SHOWN: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub passed: bool,
    pub checks: Vec<Check>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub name: String,
    pub passed: bool,
    /// How many things were looked at. A check of nothing proves nothing.
    pub looked_at: u64,
    pub violations_total: u64,
    /// The first 20.
    pub violations: Vec<String>,
}

impl Check {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), passed: true, looked_at: 0, violations_total: 0, violations: Vec::new() }
    }

    pub fn expect(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        self.looked_at += 1;
        if !holds {
            self.passed = false;
            self.violations_total += 1;
            if self.violations.len() < VIOLATIONS_SHOWN {
                self.violations.push(violation());
            }
        }
    }
}

impl From<Vec<Check>> for Verdict {
    fn from(checks: Vec<Check>) -> Self {
        Self { passed: checks.iter().all(|check| check.passed), checks }
    }
}

/// Compares. Pure: nothing is asked here.
pub fn judge(asked: &Asked, found: &Found, arena: &Arena) -> Verdict {
    let checks = vec![
        purchases::are_found(asked, found),
        purchases::are_whole(found),
        purchases::are_listed(asked, found),
        purchases::seats_have_one_owner(asked, found),
        purchases::refused_are_unpaid(asked, found),
        purchases::nobody_is_a_ghost(asked, found),
        exclusive::holds_do_not_overlap(asked),
        counts::add_up(asked, found),
        counts::sold_is_what_was_bought(asked, found),
        counts::held_is_what_was_held(asked, found),
        counts::seats_bought_are_sold(found, arena),
        answers(asked),
    ]
    .into_iter()
    .chain(asked.run.purchases_expected.map(|expected| purchases::are_as_many_as_expected(found, expected)))
    .collect::<Vec<Check>>();
    checks.into()
}

fn answers(asked: &Asked) -> Check {
    let mut check = Check::new("every answer is classified and keeps its promise");
    check.expect(asked.unclassified == 0, || format!("{} answers outside the contract", asked.unclassified));
    for violation in &asked.violations {
        check.expect(false, || violation.clone());
    }
    check
}

/// Asks the server for everything that the ledger speaks of, and judges.
///
/// # Errors
/// The ledger is not one of a run, or the server does not answer.
pub async fn run(client: &Client, entries: &[Entry], progress: &Progress) -> Result<(Asked, Found, Verdict)> {
    let asked = Asked::of(entries)?;
    let arena = Arena::load(client, Some(asked.run.event)).await?;
    let accounts = asked.run.accounts.iter().cloned().map(|one| std::sync::Arc::new(Account::new(one))).collect();
    let found = Found::collect(client, &asked, &arena, &Accounts::new(accounts), progress).await?;
    let verdict = judge(&asked, &found, &arena);
    Ok((asked, found, verdict))
}

#[cfg(test)]
mod tests;

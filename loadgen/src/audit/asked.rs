//! The ledger folded: per order and hold, what the buyer knows for certain and what he does not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::ledger::{Entry, Held, Paid, Run, VERSION};

#[derive(Clone, Debug)]
pub struct Asked {
    pub run: Run,
    pub held: Vec<Held>,
    /// When the hold was asked to be given up; from then on it proves nothing.
    pub released_at: HashMap<Uuid, DateTime<Utc>>,
    /// Known to be given up.
    pub released: BTreeSet<Uuid>,
    /// By order.
    pub ordered: BTreeMap<Uuid, Ordered>,
    pub paid: BTreeMap<Uuid, Paid>,
    /// Sent, and neither taken nor refused as far as the buyer knows.
    pub paying: BTreeSet<Uuid>,
    pub pay_refused: BTreeMap<Uuid, String>,
    /// Orders that may exist without a buyer who knows of them, by account.
    pub orders_unknown: BTreeMap<u32, u32>,
    pub units_unknown: u32,
    pub violations: Vec<String>,
    pub unclassified: u64,
    /// The generator lived to the end: there is nothing that it asked for and did not write down.
    pub is_whole: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Ordered {
    pub account: u32,
    pub hold: Uuid,
}

impl Asked {
    /// # Errors
    /// No run's first line, or that of a newer version.
    pub fn of(entries: &[Entry]) -> Result<Self> {
        let Some(Entry::Run(run)) = entries.first() else { bail!("the log does not start with a run") };
        if run.version != VERSION {
            bail!("the log is of version {} and not {VERSION}", run.version);
        }
        let mut asked = Self {
            run: (**run).clone(),
            held: Vec::new(),
            released_at: HashMap::new(),
            released: BTreeSet::new(),
            ordered: BTreeMap::new(),
            paid: BTreeMap::new(),
            paying: BTreeSet::new(),
            pay_refused: BTreeMap::new(),
            orders_unknown: BTreeMap::new(),
            units_unknown: 0,
            violations: Vec::new(),
            unclassified: 0,
            is_whole: false,
        };
        for entry in &entries[1..] {
            asked.add(entry)?;
        }
        Ok(asked)
    }

    fn add(&mut self, entry: &Entry) -> Result<()> {
        match entry.clone() {
            Entry::Run(_) => bail!("the log has two runs"),
            Entry::Held(held) => self.held.push(held),
            Entry::HoldUnknown { account: _, units } => self.units_unknown += units,
            Entry::Released { hold, asked_at } => {
                self.released.insert(hold);
                self.released_at.insert(hold, asked_at);
            }
            Entry::ReleaseUnknown { hold, asked_at } => _ = self.released_at.insert(hold, asked_at),
            Entry::Ordered { order, account, hold } => _ = self.ordered.insert(order, Ordered { account, hold }),
            Entry::OrderUnknown { account, hold: _ } => *self.orders_unknown.entry(account).or_default() += 1,
            Entry::Paying { order, account: _ } => _ = self.paying.insert(order),
            Entry::Paid(paid) => {
                self.paying.remove(&paid.order.id);
                self.paid.insert(paid.order.id, *paid);
            }
            Entry::PayRefused { order, code } => {
                self.paying.remove(&order);
                self.pay_refused.insert(order, code);
            }
            Entry::End { violations, unclassified } => {
                (self.violations, self.unclassified, self.is_whole) = (violations, unclassified, true);
            }
        }
        Ok(())
    }
}

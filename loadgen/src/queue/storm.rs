//! What a storm of refreshes did to the purchases, for the report.

use serde::Serialize;

use super::record::{Compared, Record, Spell};
use crate::report::Table;

#[derive(Clone, Copy, Debug, Serialize)]
pub struct StormLine {
    /// Asked for.
    pub refresh_per_s: u32,
    pub unsent: u64,
    /// Refreshes that were not answered within 30 s after their storm.
    pub dropped: u64,
    /// Before the first storm, between storms, and in them.
    pub baseline: Spell,
    pub calm: Spell,
    pub stormy: Spell,
    /// Requests offered per second in storms, over those that were answered per second before the first.
    pub overload: f64,
    /// Purchases per second in storms, over those before the first.
    pub purchases_kept: f64,
}

impl StormLine {
    pub fn table(&self) -> Table {
        let spells = [("before", self.baseline), ("calm", self.calm), ("storm", self.stormy)];
        let row = |(name, spell): (&str, Spell)| {
            let rate = |count| format!("{:.1}", spell.per_s(count));
            let counts = [spell.purchases, spell.requests, spell.offered, spell.refreshes];
            let cells = [name.to_owned(), format!("{:.1}", spell.seconds)];
            cells.into_iter().chain(counts.map(rate)).collect()
        };
        let rows = spells.into_iter().filter(|(_, spell)| spell.seconds > 0.0).map(row).collect();
        let heads = vec!["refreshes", "seconds", "purchases/s", "requests/s", "offered/s", "answered/s"];
        Table { title: "Storms", texts: 1, heads, rows }
    }

    pub fn of(record: &Record, refresh_per_s: u32) -> Self {
        let compared = record.storm();
        let Compared { baseline, calm, stormy } = compared;
        let is_compared = baseline.purchases > 0 && stormy.seconds > 0.0;
        Self {
            refresh_per_s,
            unsent: record.storms.unsent,
            dropped: record.storms.dropped,
            baseline,
            calm,
            stormy,
            overload: if is_compared { compared.overload() } else { 0.0 },
            purchases_kept: if is_compared { compared.share() } else { 0.0 },
        }
    }
}

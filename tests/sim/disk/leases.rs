//! Which node an event is with, and for how long.

use std::time::Duration;

use engine::Owned;
use inventory::EventId;

use super::{Disk, Inner};
use crate::bug::Bug;

/// How long an event stays with a node that the disk does not hear of.
pub const TERM: Duration = Duration::from_millis(1_500);

pub const fn end_us(now_us: i64) -> i64 {
    now_us + TERM.as_micros() as i64
}

impl Inner {
    pub fn is_leased_elsewhere(&mut self, node: u32, event: EventId, now_us: i64) -> bool {
        let Some(owner) = self.events.get(&event) else { return false };
        let is_leased = owner.node != node && owner.leased_until_us > now_us && self.bug != Bug::LeasesIgnored;
        if is_leased {
            self.reached.note("owned_elsewhere");
        }
        is_leased
    }
}

impl Disk {
    pub fn renew(&self, owned: &[Owned], now_us: i64) -> Vec<bool> {
        let mut inner = self.inner();
        owned
            .iter()
            .map(|owned| match inner.events.get_mut(&owned.event) {
                Some(owner) if owner.epoch == owned.epoch.0 => {
                    owner.leased_until_us = end_us(now_us);
                    true
                }
                Some(_) | None => {
                    inner.reached.note("renewal_refused");
                    false
                }
            })
            .collect()
    }

    pub fn release(&self, owned: Owned) {
        if let Some(owner) = self.inner().events.get_mut(&owned.event)
            && owner.epoch == owned.epoch.0
        {
            owner.leased_until_us = 0;
        }
    }

    /// The node that opened the event last.
    pub fn owner(&self, event: EventId) -> u32 {
        self.inner().events.get(&event).map_or(0, |owned| owned.node)
    }
}

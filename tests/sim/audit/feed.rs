//! I9: what watchers saw at an LSN is the state at that LSN, it was durable when they saw it, and it never stepped back.

use inventory::{EventId, Inventory, Lsn};

use super::{Fact, Findings};
use crate::watcher::{Board, Sighting};

pub fn check(event: EventId, facts: &[Fact], sightings: &[Sighting], findings: &mut Findings) {
    let mut sightings: Vec<&Sighting> = sightings.iter().filter(|sighting| sighting.event == event).collect();
    for pair in sightings.windows(2) {
        if pair[1].lsn < pair[0].lsn {
            findings.add(format!("I9: a watcher saw {} after {}", pair[1].lsn, pair[0].lsn));
        }
    }
    sightings.sort_by_key(|sighting| sighting.lsn);
    let mut inventory = Inventory::new(event);
    let mut facts = facts.iter();
    let mut landed_at_us = i64::MIN;
    for sighting in sightings {
        while inventory.lsn() < sighting.lsn {
            let Some(fact) = facts.next() else {
                return findings.add(format!("I9: {} was seen and is not durable", sighting.lsn));
            };
            inventory.apply(&fact.record);
            landed_at_us = fact.landed_at_us;
        }
        check_one(&inventory, landed_at_us, sighting, findings);
    }
}

fn check_one(inventory: &Inventory, landed_at_us: i64, sighting: &Sighting, findings: &mut Findings) {
    let Lsn(lsn) = sighting.lsn;
    if sighting.at_us < landed_at_us {
        findings.add(format!("I9: {lsn} was seen {} µs before it was durable", landed_at_us - sighting.at_us));
    }
    let board = Board::of(inventory);
    if sighting.board != board {
        findings.add(format!("I9: at {lsn} a watcher saw {:?}, and it was {board:?}", sighting.board));
    }
}

//! The judge. Reads what the clients saw, what is durable at the end and how the events say they stand, and holds them
//! against the promises I1 to I5 and I7 to I10 of a booking system. Knows nothing of how the engine works.

mod feed;
mod line;
mod promises;
mod rows;

use std::collections::BTreeMap;

use inventory::{EventId, Inventory, Place, Record, Row, TicketId};

use crate::disk::Entry;
use crate::history::{Disturbance, Op};
use crate::ledger::Ledger;
use crate::reached::Reached;
use crate::run::Standing;
use crate::show::{AREA_CAPACITY, SEATS};
use crate::watcher::Sighting;

/// More would not be read.
const FINDINGS_MAX: usize = 8;

#[derive(Debug, Default)]
pub struct Findings(pub Vec<String>);

impl Findings {
    pub fn add(&mut self, finding: impl Into<String>) {
        if self.0.len() < FINDINGS_MAX {
            self.0.push(finding.into());
        }
    }
}

/// A durable record, and when it became so by the run's own clock.
pub struct Fact {
    pub record: Record,
    pub landed_at_us: i64,
}

/// One event, all evidence together.
pub struct Case<'a> {
    pub facts: Vec<Fact>,
    pub ops: Vec<&'a Op>,
    pub rows: Vec<&'a Row>,
    pub ledger: Ledger,
    pub disturbances: &'a [Disturbance],
}

/// All that a run leaves behind.
pub struct Evidence<'a> {
    pub history: &'a [Op],
    pub disturbances: &'a [Disturbance],
    pub log: &'a [Entry],
    pub rows: &'a [(EventId, Row)],
    pub sightings: &'a [Sighting],
}

pub fn audit(evidence: &Evidence<'_>, standings: &[Standing], reached: &mut Reached, findings: &mut Findings) {
    let Evidence { history, disturbances, log, rows, sightings } = evidence;
    for standing in standings {
        let event = standing.event;
        let facts = facts_of(event, log, findings);
        let ops: Vec<&Op> = history.iter().filter(|op| op.event == event).collect();
        line::check(&facts, &ops, reached, findings);
        let Some(replayed) = replay(event, &facts, findings) else { continue };
        feed::check(event, &facts, sightings, findings);
        let rows: Vec<&Row> = rows.iter().filter(|(of, _)| *of == event).map(|(_, row)| row).collect();
        let mut ledger = Ledger::new(&places_of_tickets(&replayed, &rows));
        for fact in &facts {
            ledger.follow(&fact.record, findings);
        }
        let case = Case { facts, ops, rows, ledger, disturbances };
        check_standing(standing, &replayed, &case.ledger, findings);
        case.check_promises(reached, findings);
        case.check_rows(findings);
    }
}

fn facts_of(event: EventId, log: &[Entry], findings: &mut Findings) -> Vec<Fact> {
    let mut facts = Vec::new();
    for entry in log.iter().filter(|entry| entry.event == event) {
        let mut at = 0;
        loop {
            match Record::decode(&entry.chunk.records, &mut at) {
                Ok(Some(record)) => facts.push(Fact { record, landed_at_us: entry.landed_at_us }),
                Ok(None) => break,
                Err(error) => {
                    findings.add(format!("a durable record does not decode: {error}"));
                    break;
                }
            }
        }
    }
    facts
}

/// The state that the durable records lead to. `None` when they lead nowhere, which is a finding.
fn replay(event: EventId, facts: &[Fact], findings: &mut Findings) -> Option<Inventory> {
    let replayed = std::panic::catch_unwind(|| {
        let mut inventory = Inventory::new(event);
        for fact in facts {
            inventory.apply(&fact.record);
        }
        inventory
    });
    if replayed.is_err() {
        findings.add("the durable records do not replay");
    }
    replayed.ok()
}

fn places_of_tickets(replayed: &Inventory, rows: &[&Row]) -> BTreeMap<TicketId, Place> {
    let layout = replayed.layout();
    let mut places = BTreeMap::new();
    for row in rows {
        let Row::Ticket(ticket) = row else { continue };
        let place = if ticket.is_area {
            layout.area(&ticket.place).map(|area| Place::Area { area, quantity: 1 })
        } else {
            layout.seat(&ticket.place).map(Place::Seat)
        };
        places.extend(place.map(|place| (ticket.ticket, place)));
    }
    places
}

/// When all is calm the event shows what its records say, and every hold has lapsed.
fn check_standing(standing: &Standing, replayed: &Inventory, ledger: &Ledger, findings: &mut Findings) {
    if standing.digest != replayed.digest() {
        findings.add("the served state is not the state of the durable records");
    }
    if replayed.verify().is_err() {
        findings.add("the replayed state breaks an invariant");
    }
    let totals = standing.availability.totals;
    if totals.capacity() != SEATS + AREA_CAPACITY || totals.sold != ledger.sold_units {
        findings.add(format!("{totals:?} are shown, {} units are sold", ledger.sold_units));
    }
    if totals.held != 0 || ledger.held_units() != 0 {
        findings.add(format!("I5: {} units are held long after every hold was due", totals.held));
    }
}

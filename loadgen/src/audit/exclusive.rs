//! I5: a hold answered *until t* is nobody else's before t.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Asked, Check};

/// A hold of one seat. Decided at some moment between asked and answered, certainly alive from answered to ended.
struct Tenure {
    hold: Uuid,
    asked: DateTime<Utc>,
    answered: DateTime<Utc>,
    ended: DateTime<Utc>,
}

/// Two holds of a seat clash for certain when one was asked for and answered while the other was alive all that time.
pub fn holds_do_not_overlap(asked: &Asked) -> Check {
    let mut check = Check::new("no seat is held twice at the same time");
    let mut by_seat: HashMap<&str, Vec<Tenure>> = HashMap::new();
    for held in &asked.held {
        // Of a hold that became a purchase it is the purchases' checks that tell; here it is alive while it was a hold.
        let released = asked.released_at.get(&held.hold).copied().unwrap_or(held.expires_at);
        for seat in held.items.iter().filter_map(|item| item.seat.as_deref()) {
            by_seat.entry(seat).or_default().push(Tenure {
                hold: held.hold,
                asked: held.asked_at,
                answered: held.answered_at,
                ended: released.min(held.expires_at),
            });
        }
    }
    for (seat, tenures) in &mut by_seat {
        tenures.sort_by_key(|tenure| tenure.answered);
        // The one alive longest so far: if any earlier hold clashes, it does.
        let mut alive: Option<&Tenure> = None;
        for tenure in tenures.iter() {
            if let Some(other) = alive {
                let clashes = other.answered <= tenure.asked && tenure.answered < other.ended;
                check.expect(!clashes || other.hold == tenure.hold, || {
                    format!("seat {seat}: hold {} was given while {} lasted", tenure.hold, other.hold)
                });
            }
            if alive.is_none_or(|other| other.ended < tenure.ended) {
                alive = Some(tenure);
            }
        }
    }
    check.looked_at += asked.held.len() as u64;
    check
}

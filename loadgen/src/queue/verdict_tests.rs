//! Each check is shown a run that is right, and one that is wrong in what it is there to find.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::DateTime;
use uuid::Uuid;
use wire::{AdmissionLimit, QueueOpening, QueueProof, WaitingRoomSettings};

use super::super::bots::BypassLine;
use super::super::crowd::Log;
use super::super::joins::JoinLine;
use super::super::line::History;
use super::super::line::tests::pushed;
use super::super::record::Waited;
use super::super::refresh::{Slice, Storms, Weather};
use super::super::restart::RestartLine;
use super::super::squat::Squat;
use super::super::waiter::{Kind, Promise, Seen};
use super::*;

const KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";
const EARLY: u32 = 40;
const WAITERS: u32 = 50;
/// Places called per second.
const RATE: u32 = 5;

fn proof(is_open: bool) -> QueueProof {
    let opened_at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let opened = QueueOpening { opened_at, key: KEY.to_owned(), beacon_value: None, shuffled: EARLY };
    QueueProof {
        event_id: Uuid::from_u128(1),
        algorithm: String::new(),
        commitment: proof::commitment(Uuid::from_u128(1), &[7; 32], None),
        committed_at: opened_at,
        beacon: None,
        closed: None,
        opened: is_open.then_some(opened),
    }
}

/// With ten requests a second beside the refreshes.
fn slice(from: Instant, to: Instant, weather: Weather, offered: u64) -> Slice {
    let requests = (to - from).as_secs() * 10;
    Slice { from, to, weather, requests, refreshes: offered, offered }
}

/// 50 waiters, let in at 5 per second: everything as it should be.
fn sound() -> Record {
    let start = Instant::now();
    let at = |ms: u32| start + Duration::from_millis(ms.into());
    let order = Order::of(&proof(true)).unwrap();
    let opened = 1_000;
    let squat = Squat {
        account: 0,
        units: 1,
        from: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        until: DateTime::from_timestamp(1_800_000_010, 0).unwrap(),
        is_late: false,
    };
    let mut log = Log { shoppers_max: 10, squats: vec![squat], ..Log::default() };
    let waiters = (0..WAITERS).map(|number| {
        let rank = order.rank(number);
        let called = opened + (rank + 1) * 1_000 / RATE;
        let looked = opened + 10;
        log.told.push(Told { asked: at(looked), answered: at(looked + 1), rank, is_admitted: false });
        log.told.push(Told { asked: at(called), answered: at(called + 1), rank, is_admitted: true });
        let is_hoarder = number == 0;
        log.bought.push((at(called + 5), if is_hoarder { 4 } else { 2 }, is_hoarder));
        let promise = Promise { at: at(looked + 1), eta_s: (rank + 1) / RATE, rate_per_minute: RATE * 60 };
        Waited {
            index: number,
            kind: if is_hoarder { Kind::Hoarder } else { Kind::Buyer },
            is_early: number < EARLY,
            seen: Seen {
                number: Some(number),
                rank: Some(rank),
                ticket: None,
                joined: Some((at(number), at(number + 1))),
                promise: Some(promise),
                admitted_at: Some(at(called + 1)),
                end: Some(End::Bought),
            },
        }
    });
    let waiters = waiters.collect();
    let frames = (0..=44).map(|quarter| {
        let ms = quarter * 250;
        pushed(start, u64::from(opened + ms), WAITERS.min(ms * RATE / 1_000), RATE * 60, AdmissionLimit::Rate)
    });
    Record {
        started: start,
        settings: WaitingRoomSettings {
            active: true,
            pre_queue_from: None,
            opens_at: None,
            rate_per_minute: Some(RATE * 60),
            shoppers_max: Some(10),
            session_s: None,
            claim_within_s: None,
            paused: false,
            beacon: None,
            latency_target_ms: None,
        },
        waiters,
        history: History(frames.take(41).collect()),
        log,
        storms: Storms {
            slices: vec![
                slice(at(1_000), at(6_000), Weather::Baseline, 0),
                slice(at(6_000), at(10_900), Weather::Stormy, 4_851),
            ],
            ..Storms::default()
        },
        bypass: vec![BypassLine { what: "hold without a pass", tries: 9, through: 0, codes: BTreeMap::new() }],
        joins: JoinLine {
            connections: 1,
            joined: 50,
            took_s: 1.0,
            slices: 0,
            joins_per_s: 0.0,
            no_op_per_s: 0.0,
            beyond_no_op_us: 0.0,
            latency: Vec::new(),
        },
        memory: None,
        restart: Some(RestartLine { places: EARLY.into(), ..RestartLine::default() }),
        proofs: (proof(false), proof(true)),
        places_of_bots: vec![WAITERS],
        turns_told: 5,
        turns_untold: 0,
        priority_shoppers: 3,
        units_per_customer_max: 4,
        bots_per_hoarder: 100,
        capacity: 1_000,
    }
}

/// The checks that fail after this change.
fn failing(change: impl FnOnce(&mut Record)) -> Vec<String> {
    let mut record = sound();
    change(&mut record);
    judge(&record).into_iter().filter(|check| !check.passed).map(|check| check.name).collect()
}

#[track_caller]
fn finds(what: &str, change: impl FnOnce(&mut Record)) {
    let found = failing(change);
    assert!(found.iter().any(|name| name.contains(what)), "`{what}` is not in {found:?}");
}

#[test]
fn a_run_without_fault_passes_and_every_check_looked_at_something() {
    let mut record = sound();
    // Enough purchases for the storm to be judged.
    let bought = record.log.bought.clone();
    (0..9).for_each(|_| record.log.bought.extend(bought.iter().map(|(at, _, _)| (*at, 2, false))));
    for check in judge(&record) {
        assert!(check.passed && check.looked_at > 0, "{check:?}");
    }
}

#[test]
fn a_place_that_is_missing_or_given_twice_is_found() {
    finds("one number", |record| record.waiters[3].seen.number = None);
    finds("one number", |record| record.waiters[3].seen.number = Some(4));
    finds("one number", |record| record.places_of_bots = vec![7]);
}

#[test]
fn what_a_restart_did_to_a_place_is_found() {
    let restarted = |line| move |record: &mut Record| record.restart = Some(line);
    finds("restart", restarted(RestartLine { places: 9, lost: 1, ..RestartLine::default() }));
    finds("restart", restarted(RestartLine { places: 9, changed: 1, ..RestartLine::default() }));
    finds("restart", restarted(RestartLine { places: 9, doubled: 1, ..RestartLine::default() }));
}

#[test]
fn a_number_that_overtakes_is_found() {
    finds("order of arrival", |record| {
        let (one, two) = (record.waiters[45].seen.number, record.waiters[47].seen.number);
        (record.waiters[45].seen.number, record.waiters[47].seen.number) = (two, one);
    });
}

#[test]
fn an_order_that_is_not_the_proven_one_is_found() {
    finds("published proof", |record| {
        let (one, two) = (record.waiters[1].seen.rank, record.waiters[2].seen.rank);
        (record.waiters[1].seen.rank, record.waiters[2].seen.rank) = (two, one);
    });
    finds("published proof", |record| record.proofs.0.commitment = "00".repeat(32));
    finds("published proof", |record| record.proofs.1.opened = None);
    finds("published proof", |record| record.waiters[2].is_early = false);
}

#[test]
fn an_inversion_is_found() {
    finds("inversion", |record| {
        let inside = record.log.told.iter().find(|told| told.is_admitted && told.rank == 20).copied().unwrap();
        let asked = inside.answered + Duration::from_millis(1);
        record.log.told.push(Told { asked, answered: asked, rank: 19, is_admitted: false });
    });
}

#[test]
fn a_turn_that_was_not_told_is_found() {
    finds("told when it is his turn", |record| record.turns_untold = 1);
}

#[test]
fn calls_that_step_back_or_outrun_the_rate_are_found() {
    finds("rate allows", |record| record.history.0[20].room.called = 3);
    finds("rate allows", |record| record.history.0[20..].iter_mut().for_each(|pushed| pushed.room.called += 12));
    finds("rate allows", |record| {
        record.history.0[20..].iter_mut().for_each(|pushed| pushed.room.rate_per_minute *= 2)
    });
    finds("within 1 %", |record| {
        record.history.0.iter_mut().for_each(|pushed| pushed.room.called = pushed.room.called * 9 / 10);
    });
}

#[test]
fn too_many_shoppers_are_found() {
    finds("shoppers are inside", |record| record.history.0[5].room.shoppers = 15);
    finds("shoppers are inside", |record| record.log.shoppers_max = 15);
}

#[test]
fn promises_that_are_broken_are_found_when_the_line_was_steady() {
    let later = |record: &mut Record| {
        record
            .waiters
            .iter_mut()
            .filter_map(|waited| waited.seen.promise.as_mut())
            .for_each(|promise| promise.eta_s += 4);
    };
    finds("promised waits", later);
    let found = failing(|record| {
        later(record);
        record.history.0.iter_mut().for_each(|pushed| pushed.room.limited_by = AdmissionLimit::Shoppers);
    });
    assert_eq!(found, Vec::<String>::new(), "nobody could promise that");
}

#[test]
fn bots_that_get_more_than_their_due_are_found() {
    finds("past the line", |record| record.bypass[0].through = 1);
    finds("hoarders", |record| record.log.bought.push((record.started, 4, true)));
    finds("9 of 10 units", |record| record.log.bought.retain(|(_, _, is_bot)| *is_bot));
    finds("let in", |record| record.waiters[9].seen.end = Some(End::Refused));
    finds("let in", |record| record.waiters[9].seen.end = Some(End::SoldOut));
    let sold_out = failing(|record| {
        record.capacity = record.units_bought() as u32;
        record.waiters[9].seen.end = Some(End::SoldOut);
    });
    assert_eq!(sold_out, Vec::<String>::new(), "there was nothing left for him");
}

#[test]
fn squatters_that_hold_too_much_or_too_long_are_found() {
    let extend = |record: &mut Record, count: u32, is_late: bool| {
        let squat = record.log.squats[0];
        record.log.squats.extend((0..count).map(|_| Squat { is_late, ..squat }));
    };
    finds("never buys", |record| extend(record, 4, false));
    finds("never buys", |record| extend(record, 1, true));
    assert_eq!(failing(|record| extend(record, 3, false)), Vec::<String>::new());
}

#[test]
fn a_share_that_bots_could_not_have_changed_is_not_looked_at() {
    let mut record = sound();
    let share = |record: &Record| judge(record).into_iter().find(|check| check.name.contains("9 of 10 units")).unwrap();
    assert!(share(&record).looked_at > 0);
    record.bots_per_hoarder = 1;
    assert_eq!(share(&record).looked_at, 0);
}

#[test]
fn a_storm_that_stops_purchases_is_found() {
    finds("storm", |record| {
        let before = record.storms.slices[0].from;
        (0..200).for_each(|_| record.log.bought.push((before, 1, false)));
    });
    // However few were bought between the storms, which may be what a storm left behind.
    let compared = sound().storm();
    assert!((compared.overload() - 100.0).abs() < 2.0, "{}", compared.overload());
    let mut record = sound();
    record.storms.slices[1].weather = Weather::Calm;
    assert_eq!((record.storm().stormy.purchases, record.storm().calm.purchases), (0, compared.stormy.purchases));
}

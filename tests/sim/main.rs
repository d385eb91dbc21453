//! The engine under a seed: the real directory, actors and committer on virtual time, over a disk that fails in every way
//! it may, for clients that ask again when they do not know. A judge that knows nothing of the engine reads what clients
//! saw and what is durable at the end.
//!
//! `USHER_SIM_SEED=n` replays one seed and tells what happens; `USHER_SIM_SEEDS=n` sets how many are run.

mod audit;
mod bug;
mod buyer;
mod chaos;
mod clock;
mod disk;
mod history;
mod journal;
mod ledger;
mod line;
mod reached;
mod rng;
mod run;
mod show;
mod trace;
mod watcher;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bug::Bug;
use reached::Reached;
use run::run;

const SEEDS: u64 = 2_000;
const OPS: u32 = 500;
const THREADS: usize = 2;
const DAMAGED_SEEDS: u64 = 200;
/// A planted bug must be found by one of as many seeds.
const SEEDS_PER_BUG: u64 = 1_000;

/// States that the seeds together must have been in. Buyers, faults, recovery.
const WANTED: &str = "done unknown retry double_click unknown_resolved unknown_had_happened unknown_had_not_happened \
    hold_adjacent hold_split paid slow_payer notice_repeated payment_refused late_other_places repeat_without_key \
    SEATS_TAKEN AREA_SOLD_OUT NOT_ENOUGH_SEATS QUOTA_EXHAUSTED HOLDS_PER_CUSTOMER_EXCEEDED SEAT_UNKNOWN HOLD_EXPIRED \
    HOLD_RELEASED HOLD_CONFIRMED HOLD_NOT_FOUND HOLD_HAS_ORDER HOLD_EXTENSION_EXHAUSTED ORDER_NOT_FOUND \
    ORDER_TRANSITION AMOUNT_MISMATCH TICKET_USED TICKET_VOID SCAN_REFUSED \
    IDEMPOTENCY_KEY_REUSED MAILBOX_FULL EVENT_RECOVERING JOURNAL_DOWN NOT_OWNER SERVER_STOPPING no_node \
    crash crash_after_commit crash_before_commit crash_tears_commit torn_tail_cut takeover fenced freeze \
    disk_unreachable slow_commit commit_abandoned commit_lands_late commit_of_many_events stop_Clean stop_Cut \
    tap_changes tap_closed tap_crash tap_EVENT_RECOVERING watched_crash watched_enough \
    recovery_from_snapshot snapshot_rots snapshot_refused owned_elsewhere renewal_refused \
    expiry_calm expiry_disturbed \
    pre_queue_closed line_opened_shuffled line_opened_in_order places_called session_started place_given_up \
    hold_with_session turned_away PASS_SPENT PLACE_LAPSED PLACE_NOT_CALLED LINE_NOT_OPEN LINE_ALREADY_OPEN \
    LINE_OPENS_LATER BEACON_REQUIRED BEACON_INVALID WAITING_ROOM_OFF LINE_BEGAN_ANEW call_limited_by_demand \
    call_limited_by_rate call_limited_by_shoppers call_limited_by_pause";

#[test]
fn every_promise_is_kept_under_every_seed() {
    if let Some(seed) = number("USHER_SIM_SEED") {
        let report = run(seed, OPS, Bug::None, true);
        assert!(report.findings.is_empty(), "seed {seed}: {:#?}", report.findings);
        return;
    }
    let seeds = number("USHER_SIM_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let met = Mutex::new((Reached::default(), 0));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    let report = run(seed, OPS, Bug::None, false);
                    assert!(report.findings.is_empty(), "USHER_SIM_SEED={seed}: {:#?}", report.findings);
                    let mut met = met.lock().expect("a thread that panics holds nothing");
                    met.0.absorb(&report.reached);
                    met.1 += u64::from(report.ops);
                }
            });
        }
    });
    let (reached, ops) = met.into_inner().expect("all threads have ended well");
    assert!(ops >= seeds * u64::from(OPS), "{ops} operations in {seeds} seeds");
    if seeds >= SEEDS {
        let wanted: Vec<&str> = WANTED.split_whitespace().collect();
        assert!(reached.missing(&wanted).is_empty(), "never met: {:?}; met: {reached:#?}", reached.missing(&wanted));
    }
}

#[test]
fn a_seed_run_twice_leaves_the_same_trace() {
    for seed in 0..20 {
        let (one, other) = (run(seed, OPS, Bug::None, false), run(seed, OPS, Bug::None, false));
        assert_eq!(one.trace, other.trace, "seed {seed}");
    }
    assert_ne!(run(1, OPS, Bug::None, false).trace, run(2, OPS, Bug::None, false).trace);
}

/// One flipped bit in what is durable: an event is not served then, or not by guessing.
#[test]
fn a_damaged_journal_is_never_served() {
    for seed in 0..DAMAGED_SEEDS {
        let served = run::after_damage(seed);
        assert_eq!(served, [true, false], "seed {seed}: the sound event and the damaged one");
    }
}

/// The commit that is only queued is found by what watchers see, too.
#[test]
fn what_is_shown_too_early_is_found_by_the_watchers_alone() {
    let is_seen = |seed| run(seed, OPS, Bug::AckBeforeDurable, false).findings.iter().any(|it| it.starts_with("I9"));
    assert!((0..SEEDS_PER_BUG).any(is_seen));
}

#[test]
fn every_planted_bug_is_found() {
    for bug in Bug::PLANTED {
        let found = (0..SEEDS_PER_BUG).find_map(|seed| {
            let findings = run(seed, OPS, bug, false).findings;
            (!findings.is_empty()).then_some((seed, findings))
        });
        let Some((seed, findings)) = found else { panic!("{bug:?} is not found within {SEEDS_PER_BUG} seeds") };
        trace::say(&format!("{bug:?}: seed {seed}: {}", findings[0]));
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

//! Refunds that buyers ask for, by what they were promised; where the money goes; what the ledger says of it.

use crate::stage::Stage;
use crate::{OutboxKind, Row};

/// 1000 each: two by steps, two by one percentage, one without a promise.
fn bought() -> Stage {
    let mut stage = Stage::draft("F 2000 area 9\nG 3000 area 9\nH 4000 area 9");
    stage.play(
        "tier steps sections=F refund=100/14d,50/2d -> ok
         tier flat sections=G refund=33|5d          -> ok
         tier none sections=H                       -> ok
         publish                                    -> ok
         hold h1 ann F*2 G*2 H*1                    -> F*2 G*2 H*1
         order o1 h1 ann                            -> pending until 600s
         pay o1 p1 5000                             -> paid 5 tickets F*2 G*2 H*1",
    );
    stage
}

/// Kind and amount of what moved last, in the order of the legs.
fn moved(stage: &Stage) -> Vec<(&'static str, i64)> {
    let entry = |row: &Row| match row {
        Row::Ledger(entry) => Some((entry.kind.name(), entry.amount_minor)),
        _ => None,
    };
    stage.rows.iter().filter_map(entry).collect()
}

fn asks_the_provider(stage: &Stage) -> bool {
    stage.rows.iter().any(|row| matches!(row, Row::Outbox(work) if work.kind == OutboxKind::PaymentRefund))
}

#[test]
fn the_percentage_follows_the_time_that_is_left() {
    for (starts, told) in [
        ("14d", "partially_refunded 1000"),
        ("13d", "partially_refunded 500"),
        ("2d", "partially_refunded 500"),
        ("1d", "REFUND_NOT_PROMISED"),
        ("0s", "REFUND_NOT_PROMISED"),
    ] {
        bought().play(&format!("refund o1 ann@{starts} o1.1 -> {told}")).check();
    }
}

#[test]
fn a_buyer_gets_what_was_promised_for_the_tickets_that_are_his() {
    let mut stage = bought();
    stage.play(
        "refund o1 bob@3d                 -> ORDER_NOT_FOUND
         refund o1 ann@3d o1.1 o1.5       -> REFUND_NOT_PROMISED
         transfer o1.2 ann bob            -> generation 2
         refund o1 ann@3d o1.2            -> TICKET_NOT_FOUND
         in o1.3                          -> in at 0s
         refund o1 ann@3d o1.3            -> TICKET_USED
         # One of the steps, one of the others; each rounded down.
         refund o1 ann@3d                 -> partially_refunded 830",
    );
    assert_eq!(moved(&stage), [("refunded", 830), ("fee_kept", 1_170)]);
    assert!(asks_the_provider(&stage));
    stage.play(
        "refund o1 ann@3d                 -> TICKET_NOT_FOUND
         # Those who run it may give more than was promised, also for what was voided.
         void o1.5                        -> voided
         refund o1 ann@3d o1.5            -> TICKET_VOID
         refund o1 1000 o1.5              -> partially_refunded 1000",
    );
    stage.check();
}

#[test]
fn what_was_promised_ends_with_its_time() {
    bought().play("tick 119h\nrefund o1 ann@30d o1.3 -> partially_refunded 330").check();
    bought().play("tick 120h\nrefund o1 ann@30d o1.3 -> REFUND_NOT_PROMISED").check();
}

#[test]
fn a_refund_into_the_wallet_asks_no_provider() {
    let mut stage = bought();
    assert_eq!(moved(&stage), [("captured", 5_000)]);
    stage.play("refund o1 ann@3d o1.1 wallet      -> partially_refunded 500");
    assert_eq!(moved(&stage), [("refunded_to_wallet", 500), ("fee_kept", 500)]);
    assert!(!asks_the_provider(&stage));
    stage.play("refund o1 3000 o1.5 wallet        -> partially_refunded 3000");
    assert_eq!(moved(&stage), [("refunded_to_wallet", 3_000), ("granted", 2_000)]);
    stage.play("refund o1 0 o1.4                  -> partially_refunded 0");
    assert_eq!(moved(&stage), [("fee_kept", 1_000)]);
    assert!(!asks_the_provider(&stage));
    stage.check();
}

#[test]
fn a_cancelled_event_gives_everything_back_once() {
    let mut stage = bought();
    stage.play(
        "in o1.1                          -> in at 0s
         refund o1 400 o1.2               -> partially_refunded 400
         hold h2 bob F*1                  -> F*1
         order o2 h2 bob                  -> pending until 600s
         cancel-event                     -> ok
         refund o1 ann@30d                -> EVENT_CANCELLED
         refund o1 all                    -> refunded 4600",
    );
    // The ticket that gave back 400 had cost 1000.
    assert_eq!(moved(&stage), [("refunded", 4_600), ("granted", 600)]);
    stage.play(
        "refund o1 all                    -> ORDER_TRANSITION refunded refunded
         refund o2 all                    -> ORDER_TRANSITION pending_payment refunded
         pay o2 p2 1000                   -> payment refused",
    );
    assert_eq!(moved(&stage), [("refused", 1_000)]);
    assert!(asks_the_provider(&stage));
    stage.check();
}

#[test]
fn refund_steps_are_checked() {
    Stage::draft("F 2000 area 9")
        .play(
            "tier t refund=101/1d          -> TIER_INVALID the refund must be from 0 to 100 percent
             tier t refund=50/1d,20/2d     -> TIER_INVALID each refund step must end later than the one before it
             tier t refund=50/1d,20/1d     -> TIER_INVALID each refund step must end later than the one before it
             tier t refund=50/3651d        -> TIER_INVALID a refund step must end from 0 to 3650 days before the event
             tier t refund=9/9d,8/8d,7/7d,6/6d,5/5d,4/4d,3/3d,2/2d,1/1d -> TIER_INVALID more than 8 refund steps
             tier t refund=20/2d,50/1d     -> ok",
        )
        .check();
}

//! The relational rows that each command leaves behind.

use crate::stage::Stage;
use crate::{OutboxKind, PaymentStatus, Row};

fn told(row: &Row) -> String {
    match row {
        Row::Order(order) => {
            let items: Vec<String> = order
                .items
                .iter()
                .map(|item| format!("{}*{} at {}", item.place, item.quantity, item.price_minor))
                .collect();
            format!("order {} {}-{} [{}]", order.status, order.total_minor, order.refunded_minor, items.join(", "))
        }
        Row::Ticket(ticket) => format!("ticket {} {} gen {}", ticket.place, ticket.state, ticket.generation),
        Row::Payment(payment) => format!("payment {} {}", payment.status.name(), payment.amount_minor),
        Row::Outbox(outbox) => {
            let ticket = outbox.ticket.map_or("", |_| " of a ticket");
            let owed = outbox.owed.map_or_else(String::new, |owed| format!(" {}", owed.amount_minor));
            format!("outbox {}{ticket}{owed}", outbox.kind.name())
        }
        Row::Ledger(entry) => format!("ledger {} {}", entry.kind.name(), entry.amount_minor),
        Row::EventStatus { status, .. } => format!("event {status}"),
        Row::Offer(offer) => format!("offer of {} tiers", offer.tiers.len()),
        Row::SoldOut { is_sold_out, .. } => format!("sold out {is_sold_out}"),
        Row::BoxOfficeSale(it) => format!("box office {}", it.tender.name()),
        Row::Waitlist(it) => format!("entry {} {} {}", it.number, it.quantity, it.status),
        Row::Conflict(it) => format!("conflict {} at {}", it.reason, it.scanned_at.since(it.at)),
    }
}

fn rows_after(stage: &mut Stage, row: &str) -> Vec<String> {
    stage.play(row);
    let lsn = stage.inventory.lsn();
    for row in &stage.rows {
        let of = match row {
            Row::Order(it) => it.lsn,
            Row::Ticket(it) => it.lsn,
            Row::Payment(it) => it.lsn,
            Row::Outbox(it) => it.lsn,
            Row::Ledger(it) => it.lsn,
            Row::Offer(it) => it.lsn,
            Row::Conflict(it) => it.lsn,
            Row::BoxOfficeSale(it) => it.lsn,
            Row::Waitlist(it) => it.lsn,
            Row::EventStatus { lsn, .. } | Row::SoldOut { lsn, .. } => *lsn,
        };
        assert_eq!(of, lsn);
    }
    stage.rows.iter().map(told).collect()
}

#[test]
fn every_step_of_a_purchase_leaves_its_rows() {
    let mut stage = Stage::draft("A 1000 | oooooooo\nF 2000 area 9");
    let mut then = |row: &str, expected: &[&str]| assert_eq!(rows_after(&mut stage, row), expected, "{row}");
    let items = "[A-1-1*1 at 1000, F*2 at 1000]";
    then("tier full -> ok", &[]);
    then("publish -> ok", &["event published", "outbox event_published"]);
    then("hold h1 ann A-1-1 F*2 -> A-1-1 F*2", &[]);
    then("order o1 h1 ann -> pending until 600s", &[&format!("order pending_payment 3000-0 {items}")]);
    then(
        "start o1 ann p1 -> started until 900s",
        &[&format!("order pending_payment 3000-0 {items}"), "payment started 3000"],
    );
    then("pay o1 p1 declined -> declined", &["payment declined 3000"]);
    then(
        "pay o1 p2 3000 -> paid 3 tickets A-1-1 F*2",
        &[
            &format!("order paid 3000-0 {items}"),
            "payment captured 3000",
            "ticket A-1-1 issued gen 1",
            "ticket F issued gen 1",
            "ticket F issued gen 1",
            "outbox order_paid",
            "ledger captured 3000",
        ],
    );
    then(
        "pay o1 p3 3000 -> payment refused",
        &["payment refund_due 3000", "outbox payment_refund 3000", "ledger refused 3000"],
    );
    then("transfer o1.2 ann bob -> generation 2", &["ticket F issued gen 2", "outbox ticket_transferred of a ticket"]);
    then("in o1.1 -> in at 0s", &["ticket A-1-1 checked_in gen 1", "outbox ticket_checked_in of a ticket"]);
    then("void o1.2 -> voided", &["ticket F voided gen 2"]);
    then(
        "refund o1 500 -> partially_refunded 500",
        &[
            &format!("order partially_refunded 3000-500 {items}"),
            "ticket F voided gen 2",
            "ticket F voided gen 1",
            "outbox order_refunded",
            "outbox payment_refund 500",
            "ledger refunded 500",
            "ledger fee_kept 1500",
        ],
    );
    then("hold h2 ann A-1-2 -> A-1-2", &[]);
    then("order o2 h2 ann -> pending until 600s", &["order pending_payment 1000-0 [A-1-2*1 at 1000]"]);
    then("cancel o2 ann -> cancelled", &["order cancelled 1000-0 [A-1-2*1 at 1000]", "outbox order_cancelled"]);
    then("hold h3 ann A-1-2 -> A-1-2", &[]);
    then("order o3 h3 ann -> pending until 600s", &["order pending_payment 1000-0 [A-1-2*1 at 1000]"]);
    then("tick 10m\nexpire -> expired 1", &["order expired 1000-0 [A-1-2*1 at 1000]"]);
    then("cancel-event -> ok", &["event cancelled", "outbox event_cancelled"]);
    stage.check();
}

#[test]
fn a_refund_names_the_payment_that_it_is_of_and_none_of_nothing_is_asked_for() {
    let mut stage = Stage::on_sale("A 1000 | oooo");
    stage.play(
        "hold h1 ann A-1-1 A-1-2 -> A-1-1 A-1-2
         order o1 h1 ann         -> pending until 600s
         pay o1 p1 2000          -> paid 2 tickets A-1-1 A-1-2",
    );
    let captured = stage.rows.iter().find_map(|row| match row {
        Row::Payment(payment) => Some(payment.payment),
        _ => None,
    });
    let captured = captured.unwrap();
    let owed = |stage: &Stage| {
        let last = stage.rows.iter().rev().find_map(|row| match row {
            Row::Outbox(outbox) => Some(outbox.owed),
            _ => None,
        });
        last.unwrap().map(|owed| (owed.payment == captured, owed.amount_minor))
    };
    stage.play("pay o1 p2 2000 -> payment refused");
    assert_eq!(owed(&stage), Some((false, 2_000)), "the second payment goes back, not the first");
    stage.play("refund o1 0 o1.1 -> partially_refunded 0");
    assert_eq!(owed(&stage), None);
    stage.play("refund o1 worth -> refunded 2000");
    assert_eq!(owed(&stage), Some((true, 2_000)));
}

#[test]
fn an_extension_moves_the_expiry_of_the_order_row() {
    let mut stage = Stage::on_sale("A 1000 | oo");
    stage.play(
        "hold h1 ann A-1-1 -> A-1-1\norder o1 h1 ann -> pending until 600s\ntick 1m\nextend h1 ann -> until 660s",
    );
    let [Row::Order(order)] = stage.rows.as_slice() else { panic!("{:?}", stage.rows) };
    assert_eq!(order.expires_at, stage.now.plus_us(600_000_000));
}

#[test]
fn names_in_rows_are_those_of_the_contract() {
    assert_eq!(PaymentStatus::RefundDue.name(), "refund_due");
    assert_eq!(OutboxKind::PaymentRefund.name(), "payment_refund");
}

#[test]
fn what_the_box_office_has_sold_is_on_its_own_account_and_asked_back_of_no_provider() {
    let mut stage = Stage::on_sale("A 1000 | oooo");
    let mut then = |row: &str, expected: &[&str]| assert_eq!(rows_after(&mut stage, row), expected, "{row}");
    let items = "[A-1-1*1 at 900, A-1-2*1 at 900]";
    then(
        "sell o1 desk A-1-1 A-1-2 at=900 by=card_terminal -> paid 2 tickets A-1-1 A-1-2",
        &[
            &format!("order paid 1800-0 {items}"),
            "payment captured 1800",
            "ticket A-1-1 issued gen 1",
            "ticket A-1-2 issued gen 1",
            "box office card_terminal",
            "outbox order_paid",
            "ledger sold_at_box_office 1800",
        ],
    );
    then(
        "refund o1 500 -> refunded 500",
        &[
            &format!("order refunded 1800-500 {items}"),
            "ticket A-1-1 voided gen 1",
            "ticket A-1-2 voided gen 1",
            "outbox order_refunded",
            "ledger refunded 500",
            "ledger fee_kept 1300",
        ],
    );
    then(
        "sell o2 desk A-1-3 at=0 by=comp -> paid 1 tickets A-1-3",
        &[
            "order paid 0-0 [A-1-3*1 at 0]",
            "payment captured 0",
            "ticket A-1-3 issued gen 1",
            "box office comp",
            "outbox order_paid",
        ],
    );
    stage.check();
}

#[test]
fn an_offer_leaves_its_mail_and_an_end_its_row() {
    let mut stage = Stage::on_sale("F 1000 area 1");
    let mut then = |row: &str, expected: &[&str]| assert_eq!(rows_after(&mut stage, row), expected, "{row}");
    then("waitlist -> ok", &[]);
    then("hold h1 sue F*1 -> F*1", &[]);
    then("order o1 h1 sue -> pending until 600s", &["order pending_payment 1000-0 [F*1 at 1000]"]);
    then("join ann 1 area=F -> entry 1", &["entry 1 1 waiting"]);
    then("join bob 1 area=F -> entry 2", &["entry 2 1 waiting"]);
    then("tick 10m\nexpire -> expired 1", &["order expired 1000-0 [F*1 at 1000]"]);
    then("serve -> offer 1 F*1 until 4200s", &["outbox waitlist_offer", "entry 1 1 offered"]);
    then("quit ann -> released", &["entry 1 1 left"]);
    then("serve -> offer 2 F*1 until 4200s", &["outbox waitlist_offer", "entry 2 1 offered"]);
    then("tick 1h\nexpire -> expired 1", &["entry 2 1 lapsed"]);
    then("hold h2 pat F*1 -> F*1", &[]);
    let rows = rows_after(&mut stage, "pay o1 p1 1000 -> payment refused");
    assert_eq!(rows.last().map(String::as_str), Some("entry 3 1 waiting"), "{rows:?}");
    let is_priority = |row: &Row| matches!(row, Row::Waitlist(row) if row.has_priority);
    assert!(stage.rows.iter().any(is_priority));
}

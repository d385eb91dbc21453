//! I6, money = tickets: every movement that the journal makes is in the ledger, once, and of every order and of the event what
//! was captured stands as tickets, was kept, or went back to the buyer. What providers gave back of what was owed is in it, too,
//! and nothing else is said to have gone back.

use std::collections::{BTreeMap, BTreeSet};

use inventory::{Account, EventId, LedgerRow, Lsn, OrderId, OrderMoney};
use persistence::{LedgerEntry, OrderBalances, Store};

use super::Report;
use super::replay::Replayed;

const PAGE: u32 = 500;

/// # Errors
/// The store does not answer.
pub async fn compare(store: &Store, event: EventId, replayed: &Replayed, report: &mut Report) -> anyhow::Result<()> {
    entries(store, event, replayed, report).await?;
    let mut balances: BTreeMap<OrderId, OrderBalances> = BTreeMap::new();
    loop {
        let after = balances.keys().next_back().copied();
        let page = store.ledger_balances(event, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        balances.extend(page.into_iter().map(|order| (order.order_id, order)));
    }
    for money in &replayed.money {
        let of_order = balances.remove(&money.order);
        if let Some(found) = &of_order {
            overpaid(event, found, report);
        }
        balance(event, money, of_order.as_ref(), report);
    }
    for unknown in balances.keys() {
        report.add(event, format!("I6: the ledger has order {unknown}, the journal has not"));
    }
    Ok(())
}

async fn entries(store: &Store, event: EventId, replayed: &Replayed, report: &mut Report) -> anyhow::Result<()> {
    // A page may end between two entries of one change, so each starts at the change before its last.
    let mut after = replayed.from;
    let mut found = BTreeSet::new();
    loop {
        let page = store.ledger_list(event, after, PAGE).await?;
        let Some(last) = page.last().and_then(|entry| entry.lsn) else { break };
        let is_last_page = page.len() < PAGE as usize;
        after = if is_last_page { last } else { Lsn(last.0 - 1) };
        for entry in &page {
            let key = (entry.lsn.unwrap_or(Lsn::ZERO), entry.leg);
            match replayed.ledger.get(&key) {
                Some(row) if same_entry(row, entry) => {}
                Some(row) => {
                    report.add(event, format!("I6: {entry:?} is in the ledger, {row:?} follows from the journal"));
                }
                None => report.add(event, format!("I6: {entry:?} is in the ledger and not in the journal")),
            }
            found.insert(key);
        }
        if is_last_page {
            break;
        }
    }
    report.ledger += found.len() as u64;
    for (key, missing) in replayed.ledger.iter().filter(|(key, _)| !found.contains(*key)) {
        report.add(event, format!("I6: {key:?} {missing:?} is not in the ledger"));
    }
    Ok(())
}

/// By the state of the event, not by its rows: a rule that books wrongly is found as well.
fn balance(event: EventId, money: &OrderMoney, found: Option<&OrderBalances>, report: &mut Report) {
    let of = |minor: fn(&OrderBalances) -> i64| found.map_or(0, minor);
    let accounts = [
        (Account::Sales, of(|it| it.sales_minor), money.standing_minor),
        // Nothing is lost between the accounts.
        (Account::Provider, of(|it| it.provider_minor + others(it)), 0),
    ];
    for (account, has_minor, should_minor) in accounts {
        if has_minor != should_minor {
            let name = account.name();
            report.add(event, format!("I6: {name} of order {} is at {has_minor}, not at {should_minor}", money.order));
        }
    }
    for (what, has_minor, should_minor) in [
        ("captured", of(|it| it.captured_minor), money.captured_minor),
        ("refunded", of(|it| it.refunded_minor), money.refunded_minor),
        (
            "captured, and not as tickets, kept or refunded,",
            of(|it| it.captured_minor - it.sales_minor - it.retained_minor - it.refunded_minor),
            0,
        ),
    ] {
        if has_minor != should_minor {
            report.add(event, format!("I6: {has_minor} were {what} of order {}, not {should_minor}", money.order));
        }
    }
}

/// Beside the provider's: the one that took the money in has none of another's.
const fn others(it: &OrderBalances) -> i64 {
    it.box_office_minor + it.sales_minor + it.retained_minor + it.refunds_due_minor + it.wallet_minor
}

/// What a provider is said to have given back was owed.
fn overpaid(event: EventId, found: &OrderBalances, report: &mut Report) {
    if found.refunds_due_minor < 0 {
        let (order, minor) = (found.order_id, -found.refunds_due_minor);
        report.add(event, format!("I6: {minor} more went back to the payer of order {order} than was owed"));
    }
}

/// # Errors
/// The store does not answer.
pub async fn refunds(store: &Store, report: &mut Report) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let page = store.refund_entries_missing(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for it in page {
            let (id, order, minor) = (it.id, it.order_id, it.amount_minor);
            let problem = format!("I6: refund {id} gave back {minor} of order {order}, and is not in the ledger");
            report.add(it.event_id, problem);
        }
    }
    let mut after = None;
    loop {
        let page = store.refund_entries_unfounded(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for it in page {
            let (id, order, minor) = (it.id, it.order_id, it.amount_minor);
            let problem =
                format!("I6: the ledger says that {minor} of order {order} went back, and no refund {id} did it");
            report.add(it.event_id, problem);
        }
    }
    Ok(())
}

fn same_entry(row: &LedgerRow, entry: &LedgerEntry) -> bool {
    let (debit, credit) = row.kind.accounts();
    row.id == entry.id
        && Some(row.event) == entry.event_id
        && Some(row.order) == entry.order_id
        && row.payment == entry.payment_id
        && row.user == entry.user_id
        && row.kind == entry.kind
        && (debit, credit) == (entry.debit, entry.credit)
        && row.amount_minor == entry.amount_minor
        && row.currency.code() == entry.currency
        && row.at == entry.at
}

//! Entries of the ledger for what was sold by a build that kept none. The journal says each of them, and they are written
//! as the commit of their change would have. Where the journal was trimmed, what its orders had come to by then is written as
//! opening entries, of no change. What providers gave back is known by its refunds. Again, or beside commits on Postgres: each
//! entry has one name, and is written once.

use std::collections::BTreeMap;

use inventory::{EntryId, EntryKind, EventId, LedgerRow, OrderId, OrderMoney, PaymentStatus};
use persistence::{JournalHead, LedgerEntry, Order, OrderBalances, Store};

use super::replay::{self, Replayed};
use super::{EVENTS_PAGE, Report};
use crate::derived_id;

/// Written in one transaction: a sale's own commits come between two.
const BATCH: usize = 500;
const PAGE: u32 = 500;

/// What was missing.
#[derive(Debug, Default)]
pub struct Backfilled {
    pub events: u64,
    /// Of changes that the journal has.
    pub entries: u64,
    /// Of those that it has not any more.
    pub openings: u64,
    /// Of refunds that providers have made.
    pub refunds: u64,
    /// Events that are left as they are.
    pub problems: Report,
}

impl Backfilled {
    pub fn lines(&self) -> Vec<String> {
        let findings = self.problems.findings().iter();
        let mut lines: Vec<String> =
            findings.map(|finding| format!("event {}: {}", finding.event, finding.problem)).collect();
        lines.push(format!(
            "looked at {} events, wrote {} entries, {} opening entries and {} entries of refunds",
            self.events, self.entries, self.openings, self.refunds
        ));
        lines
    }
}

/// # Errors
/// The store does not answer: what was written stays, and the rest is written the next time.
pub async fn backfill(store: &Store) -> anyhow::Result<Backfilled> {
    let mut done = Backfilled::default();
    let mut after: Option<EventId> = None;
    loop {
        let heads = store.journal_events(after, EVENTS_PAGE).await?;
        let Some(last) = heads.last() else { break };
        after = Some(last.event_id);
        for head in heads {
            event(store, &head, &mut done).await?;
        }
    }
    // Last: only what the ledger knows to be owed goes back.
    done.refunds = refunds(store).await?;
    Ok(done)
}

async fn refunds(store: &Store) -> anyhow::Result<u64> {
    let (mut entered, mut after) = (0, None);
    loop {
        let missing = store.refund_entries_missing(after, PAGE).await?;
        let Some(last) = missing.last() else { return Ok(entered) };
        after = Some(last.id);
        entered += store.refund_entries_backfill(&missing).await?;
    }
}

async fn event(store: &Store, head: &JournalHead, done: &mut Backfilled) -> anyhow::Result<()> {
    done.events += 1;
    let Some(replayed) = replay::replay(store, head, &mut done.problems).await? else { return Ok(()) };
    let entries: Vec<LedgerEntry> = replayed.ledger.values().map(entry).collect();
    for entries in entries.chunks(BATCH) {
        done.entries += store.ledger_backfill(entries).await?;
    }
    let openings = openings(store, head.event_id, &replayed, &mut done.problems).await?;
    for openings in openings.chunks(BATCH) {
        done.openings += store.ledger_backfill(openings).await?;
    }
    Ok(())
}

/// As the commit of its change writes it.
fn entry(row: &LedgerRow) -> LedgerEntry {
    let (debit, credit) = row.kind.accounts();
    LedgerEntry {
        id: row.id,
        event_id: Some(row.event),
        order_id: Some(row.order),
        payment_id: row.payment,
        user_id: row.user,
        withdrawal_id: None,
        lsn: Some(row.lsn),
        leg: row.leg,
        kind: row.kind,
        debit,
        credit,
        amount_minor: row.amount_minor,
        currency: row.currency.code().to_owned(),
        at: row.at,
    }
}

async fn openings(
    store: &Store,
    event: EventId,
    replayed: &Replayed,
    problems: &mut Report,
) -> anyhow::Result<Vec<LedgerEntry>> {
    if replayed.opening.is_empty() {
        return Ok(Vec::new());
    }
    let mut balances: BTreeMap<OrderId, OrderBalances> = BTreeMap::new();
    loop {
        let after = balances.keys().next_back().copied();
        let page = store.ledger_balances_until(event, replayed.from, after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        balances.extend(page.into_iter().map(|order| (order.order_id, order)));
    }
    let mut openings = Vec::new();
    for money in &replayed.opening {
        match missing(money, balances.get(&money.order)) {
            Ok(moved) if moved.is_empty() => {}
            Ok(moved) => {
                let Some(order) = store.order_find(money.order).await? else {
                    problems.add(event, format!("order {} has no row", money.order));
                    continue;
                };
                openings.extend(opening(store, &order, &moved).await?);
            }
            Err(what) => problems.add(event, format!("order {}: {what}", money.order)),
        }
    }
    Ok(openings)
}

/// What the order's entries lack to what it had come to.
fn missing(money: &OrderMoney, found: Option<&OrderBalances>) -> Result<Vec<(EntryKind, i64)>, &'static str> {
    let of = |minor: fn(&OrderBalances) -> i64| found.map_or(0, minor);
    let captured_minor = money.captured_minor - of(|it| it.captured_minor);
    let refunded_minor = money.refunded_minor - of(|it| it.refunded_minor);
    if captured_minor < 0 || refunded_minor < 0 {
        return Err("the ledger has more of it than the journal: see `usher audit`");
    }
    let kept_minor = of(|it| it.sales_minor) + captured_minor - refunded_minor - money.standing_minor;
    let rest = if kept_minor < 0 { EntryKind::Granted } else { EntryKind::FeeKept };
    let moved =
        [(EntryKind::Captured, captured_minor), (EntryKind::Refunded, refunded_minor), (rest, kept_minor.abs())];
    Ok(moved.into_iter().filter(|(_, amount_minor)| *amount_minor > 0).collect())
}

async fn opening(store: &Store, order: &Order, moved: &[(EntryKind, i64)]) -> anyhow::Result<Vec<LedgerEntry>> {
    let payments = store.payment_list(order.id).await?;
    let bought = payments.iter().find(|payment| payment.status == PaymentStatus::Captured);
    let entry = |(kind, amount_minor): &(EntryKind, i64)| {
        let (debit, credit) = kind.accounts();
        let parts: [&[u8]; 3] = [b"opening entry", &order.id.bytes(), kind.name().as_bytes()];
        LedgerEntry {
            id: EntryId::from_uuid(derived_id::of(order.placed_at, &parts)),
            event_id: Some(order.event_id),
            order_id: Some(order.id),
            payment_id: bought.map(|payment| payment.id),
            user_id: None,
            withdrawal_id: None,
            lsn: None,
            leg: 0,
            kind: *kind,
            debit,
            credit,
            amount_minor: *amount_minor,
            currency: order.currency.clone(),
            at: order.placed_at,
        }
    };
    Ok(moved.iter().map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: OrderId = OrderId::from_bytes([7; 16]);

    fn money(captured_minor: i64, standing_minor: i64, refunded_minor: i64) -> OrderMoney {
        OrderMoney { order: ORDER, captured_minor, standing_minor, refunded_minor }
    }

    fn found(captured_minor: i64, refunded_minor: i64, sales_minor: i64) -> OrderBalances {
        OrderBalances {
            order_id: ORDER,
            provider_minor: -captured_minor,
            box_office_minor: 0,
            sales_minor,
            retained_minor: captured_minor - refunded_minor - sales_minor,
            refunds_due_minor: refunded_minor,
            wallet_minor: 0,
            refunded_minor,
            captured_minor,
            refused_minor: 0,
        }
    }

    #[test]
    fn openings_bring_an_order_to_where_it_stood_and_no_further() {
        use EntryKind::{Captured, FeeKept, Granted, Refunded};
        for (money, found, moved) in [
            (money(0, 0, 0), None, vec![]),
            (money(90, 90, 0), None, vec![(Captured, 90)]),
            (money(90, 45, 30), None, vec![(Captured, 90), (Refunded, 30), (FeeKept, 15)]),
            (money(90, 45, 60), None, vec![(Captured, 90), (Refunded, 60), (Granted, 15)]),
            (money(90, 45, 30), Some(found(90, 30, 45)), vec![]),
            (money(90, 0, 60), Some(found(90, 30, 45)), vec![(Refunded, 30), (FeeKept, 15)]),
        ] {
            assert_eq!(missing(&money, found.as_ref()), Ok(moved), "{money:?}");
        }
        assert!(missing(&money(90, 90, 0), Some(&found(100, 0, 100))).is_err());
    }
}

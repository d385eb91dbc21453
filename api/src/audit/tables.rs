use inventory::{
    ConflictRow, EventId, ItemRow, Lsn, OrderId, OrderRow, OutboxKind, OutboxRow, PaymentRow, TicketRow, WaitlistRow,
};
use persistence::{GateConflict, GateDirection, Order, OrderItem, Outbox, Payment, Store, Ticket, WaitlistEntry};

use super::Report;
use super::replay::Replayed;

const PAGE: u32 = 500;

/// Both ways: what the journal says must be in the tables, and what is in the tables must follow from the journal.
///
/// # Errors
/// The store does not answer.
pub async fn compare(store: &Store, event: EventId, replayed: &Replayed, report: &mut Report) -> anyhow::Result<()> {
    status(store, event, replayed, report).await?;
    let mut after: Option<OrderId> = None;
    let mut seen = Seen::default();
    loop {
        let orders = store.order_list_of_event(event, after, PAGE).await?;
        let Some(last) = orders.last() else { break };
        after = Some(last.id);
        for order in &orders {
            seen.orders += 1;
            one_order(store, order, replayed, report, &mut seen).await?;
        }
    }
    seen.report(event, replayed, report);
    outbox(store, event, replayed, report).await?;
    conflicts(store, event, replayed, report).await?;
    box_office_sales(store, event, replayed, report).await?;
    waitlist(store, event, replayed, report).await
}

/// Rows that were found and compared. A row that the journal knows and nobody found is missing.
#[derive(Default)]
struct Seen {
    orders: u64,
    tickets: u64,
    payments: u64,
}

impl Seen {
    fn report(&self, event: EventId, replayed: &Replayed, report: &mut Report) {
        report.orders += self.orders;
        report.tickets += self.tickets;
        report.payments += self.payments;
        if replayed.from > Lsn::ZERO {
            return;
        }
        for (name, in_tables, in_journal) in [
            ("orders", self.orders, replayed.orders.len()),
            ("tickets", self.tickets, replayed.tickets.len()),
            ("payments", self.payments, replayed.payments.len()),
        ] {
            if in_tables != in_journal as u64 {
                report.add(event, format!("{in_tables} {name} in the tables, {in_journal} by the journal"));
            }
        }
    }
}

async fn status(store: &Store, event: EventId, replayed: &Replayed, report: &mut Report) -> anyhow::Result<()> {
    let Some(stored) = store.event_find_any(event).await? else {
        report.add(event, "it has a journal and no row".to_owned());
        return Ok(());
    };
    if let Some(status) = replayed.status
        && status != stored.status.name()
    {
        report.add(event, format!("it is {} in the tables, {status} by the journal", stored.status.name()));
    }
    Ok(())
}

async fn one_order(
    store: &Store,
    order: &Order,
    replayed: &Replayed,
    report: &mut Report,
    seen: &mut Seen,
) -> anyhow::Result<()> {
    let event = order.event_id;
    match replayed.orders.get(&order.id) {
        Some(row) if same_order(row, order) => {}
        Some(row) => report.add(event, format!("order {}: {order:?} in the tables, {row:?} by the journal", order.id)),
        None if order.lsn <= replayed.from => {}
        None => report.add(event, format!("order {} is not in the journal", order.id)),
    }
    for ticket in store.ticket_list(order.id).await? {
        seen.tickets += 1;
        match replayed.tickets.get(&ticket.id) {
            Some(row) if same_ticket(row, &ticket) => {}
            Some(row) => {
                report.add(event, format!("ticket {}: {ticket:?} in the tables, {row:?} by the journal", ticket.id));
            }
            None if ticket.lsn <= replayed.from => {}
            None => report.add(event, format!("ticket {} is not in the journal", ticket.id)),
        }
    }
    for payment in store.payment_list(order.id).await? {
        seen.payments += 1;
        match replayed.payments.get(&payment.id) {
            Some(row) if same_payment(row, &payment) => {}
            Some(row) => {
                report.add(event, format!("payment {}: {payment:?} in the tables, {row:?} by the journal", payment.id));
            }
            None if payment.lsn <= replayed.from => {}
            None => report.add(event, format!("payment {} is not in the journal", payment.id)),
        }
    }
    Ok(())
}

async fn outbox(store: &Store, event: EventId, replayed: &Replayed, report: &mut Report) -> anyhow::Result<()> {
    // By LSN: a page may end between two entries of one change, so each starts at the change before its last.
    let mut after = replayed.from;
    let mut found = std::collections::BTreeSet::new();
    loop {
        let entries = store.outbox_list(event, after, PAGE).await?;
        let Some(last) = entries.last() else { break };
        let is_last_page = entries.len() < PAGE as usize;
        after = if is_last_page { last.lsn } else { Lsn(last.lsn.0 - 1) };
        for entry in &entries {
            let key = (entry.lsn, entry.kind.name());
            match replayed.outbox.get(&key) {
                Some(row) if same_outbox(row, entry) => {}
                Some(row) => {
                    report.add(event, format!("outbox {key:?}: {entry:?} in the tables, {row:?} by the journal"));
                }
                None => report.add(event, format!("outbox {key:?} is not in the journal")),
            }
            found.insert(key);
        }
        if is_last_page {
            break;
        }
    }
    report.outbox += found.len() as u64;
    // Releases before wrote none for a change of the event itself, and an entry is kept only where a webhook wants it.
    let is_due = |row: &OutboxRow| {
        !matches!(row.kind, OutboxKind::EventPublished | OutboxKind::EventCancelled | OutboxKind::TicketCheckedIn)
    };
    let due = replayed.outbox.iter().filter(|(_, row)| is_due(row)).map(|(key, _)| key);
    for missing in due.filter(|key| !found.contains(*key)) {
        report.add(event, format!("outbox {missing:?} is not in the tables"));
    }
    Ok(())
}

async fn conflicts(store: &Store, event: EventId, replayed: &Replayed, report: &mut Report) -> anyhow::Result<()> {
    let mut before = None;
    let mut found = std::collections::BTreeSet::new();
    loop {
        let conflicts = store.gate_conflict_list(event, before, PAGE).await?;
        let Some(last) = conflicts.last() else { break };
        before = Some(last.lsn);
        for conflict in &conflicts {
            match replayed.conflicts.get(&conflict.lsn) {
                Some(row) if same_conflict(row, conflict) => {}
                Some(row) => report.add(event, format!("conflict {conflict:?} in the tables, {row:?} by the journal")),
                None if conflict.lsn <= replayed.from => {}
                None => report.add(event, format!("conflict {} is not in the journal", conflict.lsn)),
            }
            found.insert(conflict.lsn);
        }
    }
    for missing in replayed.conflicts.keys().filter(|lsn| !found.contains(*lsn)) {
        report.add(event, format!("conflict {missing} is not in the tables"));
    }
    Ok(())
}

/// How each order of the box office was paid.
async fn box_office_sales(
    store: &Store,
    event: EventId,
    replayed: &Replayed,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut before = None;
    let mut found = std::collections::BTreeSet::new();
    loop {
        let sales = store.box_office_sales(event, false, before, PAGE).await?;
        let Some(last) = sales.last() else { break };
        before = Some(last.order_id);
        for sale in &sales {
            let of_journal = replayed.box_office_sales.get(&sale.order_id).map(|row| (row.user, row.tender, row.at));
            match of_journal {
                Some(row) if row == (sale.sold_by, sale.tender, sale.sold_at) => {}
                Some(row) => report.add(event, format!("{sale:?} in the tables, {row:?} by the journal")),
                None if replayed.from > Lsn::ZERO => {}
                None => report.add(event, format!("sale {} of the box office is not in the journal", sale.order_id)),
            }
            found.insert(sale.order_id);
        }
    }
    for missing in replayed.box_office_sales.keys().filter(|order| !found.contains(*order)) {
        report.add(event, format!("sale {missing} of the box office is not in the tables"));
    }
    Ok(())
}

async fn waitlist(store: &Store, event: EventId, replayed: &Replayed, report: &mut Report) -> anyhow::Result<()> {
    let mut after = 0;
    let mut found = std::collections::BTreeSet::new();
    loop {
        let entries = store.waitlist_list(event, None, after, PAGE).await?;
        let Some(last) = entries.last() else { break };
        after = last.number;
        for entry in &entries {
            match replayed.waitlist.get(&entry.number) {
                Some(row) if same_waitlist_entry(row, entry) => {}
                Some(row) => report.add(event, format!("waitlist {entry:?} in the tables, {row:?} by the journal")),
                None if entry.lsn <= replayed.from => {}
                None => report.add(event, format!("waitlist entry {} is not in the journal", entry.number)),
            }
            found.insert(entry.number);
        }
    }
    for (number, row) in replayed.waitlist.iter().filter(|(number, _)| !found.contains(*number)) {
        // Those of an erased account went with it.
        if store.user_find(row.customer).await?.is_some() {
            report.add(event, format!("waitlist entry {number} is not in the tables"));
        }
    }
    Ok(())
}

fn same_waitlist_entry(row: &WaitlistRow, entry: &WaitlistEntry) -> bool {
    row.customer == entry.customer_id
        && row.tier == entry.tier_id
        && row.tier_name == entry.tier_name
        && row.part == entry.part
        && row.is_area == entry.is_area
        && row.quantity == entry.quantity
        && row.accessible == entry.accessible
        && row.apart == entry.apart
        && row.has_priority == entry.has_priority
        && row.status == entry.status.name()
        && row.joined_at == entry.joined_at
        && row.hold == entry.hold_id
        && row.offered_until == entry.offered_until
        && row.changed_at == entry.changed_at
        && row.lsn == entry.lsn
}

fn same_conflict(row: &ConflictRow, conflict: &GateConflict) -> bool {
    row.ticket == conflict.ticket_id
        && row.user == conflict.user_id
        && GateDirection::of(row.direction) == conflict.direction
        && row.scanned_at == conflict.scanned_at
        && row.forced == conflict.forced
        && row.reason.to_string() == conflict.reason
        && row.reason.earlier_at() == conflict.earlier_at
        && row.at == conflict.recorded_at
}

fn same_order(row: &OrderRow, order: &Order) -> bool {
    row.customer == order.customer_id
        && row.event == order.event_id
        && row.status == order.status.name()
        && row.total_minor == order.total_minor
        && row.refunded_minor == order.refunded_minor
        && row.currency.code() == order.currency
        && row.placed_at == order.placed_at
        && row.expires_at == order.expires_at
        && row.lsn == order.lsn
        && row.items.len() == order.items.len()
        && row.items.iter().zip(&order.items).all(|(row, item)| same_item(row, item))
}

fn same_item(row: &ItemRow, item: &OrderItem) -> bool {
    row.place == item.place
        && row.is_area == item.is_area
        && row.quantity == item.quantity
        && row.tier.uuid() == item.tier_id
        && row.tier_name == item.tier_name
        && row.price_minor == item.price_minor
        && row.discount.as_ref().map(|it| (it.off_minor, it.label.as_str()))
            == item.discount.as_ref().map(|it| (it.off_minor, it.label.as_str()))
}

fn same_ticket(row: &TicketRow, ticket: &Ticket) -> bool {
    row.order == ticket.order_id
        && row.event == ticket.event_id
        && row.holder == ticket.holder_id
        && row.place == ticket.place
        && row.is_area == ticket.is_area
        && row.tier == ticket.tier_id
        && row.tier_name == ticket.tier_name
        && row.price_minor == ticket.price_minor
        && row.state == ticket.state.name()
        && row.generation == ticket.generation
        && row.issued_at == ticket.issued_at
        && row.scanned_at == ticket.scanned_at
        && row.lsn == ticket.lsn
}

fn same_payment(row: &PaymentRow, payment: &Payment) -> bool {
    row.order == payment.order_id
        && row.event == payment.event_id
        && row.status == payment.status
        && row.amount_minor == payment.amount_minor
        && row.currency.code() == payment.currency
        && row.at == payment.changed_at
        && row.lsn == payment.lsn
}

fn same_outbox(row: &OutboxRow, entry: &Outbox) -> bool {
    row.order == entry.order_id
        && row.user == entry.user_id
        && row.at == entry.created_at
        && row.owed.map(|owed| owed.payment) == entry.payment_id
        && row.owed.map(|owed| owed.amount_minor) == entry.amount_minor
        // Rows of a release that did not know of it have none.
        && entry.ticket_id.is_none_or(|ticket| row.ticket == Some(ticket))
}

use std::collections::BTreeMap;

use engine::{Journal, JournalError, Snapshot};
use inventory::{
    BoxOfficeSaleRow, ConflictRow, Inventory, LedgerRow, Lsn, OrderId, OrderMoney, OrderRow, OutboxKind, OutboxRow,
    PaymentId, PaymentRow, Record, Row, TicketId, TicketRow, WaitlistRow,
};
use persistence::{JournalHead, Store};

use super::Report;

/// Bytes of journal read at a time.
const READ_BYTES: usize = 4 << 20;

/// What the tables must hold, by the journal.
#[derive(Debug)]
pub struct Replayed {
    pub orders: BTreeMap<OrderId, OrderRow>,
    pub tickets: BTreeMap<TicketId, TicketRow>,
    pub payments: BTreeMap<PaymentId, PaymentRow>,
    pub outbox: BTreeMap<(Lsn, &'static str), OutboxRow>,
    pub ledger: BTreeMap<(Lsn, u8), LedgerRow>,
    /// By the last state.
    pub money: Vec<OrderMoney>,
    /// By the state at `from`: what changes have moved that are not there any more.
    pub opening: Vec<OrderMoney>,
    pub conflicts: BTreeMap<Lsn, ConflictRow>,
    pub box_office_sales: BTreeMap<OrderId, BoxOfficeSaleRow>,
    pub waitlist: BTreeMap<u32, WaitlistRow>,
    pub status: Option<&'static str>,
    /// Rows of changes up to here are not known: the journal was trimmed and a snapshot stands in for it.
    pub from: Lsn,
}

impl Replayed {
    const fn after(from: Lsn) -> Self {
        Self {
            orders: BTreeMap::new(),
            tickets: BTreeMap::new(),
            payments: BTreeMap::new(),
            outbox: BTreeMap::new(),
            ledger: BTreeMap::new(),
            money: Vec::new(),
            opening: Vec::new(),
            conflicts: BTreeMap::new(),
            box_office_sales: BTreeMap::new(),
            waitlist: BTreeMap::new(),
            status: None,
            from,
        }
    }

    fn keep(&mut self, row: Row) {
        match row {
            Row::Order(order) => drop(self.orders.insert(order.order, *order)),
            Row::Ticket(ticket) => drop(self.tickets.insert(ticket.ticket, *ticket)),
            Row::Payment(payment) => drop(self.payments.insert(payment.payment, *payment)),
            Row::Outbox(entry) => drop(self.outbox.insert((entry.lsn, OutboxKind::name(entry.kind)), *entry)),
            Row::Ledger(entry) => drop(self.ledger.insert((entry.lsn, entry.leg), *entry)),
            Row::EventStatus { status, .. } => self.status = Some(status),
            // Of what is asked here, the engine's alone: it writes them with whatever comes first after a start.
            Row::Offer(_) | Row::SoldOut { .. } => {}
            Row::Conflict(conflict) => drop(self.conflicts.insert(conflict.lsn, *conflict)),
            Row::BoxOfficeSale(sale) => drop(self.box_office_sales.insert(sale.order, *sale)),
            Row::Waitlist(entry) => drop(self.waitlist.insert(entry.number, *entry)),
        }
    }
}

/// `None` when the journal is so damaged that nothing can be compared; the report says where.
///
/// # Errors
/// The store does not answer.
pub async fn replay(store: &Store, head: &JournalHead, report: &mut Report) -> anyhow::Result<Option<Replayed>> {
    let event = head.event_id;
    let mut replayed = Replayed::after(Lsn::ZERO);
    let mut inventory = Inventory::new(event);
    if head.trimmed_lsn > Lsn::ZERO {
        let Some((state, lsn)) = restore(store, head, report).await? else { return Ok(None) };
        inventory = state;
        replayed = Replayed { opening: inventory.money().collect(), ..Replayed::after(lsn) };
    }
    let mut next = replayed.from.next();
    let mut rows = Vec::new();
    loop {
        let chunks = match store.read(event, next, READ_BYTES).await {
            Ok(chunks) => chunks,
            Err(JournalError::Damaged { problem, .. }) => {
                report.add(event, format!("the journal is damaged: {problem}"));
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        if chunks.is_empty() {
            break;
        }
        for chunk in chunks {
            let mut at = 0;
            loop {
                let record = match Record::decode(&chunk.records, &mut at) {
                    Ok(Some(record)) => record,
                    Ok(None) => break,
                    Err(error) => {
                        report.add(event, format!("batch {}–{}: {error}", chunk.first_lsn, chunk.last_lsn));
                        return Ok(None);
                    }
                };
                if record.lsn < next {
                    continue;
                }
                if record.lsn != next {
                    report.add(event, format!("record {} where {next} belongs", record.lsn));
                    return Ok(None);
                }
                next = next.next();
                inventory.apply(&record);
                inventory.rows(&record, &mut rows);
                rows.drain(..).for_each(|row| replayed.keep(row));
                report.records += 1;
            }
        }
    }
    check(&inventory, head, next, report);
    replayed.money = inventory.money().collect();
    Ok(Some(replayed))
}

fn check(inventory: &Inventory, head: &JournalHead, next: Lsn, report: &mut Report) {
    if head.last_lsn.next() != next {
        report.add(head.event_id, format!("the journal's head says {}, its records end before {next}", head.last_lsn));
    }
    if let Err(violation) = inventory.verify() {
        report.add(head.event_id, format!("an invariant is broken: {violation}"));
    }
}

/// The newest snapshot that the trimmed journal still continues.
async fn restore(store: &Store, head: &JournalHead, report: &mut Report) -> anyhow::Result<Option<(Inventory, Lsn)>> {
    let event = head.event_id;
    let below = Lsn(u64::MAX);
    let Some(Snapshot { lsn, bytes }) = store.snapshot_below(event, below).await? else {
        report.add(event, format!("trimmed up to {} without a snapshot", head.trimmed_lsn));
        return Ok(None);
    };
    match Inventory::restore(&bytes) {
        Ok(inventory) => Ok(Some((inventory, lsn))),
        Err(error) => {
            report.add(event, format!("the snapshot at {lsn} cannot be read: {error}"));
            Ok(None)
        }
    }
}

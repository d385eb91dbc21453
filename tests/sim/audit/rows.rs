//! The rows that other readers see: written with the records, and no others.

use std::collections::BTreeMap;

use inventory::{Answer, OrderId, OrderRow, OutboxKind, Row, TicketId, TicketRow};

use super::{Case, Findings};

impl Case<'_> {
    pub fn check_rows(&self, findings: &mut Findings) {
        let mut orders: BTreeMap<OrderId, &OrderRow> = BTreeMap::new();
        let mut tickets: BTreeMap<TicketId, &TicketRow> = BTreeMap::new();
        for row in &self.rows {
            match row {
                Row::Order(order) => {
                    let latest = orders.entry(order.order).or_insert(order);
                    if order.lsn >= latest.lsn {
                        *latest = order;
                    }
                }
                Row::Ticket(ticket) => {
                    let latest = tickets.entry(ticket.ticket).or_insert(ticket);
                    if ticket.lsn >= latest.lsn {
                        *latest = ticket;
                    }
                }
                Row::Payment(_)
                | Row::Outbox(_)
                | Row::Ledger(_)
                | Row::EventStatus { .. }
                | Row::Offer(_)
                | Row::SoldOut { .. }
                | Row::Conflict(_)
                | Row::BoxOfficeSale(_)
                | Row::Waitlist(_) => {}
            }
        }
        self.check_orders(&orders, findings);
        self.check_tickets(&orders, &tickets, findings);
        self.check_mail(findings);
    }

    fn check_orders(&self, rows: &BTreeMap<OrderId, &OrderRow>, findings: &mut Findings) {
        for (id, row) in rows {
            match self.ledger.orders.get(id) {
                None => findings.add(format!("I3: the tables have order {id}, the journal has not")),
                // The ledger does not know which tickets were the last.
                Some(order) if order.status == "partially_refunded" && row.status == "refunded" => {}
                Some(order) if order.status != row.status => {
                    findings
                        .add(format!("order {id} is {} in the tables, {} in the journal", row.status, order.status));
                }
                Some(order) => {
                    let total_minor: i64 = order.items.iter().map(inventory::Item::total_minor).sum();
                    if row.total_minor != total_minor {
                        findings.add(format!("order {id} costs {} and not {total_minor}", row.total_minor));
                    }
                }
            }
        }
        for id in self.ledger.orders.keys().filter(|id| !rows.contains_key(*id)) {
            findings.add(format!("I2: the journal has order {id}, the tables have not"));
        }
    }

    /// I2 and I8: a paid order has a ticket for every unit, those that its buyer was told of.
    fn check_tickets(
        &self,
        orders: &BTreeMap<OrderId, &OrderRow>,
        tickets: &BTreeMap<TicketId, &TicketRow>,
        findings: &mut Findings,
    ) {
        let mut by_order: BTreeMap<OrderId, u32> = BTreeMap::new();
        let mut by_seat: BTreeMap<&str, TicketId> = BTreeMap::new();
        for (id, row) in tickets {
            *by_order.entry(row.order).or_default() += 1;
            let is_valid = row.state != "voided";
            if !row.is_area && is_valid && by_seat.insert(&row.place, *id).is_some() {
                findings.add(format!("I1: two valid tickets for {}", row.place));
            }
        }
        for (id, order) in &self.ledger.orders {
            let units: u32 = order.items.iter().map(|item| item.place.units()).sum();
            let expected = if order.paid_lsn.is_some() { units } else { 0 };
            let issued = by_order.get(id).copied().unwrap_or(0);
            if issued != expected {
                findings.add(format!("I8: order {id} has {issued} tickets and not {expected}"));
            }
        }
        for op in &self.ops {
            let Some((submitted, _)) = op.done() else { continue };
            let Answer::OrderPaid(paid) = &submitted.answer else { continue };
            let has = |ticket: &TicketId| tickets.get(ticket).is_some_and(|row| row.order == paid.order);
            if !orders.contains_key(&paid.order) || !paid.tickets.iter().all(has) {
                findings.add(format!("I2: tickets of order {} that its buyer was told of are gone", paid.order));
            }
        }
    }

    fn check_mail(&self, findings: &mut Findings) {
        let paid = self.ledger.orders.iter().filter_map(|(id, order)| order.paid_lsn.map(|lsn| (id, lsn)));
        for (id, lsn) in paid {
            let mails = self.rows.iter().filter(|row| {
                matches!(row, Row::Outbox(mail)
                    if mail.order == *id && mail.kind == OutboxKind::OrderPaid && mail.lsn.0 == lsn)
            });
            if mails.count() != 1 {
                findings.add(format!("order {id} was paid by record {lsn}, and its mail is not there once"));
            }
        }
    }
}

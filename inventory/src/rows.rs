//! Relational rows that follow from a change, read from the state after it.

use crate::holds::{Found, OrderAt};
use crate::offered_prices::offered_prices;
use crate::waitlist::{EntryNews, Status};
use crate::{
    BoxOfficeOrder, BoxOfficeSaleRow, Change, ConflictRow, Direction, DoorChange, HoldId, Inventory, ItemDiscount,
    ItemRow, OfferRow, OfferedTier, OrderId, OrderRow, OrderRows, OutboxKind, OutboxRow, PaymentId, PaymentRow,
    PaymentStatus, Place, Record, RefundOwed, Row, TicketId, TicketRow, TimeUs, UserId, WaitlistChange, WaitlistRow,
    WishedPlace,
};

/// Of changes that are about none.
const NO_ORDER: OrderId = OrderId::from_bytes([0; 16]);

impl Inventory {
    /// Appends the rows that follow from `record`. Call it right after the record was applied.
    ///
    /// # Panics
    /// When the record is not the one applied last.
    pub fn rows(&self, record: &Record, rows: &mut Vec<Row>) {
        assert_eq!(record.lsn, self.lsn, "rows are read right after their change");
        let lsn = record.lsn;
        match &record.change {
            Change::SeatMapSet(_)
            | Change::TierSet(_)
            | Change::TierSetInFull(_)
            | Change::TierSetWithRefundSteps(_)
            | Change::AccessCodeSet(_)
            | Change::DiscountCodeSet(_)
            | Change::PolicySet(_)
            | Change::BlockSet { .. }
            | Change::HoldPlaced(_)
            | Change::HoldPlacedByCode(_)
            | Change::HoldPlacedAtDiscount(_)
            | Change::HoldPlacedAtBoxOffice(_)
            | Change::HoldReleased { .. }
            | Change::Line(_)
            | Change::PolicySetInFull(_) => {}
            Change::Waitlist(WaitlistChange::Offered { placed, number: _ }) => {
                rows.push(self.outbox_row(record, OutboxKind::WaitlistOffer, NO_ORDER, placed.customer));
            }
            Change::Waitlist(_) => {}
            Change::Published => {
                rows.push(Row::EventStatus { event: self.event, status: "published", at: record.at, lsn });
                rows.push(self.event_outbox_row(record, OutboxKind::EventPublished));
            }
            Change::EventCancelled => {
                rows.push(Row::EventStatus { event: self.event, status: "cancelled", at: record.at, lsn });
                rows.push(self.event_outbox_row(record, OutboxKind::EventCancelled));
            }
            Change::HoldExtended { hold, .. } => rows.extend(self.order_of(*hold).map(|at| self.order_row(at))),
            Change::HoldsExpired { holds } => {
                rows.extend(holds.iter().filter_map(|hold| self.order_of(*hold)).map(|at| self.order_row(at)));
            }
            Change::OrderPlaced { order, .. } => rows.push(self.order_row(self.orders.at(*order))),
            Change::PaymentStarted { order, payment, .. } => {
                rows.push(self.order_row(self.orders.at(*order)));
                rows.push(self.payment_row(record, *order, *payment, PaymentStatus::Started, None));
            }
            Change::PaymentDeclined { order, payment } => {
                rows.push(self.payment_row(record, *order, *payment, PaymentStatus::Declined, None));
            }
            Change::OrderPaid { order, payment, amount_minor, .. } => {
                let at = self.orders.at(*order);
                rows.push(self.order_row(at));
                rows.push(self.payment_row(record, *order, *payment, PaymentStatus::Captured, Some(*amount_minor)));
                let range = self.orders.get(at).tickets.clone();
                rows.extend(self.tickets.range(range).iter().map(|ticket| self.ticket_row(ticket.id)));
                rows.push(self.outbox_row(record, OutboxKind::OrderPaid, *order, self.buyer(*order)));
            }
            Change::BoxOfficeSold(sold) => self.box_office_rows(record, sold, rows),
            Change::PaymentRefused { order, payment, amount_minor } => {
                rows.push(self.payment_row(record, *order, *payment, PaymentStatus::RefundDue, Some(*amount_minor)));
                rows.extend(self.refund_row(record, *order, *payment, *amount_minor));
            }
            Change::OrderCancelled { order } => {
                rows.push(self.order_row(self.orders.at(*order)));
                rows.push(self.outbox_row(record, OutboxKind::OrderCancelled, *order, self.buyer(*order)));
            }
            Change::OrderRefunded { order, tickets, amount_minor }
            | Change::OrderRefundedToWallet { order, tickets, amount_minor } => {
                let at = self.orders.at(*order);
                rows.push(self.order_row(at));
                rows.extend(tickets.iter().map(|ticket| self.ticket_row(*ticket)));
                rows.push(self.outbox_row(record, OutboxKind::OrderRefunded, *order, self.buyer(*order)));
                if matches!(record.change, Change::OrderRefunded { .. }) {
                    let sold = self.orders.get(at);
                    // What the box office has taken, it gives back: no provider has it.
                    let payment = sold.paid_by.filter(|_| !sold.placed.is_of_box_office());
                    rows.extend(payment.and_then(|payment| self.refund_row(record, *order, payment, *amount_minor)));
                }
            }
            Change::TicketScanned { ticket, direction, nonce: _ } => {
                rows.push(self.ticket_row(*ticket));
                rows.extend(self.entry_row(record, *ticket, *direction, record.at));
            }
            Change::TicketVoided { ticket } => rows.push(self.ticket_row(*ticket)),
            Change::Door(change) => self.door_rows(record, change, rows),
            Change::TicketTransferred { ticket, to, .. } => {
                rows.push(self.ticket_row(*ticket));
                let order = self.found(*ticket).order;
                let order = self.orders.get(order).id;
                let row = self.work(record, OutboxKind::TicketTransferred, order, *to);
                rows.push(Row::Outbox(Box::new(OutboxRow { ticket: Some(*ticket), ..row })));
            }
        }
        self.ledger_rows(record, rows);
        if let Some(list) = &self.waitlist {
            rows.extend(list.news.iter().map(|news| self.waitlist_row(record, news)));
        }
    }

    fn waitlist_row(&self, record: &Record, news: &EntryNews) -> Row {
        let EntryNews { entry, status } = news;
        let tier = &self.layout.tiers()[entry.wish.tier.ix()];
        let (part, is_area, accessible, apart) = match entry.wish.place {
            WishedPlace::Area(area) => (Some(self.layout.area_id(area).to_owned()), true, false, true),
            WishedPlace::Seats { section, accessible, apart } => {
                (section.map(|section| self.layout.section_id(section).to_owned()), false, accessible, apart)
            }
        };
        let (status, offered_until) = match *status {
            Status::Waiting => ("waiting", None),
            Status::Offered { until } => ("offered", Some(until)),
            Status::Ended(end) => (end.name(), None),
        };
        Row::Waitlist(Box::new(WaitlistRow {
            event: self.event,
            number: entry.number,
            customer: entry.customer,
            tier: tier.id,
            tier_name: tier.name.clone(),
            part,
            is_area,
            quantity: entry.wish.quantity,
            accessible,
            apart,
            has_priority: entry.has_priority,
            status,
            joined_at: entry.joined_at,
            hold: entry.offer,
            offered_until,
            changed_at: record.at,
            lsn: self.lsn,
        }))
    }

    fn box_office_rows(&self, record: &Record, sold: &BoxOfficeOrder, rows: &mut Vec<Row>) {
        let at = self.orders.at(sold.order);
        rows.push(self.order_row(at));
        let amount_minor = Some(sold.placed.total_minor());
        rows.push(self.payment_row(record, sold.order, sold.payment, PaymentStatus::Captured, amount_minor));
        let range = self.orders.get(at).tickets.clone();
        rows.extend(self.tickets.range(range).iter().map(|ticket| self.ticket_row(ticket.id)));
        rows.push(Row::BoxOfficeSale(Box::new(BoxOfficeSaleRow {
            order: sold.order,
            event: self.event,
            user: record.origin.user,
            tender: sold.tender,
            at: record.at,
            lsn: self.lsn,
        })));
        rows.push(self.outbox_row(record, OutboxKind::OrderPaid, sold.order, self.buyer(sold.order)));
    }

    fn door_rows(&self, record: &Record, change: &DoorChange, rows: &mut Vec<Row>) {
        match *change {
            DoorChange::ScanQueued { ticket, direction, scanned_at, .. } => {
                rows.push(self.ticket_row(ticket));
                rows.extend(self.entry_row(record, ticket, direction, scanned_at));
            }
            DoorChange::ScanUndone { ticket, .. } => rows.push(self.ticket_row(ticket)),
            DoorChange::ScanConflicted { ticket, direction, scanned_at, forced, reason, nonce: _ } => {
                rows.push(Row::Conflict(Box::new(ConflictRow {
                    event: self.event,
                    ticket,
                    user: record.origin.user,
                    direction,
                    scanned_at,
                    forced,
                    reason,
                    at: record.at,
                    lsn: self.lsn,
                })));
            }
        }
    }

    /// What is sold to everybody, as of the last change, which is of `at`.
    pub fn offer(&self, at: TimeUs) -> Row {
        let offered = self.layout.tiers().iter().filter(|tier| tier.is_offered());
        let tiers = offered.map(|tier| {
            let sale = tier.sale.within(self.layout.policy().sale);
            let prices = offered_prices(tier, sale);
            OfferedTier { tier: tier.id, name: tier.name.clone(), price_minor: tier.price_minor, sale, prices }
        });
        Row::Offer(Box::new(OfferRow { event: self.event, tiers: tiers.collect(), at, lsn: self.lsn }))
    }

    fn order_of(&self, hold: HoldId) -> Option<OrderAt> {
        match self.holds.find(hold)? {
            Found::Live(_, hold) => hold.order,
            Found::Ended(ended) => ended.order,
        }
    }

    fn buyer(&self, order: OrderId) -> UserId {
        self.orders.get(self.orders.at(order)).placed.customer
    }

    fn order_row(&self, at: OrderAt) -> Row {
        Row::Order(Box::new(self.order_as_row(at)))
    }

    /// The order and its tickets as their rows would be written now.
    pub fn order_rows(&self, id: OrderId) -> Option<OrderRows> {
        let (at, order) = self.orders.find(id)?;
        let tickets = self.tickets.range(order.tickets.clone()).iter().map(|ticket| self.ticket_as_row(ticket.id));
        Some(OrderRows { order: self.order_as_row(at), tickets: tickets.collect() })
    }

    fn order_as_row(&self, at: OrderAt) -> OrderRow {
        let order = self.orders.get(at);
        let items = order.placed.items.iter().enumerate().map(|(at, item)| {
            let (place, is_area) = self.place_name(item.place);
            let tier = &self.layout.tiers()[item.tier.ix()];
            ItemRow {
                place,
                is_area,
                quantity: item.place.units(),
                tier: tier.id,
                tier_name: tier.name.clone(),
                price_minor: item.price_minor,
                refund: order.refund_of(item.tier).cloned(),
                discount: self
                    .discount_label(&order.placed, at)
                    .map(|label| ItemDiscount { label, off_minor: item.off.minor() }),
            }
        });
        OrderRow {
            order: order.id,
            event: self.event,
            customer: order.placed.customer,
            status: order.status.name(),
            items: items.collect(),
            total_minor: order.placed.total_minor(),
            refunded_minor: order.refunded_minor,
            currency: self.layout.policy().currency,
            placed_at: order.placed_at,
            expires_at: order.expires_at,
            lsn: self.lsn,
        }
    }

    fn found(&self, id: TicketId) -> &crate::tickets::Ticket {
        self.tickets.find(id).expect("a ticket that has changed exists")
    }

    fn ticket_row(&self, id: TicketId) -> Row {
        Row::Ticket(Box::new(self.ticket_as_row(id)))
    }

    fn ticket_as_row(&self, id: TicketId) -> TicketRow {
        let ticket = self.found(id);
        let (place, is_area) = self.place_name(ticket.place);
        let tier = &self.layout.tiers()[ticket.tier.ix()];
        TicketRow {
            ticket: id,
            order: self.orders.get(ticket.order).id,
            event: self.event,
            holder: ticket.holder,
            place,
            is_area,
            tier: tier.id,
            tier_name: tier.name.clone(),
            price_minor: ticket.price_minor,
            state: ticket.state.name(),
            generation: ticket.generation,
            issued_at: ticket.issued_at,
            scanned_at: ticket.last_scan().map(|scan| scan.at),
            lsn: self.lsn,
        }
    }

    /// `amount_minor` is what was captured; before that it is what is asked for.
    fn payment_row(
        &self,
        record: &Record,
        order: OrderId,
        payment: PaymentId,
        status: PaymentStatus,
        amount_minor: Option<i64>,
    ) -> Row {
        let total_minor = || self.orders.get(self.orders.at(order)).placed.total_minor();
        Row::Payment(Box::new(PaymentRow {
            payment,
            order,
            event: self.event,
            status,
            amount_minor: amount_minor.unwrap_or_else(total_minor),
            currency: self.layout.policy().currency,
            at: record.at,
            lsn: self.lsn,
        }))
    }

    fn outbox_row(&self, record: &Record, kind: OutboxKind, order: OrderId, user: UserId) -> Row {
        Row::Outbox(Box::new(self.work(record, kind, order, user)))
    }

    /// `None`: what cost nothing owes nothing.
    fn refund_row(&self, record: &Record, order: OrderId, payment: PaymentId, amount_minor: i64) -> Option<Row> {
        let owed = Some(RefundOwed { payment, amount_minor });
        let row = OutboxRow { owed, ..self.work(record, OutboxKind::PaymentRefund, order, self.buyer(order)) };
        (amount_minor > 0).then(|| Row::Outbox(Box::new(row)))
    }

    /// `None` of an exit.
    fn entry_row(&self, record: &Record, ticket: TicketId, direction: Direction, at: TimeUs) -> Option<Row> {
        let found = self.found(ticket);
        let order = self.orders.get(found.order).id;
        let row = self.work(record, OutboxKind::TicketCheckedIn, order, found.holder);
        let row = OutboxRow { ticket: Some(ticket), at, ..row };
        (direction == Direction::Entry).then(|| Row::Outbox(Box::new(row)))
    }

    /// Of a change that is about no order.
    fn event_outbox_row(&self, record: &Record, kind: OutboxKind) -> Row {
        self.outbox_row(record, kind, NO_ORDER, UserId::from_bytes([0; 16]))
    }

    fn work(&self, record: &Record, kind: OutboxKind, order: OrderId, user: UserId) -> OutboxRow {
        let asker = record.origin.user;
        OutboxRow {
            event: self.event,
            lsn: self.lsn,
            kind,
            order,
            user,
            at: record.at,
            owed: None,
            ticket: None,
            asker,
        }
    }

    fn place_name(&self, place: Place) -> (String, bool) {
        match place {
            Place::Seat(seat) => (self.layout.seat_id(seat), false),
            Place::Area { area, .. } => (self.layout.area_id(area).to_owned(), true),
        }
    }
}

//! One event's story as its durable records tell it, kept by rules of its own: who has which place, and since when. It
//! does not use the engine's state; what the records do to each other must make sense by itself.

use std::collections::{BTreeMap, BTreeSet};

use inventory::{
    Change, Direction, DoorChange, HoldId, Item, OrderId, Place, Record, Reseated, SeatIx, TicketId, TimeUs,
    WaitlistChange,
};

use crate::audit::Findings;
use crate::show::{AREA_CAPACITY, SEATS};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldState {
    Live,
    Bought,
    Released,
    Expired,
}

#[derive(Clone, Debug)]
pub struct Hold {
    pub items: Vec<Item>,
    pub until: TimeUs,
    pub state: HoldState,
    pub order: Option<OrderId>,
    /// LSN of the record that freed it by expiry, with how long it was promised by then.
    pub expired: Option<(u64, TimeUs)>,
}

#[derive(Clone, Debug)]
pub struct Order {
    pub hold: HoldId,
    pub items: Vec<Item>,
    pub status: &'static str,
    pub paid_lsn: Option<u64>,
}

#[derive(Clone, Debug)]
struct Ticket {
    place: Place,
    is_inside: bool,
    was_inside: bool,
    /// Scans that stand, by their nonces.
    scans: Vec<(u64, Direction)>,
    is_void: bool,
    is_refunded: bool,
    generation: u32,
}

#[derive(Default)]
pub struct Ledger {
    pub last_lsn: u64,
    seats: BTreeSet<SeatIx>,
    area_units: u32,
    pub sold_units: u32,
    pub holds: BTreeMap<HoldId, Hold>,
    pub orders: BTreeMap<OrderId, Order>,
    tickets: BTreeMap<TicketId, Ticket>,
    /// Every time a seat was taken (`true`) or freed.
    pub seat_log: Vec<(u64, SeatIx, bool)>,
}

impl Ledger {
    /// `places` says where the tickets are, as far as anybody has been told.
    pub fn new(places: &BTreeMap<TicketId, Place>) -> Self {
        let ticket = |(&id, &place): (&TicketId, &Place)| {
            let unused = Ticket {
                place,
                is_inside: false,
                was_inside: false,
                scans: Vec::new(),
                is_void: false,
                is_refunded: false,
                generation: 1,
            };
            (id, unused)
        };
        Self { tickets: places.iter().map(ticket).collect(), ..Self::default() }
    }

    pub fn held_units(&self) -> u32 {
        let live = self.holds.values().filter(|hold| hold.state == HoldState::Live);
        live.flat_map(|hold| &hold.items).map(|item| item.place.units()).sum()
    }

    pub fn follow(&mut self, record: &Record, findings: &mut Findings) {
        if record.lsn.0 != self.last_lsn + 1 {
            findings.add(format!("record {} follows record {}", record.lsn, self.last_lsn));
        }
        self.last_lsn = record.lsn.0;
        match &record.change {
            Change::SeatMapSet(_)
            | Change::TierSet(_)
            | Change::TierSetInFull(_)
            | Change::TierSetWithRefundSteps(_)
            | Change::AccessCodeSet(_)
            | Change::DiscountCodeSet(_)
            | Change::PolicySet(_)
            | Change::Published
            | Change::EventCancelled
            | Change::BlockSet { .. }
            | Change::PaymentDeclined { .. }
            | Change::PaymentRefused { .. }
            | Change::Line(_)
            | Change::PolicySetInFull(_)
            | Change::Waitlist(
                WaitlistChange::Set(_)
                | WaitlistChange::Joined { .. }
                | WaitlistChange::Ended { .. }
                | WaitlistChange::Closed { .. },
            ) => {}
            Change::HoldPlaced(placed)
            | Change::HoldPlacedByCode(placed)
            | Change::HoldPlacedAtDiscount(placed)
            | Change::HoldPlacedAtBoxOffice(placed)
            | Change::Waitlist(WaitlistChange::Offered { placed, number: _ }) => {
                self.take(&placed.items, findings);
                let hold = Hold {
                    items: placed.items.clone(),
                    until: placed.expires_at,
                    state: HoldState::Live,
                    order: None,
                    expired: None,
                };
                if self.holds.insert(placed.hold, hold).is_some() {
                    findings.add(format!("hold {} is placed twice", placed.hold));
                }
            }
            Change::HoldExtended { hold, expires_at } => self.live(*hold, findings).until = *expires_at,
            Change::PaymentStarted { order, expires_at, .. } => {
                let hold = self.order(*order, findings).hold;
                self.live(hold, findings).until = *expires_at;
            }
            Change::HoldReleased { hold } => self.end(*hold, HoldState::Released, findings),
            Change::HoldsExpired { holds } => self.expire(record, holds, findings),
            Change::OrderPlaced { order, hold, .. } => {
                let found = self.live(*hold, findings);
                if found.order.replace(*order).is_some() {
                    findings.add(format!("hold {hold} has two orders"));
                }
                let items = found.items.clone();
                let placed = Order { hold: *hold, items, status: "pending_payment", paid_lsn: None };
                self.orders.insert(*order, placed);
            }
            Change::BoxOfficeSold(sale) => {
                let placed = &sale.placed;
                if let Some(held) = sale.held {
                    self.end(held, HoldState::Bought, findings);
                }
                self.take(&placed.items, findings);
                let paid_lsn = Some(self.last_lsn);
                let sold = Order { hold: placed.hold, items: placed.items.clone(), status: "paid", paid_lsn };
                self.orders.insert(sale.order, sold);
            }
            Change::OrderPaid { order, reseated, .. } => self.pay(*order, reseated, findings),
            Change::OrderCancelled { order } => {
                let found = self.step(*order, &["pending_payment"], "cancelled", findings);
                self.end(found, HoldState::Released, findings);
            }
            Change::OrderRefunded { order, tickets, .. } | Change::OrderRefundedToWallet { order, tickets, .. } => {
                self.refund(*order, tickets, findings);
            }
            Change::TicketScanned { ticket, direction, nonce } => self.scan(*ticket, *direction, *nonce, findings),
            Change::Door(change) => self.at_door(change, findings),
            Change::TicketVoided { ticket } => self.ticket(*ticket, findings).is_void = true,
            Change::TicketTransferred { ticket, generation, .. } => {
                let found = self.ticket(*ticket, findings);
                if *generation != found.generation + 1 || found.was_inside || found.is_void {
                    findings.add(format!("ticket {ticket} is transferred although it may not be"));
                }
                self.ticket(*ticket, findings).generation = *generation;
            }
        }
    }

    fn take(&mut self, items: &[Item], findings: &mut Findings) {
        for item in items {
            match item.place {
                Place::Seat(seat) => {
                    if seat.0 >= SEATS || !self.seats.insert(seat) {
                        findings.add(format!("I1: seat {seat:?} has two owners after record {}", self.last_lsn));
                    }
                    self.seat_log.push((self.last_lsn, seat, true));
                }
                Place::Area { quantity, .. } => {
                    self.area_units += quantity;
                    if self.area_units > AREA_CAPACITY {
                        findings.add(format!("I1: the area is overfull after record {}", self.last_lsn));
                    }
                }
            }
        }
    }

    fn give_back(&mut self, places: impl IntoIterator<Item = Place>) {
        for place in places {
            match place {
                Place::Seat(seat) => {
                    self.seats.remove(&seat);
                    self.seat_log.push((self.last_lsn, seat, false));
                }
                Place::Area { quantity, .. } => self.area_units = self.area_units.saturating_sub(quantity),
            }
        }
    }

    /// The hold, which must be live; another's shadow when it is not there at all.
    fn live(&mut self, id: HoldId, findings: &mut Findings) -> &mut Hold {
        let lsn = self.last_lsn;
        let hold = self.holds.entry(id).or_insert_with(|| Hold {
            items: Vec::new(),
            until: TimeUs::MIN,
            state: HoldState::Released,
            order: None,
            expired: None,
        });
        if hold.state != HoldState::Live {
            findings.add(format!("record {lsn} uses hold {id}, which is not live"));
        }
        hold
    }

    fn end(&mut self, id: HoldId, state: HoldState, findings: &mut Findings) {
        let hold = self.live(id, findings);
        hold.state = state;
        let places: Vec<Place> = hold.items.iter().map(|item| item.place).collect();
        self.give_back(places);
    }

    fn expire(&mut self, record: &Record, holds: &[HoldId], findings: &mut Findings) {
        for &id in holds {
            let until = self.live(id, findings).until;
            if until > record.at {
                findings.add(format!("I5: hold {id} expires before its time by its own record"));
            }
            self.end(id, HoldState::Expired, findings);
            let lsn = self.last_lsn;
            let hold = self.holds.get_mut(&id).and_then(|hold| {
                hold.expired = Some((lsn, until));
                hold.order
            });
            if let Some(order) = hold {
                self.step(order, &["pending_payment"], "expired", findings);
            }
        }
    }

    fn order(&mut self, id: OrderId, findings: &mut Findings) -> &mut Order {
        let lsn = self.last_lsn;
        self.orders.entry(id).or_insert_with(|| {
            findings.add(format!("record {lsn} speaks of order {id}, which was never placed"));
            Order { hold: HoldId::from_bytes([0; 16]), items: Vec::new(), status: "draft", paid_lsn: None }
        })
    }

    /// Moves the order on and says which hold it has.
    fn step(&mut self, id: OrderId, from: &[&str], to: &'static str, findings: &mut Findings) -> HoldId {
        let order = self.order(id, findings);
        if !from.contains(&order.status) {
            findings.add(format!("order {id} goes from {} to {to}", order.status));
        }
        order.status = to;
        order.hold
    }

    fn pay(&mut self, id: OrderId, reseated: &Reseated, findings: &mut Findings) {
        let hold = self.step(id, &["pending_payment", "expired"], "paid", findings);
        let lsn = self.last_lsn;
        let order = self.order(id, findings);
        order.paid_lsn = Some(lsn);
        if let Reseated::OtherPlaces(items) = reseated {
            order.items.clone_from(items);
        }
        let items = order.items.clone();
        self.sold_units += items.iter().map(|item| item.place.units()).sum::<u32>();
        match self.holds.get_mut(&hold) {
            Some(live) if live.state == HoldState::Live => live.state = HoldState::Bought,
            Some(_) if *reseated != Reseated::No => self.take(&items, findings),
            Some(_) | None => findings.add(format!("order {id} is paid in time without a live hold")),
        }
    }

    fn refund(&mut self, id: OrderId, tickets: &[TicketId], findings: &mut Findings) {
        let mut places = Vec::new();
        for ticket in tickets {
            let found = self.ticket(*ticket, findings);
            if found.is_refunded || found.was_inside {
                findings.add(format!("ticket {ticket} is refunded although it may not be"));
            }
            let found = self.ticket(*ticket, findings);
            found.is_refunded = true;
            found.is_void = true;
            places.push(found.place);
        }
        self.sold_units = self.sold_units.saturating_sub(places.len() as u32);
        self.give_back(places);
        let lsn = self.last_lsn;
        let order = self.order(id, findings);
        if !matches!(order.status, "paid" | "partially_refunded") {
            findings.add(format!("record {lsn} refunds an order that is {}", order.status));
        }
        order.status = "partially_refunded";
    }

    fn at_door(&mut self, change: &DoorChange, findings: &mut Findings) {
        match *change {
            DoorChange::ScanQueued { ticket, direction, nonce, .. } => self.scan(ticket, direction, nonce, findings),
            // Told, and nothing else.
            DoorChange::ScanConflicted { .. } => {}
            DoorChange::ScanUndone { ticket: id, nonce, .. } => {
                let ticket = self.ticket(id, findings);
                if ticket.scans.pop().is_none_or(|(last, _)| last != nonce) {
                    findings.add(format!("a scan of ticket {id} is undone that is not its last"));
                }
                let ticket = self.ticket(id, findings);
                ticket.was_inside = !ticket.scans.is_empty();
                ticket.is_inside = matches!(ticket.scans.last(), Some((_, Direction::Entry)));
            }
        }
    }

    fn scan(&mut self, id: TicketId, direction: Direction, nonce: u64, findings: &mut Findings) {
        let ticket = self.ticket(id, findings);
        let is_entry = direction == Direction::Entry;
        if ticket.is_inside == is_entry || ticket.is_void {
            findings.add(format!("ticket {id} is admitted twice, or let out twice, or void"));
        }
        let ticket = self.ticket(id, findings);
        ticket.is_inside = is_entry;
        ticket.was_inside = true;
        ticket.scans.push((nonce, direction));
    }

    fn ticket(&mut self, id: TicketId, findings: &mut Findings) -> &mut Ticket {
        self.tickets.entry(id).or_insert_with(|| {
            findings.add(format!("ticket {id} was never issued"));
            Ticket {
                place: Place::Seat(SeatIx(u32::MAX)),
                is_inside: false,
                was_inside: false,
                scans: Vec::new(),
                is_void: false,
                is_refunded: false,
                generation: 1,
            }
        })
    }
}

//! What the core knows of one hold, order or ticket, for reading. Owners are told: who may see it is the caller's rule.

use std::sync::Arc;

use crate::holds::{End, Found};
use crate::{
    HoldId, Inventory, Item, Lsn, OrderId, OrderStatus, PaymentId, Place, PlacedHold, TicketId, TicketState, TierIx,
    TimeUs, UserId, WaitlistSettings,
};

/// The seats of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowStates {
    pub section: String,
    pub row: String,
    /// One letter per seat, see [`crate::SeatState::letter`].
    pub states: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum HoldView {
    Live {
        placed: Arc<PlacedHold>,
        placed_at: TimeUs,
        /// Extensions included, unlike that in `placed`. In the past when expiry is due and has not run yet.
        expires_at: TimeUs,
        order: Option<OrderId>,
    },
    Released {
        customer: UserId,
    },
    Expired {
        customer: UserId,
    },
    Confirmed {
        customer: UserId,
    },
}

impl HoldView {
    pub fn customer(&self) -> UserId {
        match self {
            Self::Live { placed, .. } => placed.customer,
            Self::Released { customer } | Self::Expired { customer } | Self::Confirmed { customer } => *customer,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct OrderView {
    pub order: OrderId,
    pub hold: HoldId,
    pub customer: UserId,
    pub status: OrderStatus,
    pub items: Vec<Item>,
    pub total_minor: i64,
    pub refunded_minor: i64,
    pub placed_at: TimeUs,
    pub expires_at: TimeUs,
    pub paid_by: Option<PaymentId>,
    /// The places differ from those that were held.
    pub reseated: bool,
    pub tickets: Vec<TicketId>,
    /// The state that this view shows.
    pub lsn: Lsn,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TicketView {
    pub ticket: TicketId,
    pub order: OrderId,
    pub holder: UserId,
    /// One unit.
    pub place: Place,
    pub tier: TierIx,
    pub price_minor: i64,
    pub generation: u32,
    pub state: TicketState,
    pub issued_at: TimeUs,
    pub scanned_at: Option<TimeUs>,
    /// Of the scan at `scanned_at`.
    pub scan_nonce: Option<u64>,
    /// The state that this view shows.
    pub lsn: Lsn,
}

/// The waitlist as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitlistView {
    pub settings: WaitlistSettings,
    /// Those who wait, and those who have an offer.
    pub waiting: u32,
    pub offered: u32,
}

impl Inventory {
    /// Of an event that never had one: off.
    pub fn waitlist(&self) -> WaitlistView {
        let Some(list) = self.waitlist.as_deref() else {
            return WaitlistView { settings: WaitlistSettings::default(), waiting: 0, offered: 0 };
        };
        let waiting: usize = list.waiting().values().map(std::collections::BTreeSet::len).sum();
        WaitlistView { settings: list.settings, waiting: waiting as u32, offered: list.offer_count() as u32 }
    }

    /// Number, customer and offer of every entry, by number: for comparison.
    pub fn waitlist_entries(&self) -> Vec<(u32, UserId, Option<HoldId>)> {
        let entries = self.waitlist.iter().flat_map(|list| list.all());
        entries.map(|entry| (entry.number, entry.customer, entry.offer)).collect()
    }

    /// Names of the blocks that are withheld from sale, in the order of the seat map.
    pub fn blocks_withheld(&self) -> Vec<String> {
        let withheld = self.house.blocks_withheld();
        let blocks = self.layout.grid.blocks.iter().enumerate();
        blocks.filter(|(at, _)| withheld >> at & 1 == 1).map(|(_, name)| name.to_string()).collect()
    }

    /// Holds that ended long ago are not known any more, see [`crate::limits::HOLDS_ENDED_MAX`].
    pub fn hold(&self, id: HoldId) -> Option<HoldView> {
        Some(match self.holds.find(id)? {
            Found::Live(_, hold) => HoldView::Live {
                placed: Arc::clone(&hold.placed),
                placed_at: hold.placed_at,
                expires_at: hold.expires_at,
                order: hold.order.map(|order| self.orders.get(order).id),
            },
            Found::Ended(ended) => match ended.end {
                End::Released => HoldView::Released { customer: ended.customer },
                End::Expired => HoldView::Expired { customer: ended.customer },
                End::Confirmed => HoldView::Confirmed { customer: ended.customer },
            },
        })
    }

    /// Live holds of the customer and when they were placed, by ascending id behind `after`, at most `count`.
    pub fn holds_of(&self, customer: UserId, after: Option<HoldId>, count: usize) -> Vec<(Arc<PlacedHold>, TimeUs)> {
        if self.customers.get(customer).is_none_or(|customer| customer.holds == 0) {
            return Vec::new();
        }
        let live = self.holds.iter_live().map(|(_, hold)| hold).filter(|hold| hold.placed.customer == customer);
        let mut holds: Vec<_> = live
            .filter(|hold| after.is_none_or(|after| hold.placed.hold > after))
            .map(|hold| (Arc::clone(&hold.placed), hold.placed_at))
            .collect();
        holds.sort_unstable_by_key(|(placed, _)| placed.hold);
        holds.truncate(count);
        holds
    }

    pub fn order(&self, id: OrderId) -> Option<OrderView> {
        let (_, order) = self.orders.find(id)?;
        Some(OrderView {
            order: id,
            hold: order.placed.hold,
            customer: order.placed.customer,
            status: order.status,
            items: order.placed.items.clone(),
            total_minor: order.placed.total_minor(),
            refunded_minor: order.refunded_minor,
            placed_at: order.placed_at,
            expires_at: order.expires_at,
            paid_by: order.paid_by,
            reseated: order.reseated,
            tickets: self.tickets.range(order.tickets.clone()).iter().map(|ticket| ticket.id).collect(),
            lsn: self.lsn,
        })
    }

    pub fn ticket(&self, id: TicketId) -> Option<TicketView> {
        let ticket = self.tickets.find(id)?;
        Some(TicketView {
            ticket: id,
            order: self.orders.get(ticket.order).id,
            holder: ticket.holder,
            place: ticket.place,
            tier: ticket.tier,
            price_minor: ticket.price_minor,
            generation: ticket.generation,
            state: ticket.state,
            issued_at: ticket.issued_at,
            scanned_at: ticket.last_scan().map(|scan| scan.at),
            scan_nonce: ticket.last_scan().map(|scan| scan.nonce),
            lsn: self.lsn,
        })
    }
}

use std::sync::Arc;

use crate::codes::Codes;
use crate::customers::Customers;
use crate::discounts::Discounts;
use crate::door::Door;
use crate::holds::Holds;
use crate::house::House;
use crate::keys::{Keys, is_past};
use crate::layout::Layout;
use crate::line::Line;
use crate::orders::Orders;
use crate::presence::Presence;
use crate::sales::Sales;
use crate::tickets::{Ticket, Tickets};
use crate::{Answer, EventId, Item, Lsn, Origin, Phase, Rejection, TimeUs};

/// The state of one event: the fold of its changes.
#[derive(Debug)]
pub struct Inventory {
    pub(crate) event: EventId,
    pub(crate) lsn: Lsn,
    pub(crate) phase: Phase,
    pub(crate) layout: Arc<Layout>,
    pub(crate) house: House,
    pub(crate) sales: Sales,
    pub(crate) holds: Holds,
    pub(crate) codes: Codes,
    pub(crate) discounts: Discounts,
    pub(crate) customers: Customers,
    pub(crate) orders: Orders,
    pub(crate) tickets: Tickets,
    pub(crate) keys: Keys,
    /// `None` for an event that never had a waiting room.
    pub(crate) line: Option<Box<Line>>,
    /// `None` for an event that never needed one.
    pub(crate) door: Option<Box<Door>>,
    pub(crate) presence: Presence,
}

impl Inventory {
    /// A draft without a seat map.
    pub fn new(event: EventId) -> Self {
        Self {
            event,
            lsn: Lsn::ZERO,
            phase: Phase::Draft,
            layout: Arc::new(Layout::empty()),
            house: House::default(),
            sales: Sales::default(),
            holds: Holds::default(),
            codes: Codes::default(),
            discounts: Discounts::default(),
            customers: Customers::default(),
            orders: Orders::default(),
            tickets: Tickets::default(),
            keys: Keys::default(),
            line: None,
            door: None,
            presence: Presence::default(),
        }
    }

    pub const fn event(&self) -> EventId {
        self.event
    }

    /// Of the last applied change.
    pub const fn lsn(&self) -> Lsn {
        self.lsn
    }

    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Empty for a draft without a seat map; another `Arc` whenever seat map, tiers or policy change.
    pub const fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// What is held and sold, item by item.
    pub(crate) fn taken_items(&self) -> impl Iterator<Item = Item> {
        let held = self.holds.iter_live().flat_map(|(_, hold)| hold.placed.items.iter().copied());
        let tickets = self.tickets.all().iter().filter(|ticket| !ticket.refunded);
        held.chain(tickets.map(Ticket::item))
    }

    /// When the next hold is due, if there is one. Its seats are free once [`crate::Verb::ExpireHolds`] has run.
    pub fn next_due(&self) -> Option<TimeUs> {
        self.holds.next_due()
    }

    /// The answer that was given under the caller's key; `None` when there is no key or it is not known, or no longer:
    /// keys older than [`crate::limits::KEY_TTL_US`] count as unknown.
    pub fn answer_to_key(&self, now: TimeUs, origin: &Origin) -> Option<Result<Answer, Rejection>> {
        let key = origin.key?;
        let answered = self.keys.get(&key.key)?;
        if is_past(answered.at, now) {
            return None;
        }
        if answered.key.body != key.body {
            return Some(Err(Rejection::KeyReused));
        }
        Some(Ok(answered.answer()))
    }

    /// The change whose answer is remembered under the key. A repeat may be answered once that change is durable.
    pub fn lsn_of_key(&self, key: &[u8; 16]) -> Option<Lsn> {
        self.keys.get(key).map(|answered| answered.lsn)
    }
}

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
use crate::waitlist::Waitlist;
use crate::{Answer, EventId, HoldId, Item, Lsn, Origin, Phase, Rejection, SeatIx, TimeUs, Verb};

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
    /// `None` for an event that never had one.
    pub(crate) waitlist: Option<Box<Waitlist>>,
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
            waitlist: None,
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

    /// When something is due that the time brings: a hold, or the end of a list. [`Inventory::due`] is to be asked then.
    pub fn next_due(&self) -> Option<TimeUs> {
        [self.holds.next_due(), self.waitlist_due()].into_iter().flatten().min()
    }

    /// What is due at `now`. The seats of a hold are free once [`Verb::ExpireHolds`] has run.
    pub fn due(&self, now: TimeUs) -> Option<Verb> {
        let is_past = |due: Option<TimeUs>| due.is_some_and(|due| due <= now);
        if is_past(self.holds.next_due()) {
            return Some(Verb::ExpireHolds);
        }
        is_past(self.waitlist_due()).then_some(Verb::CloseWaitlist)
    }

    /// When those who wait are to be sent home.
    pub(crate) fn waitlist_due(&self) -> Option<TimeUs> {
        let list = self.waitlist.as_deref().filter(|list| list.has_waiters())?;
        let is_over = !list.settings.active || self.phase == Phase::Cancelled;
        if is_over { Some(TimeUs::MIN) } else { list.settings.closes_at }
    }

    pub(crate) fn is_accessible(&self, seat: SeatIx) -> bool {
        let grid = &self.layout.grid;
        let spot = grid.spot(seat);
        grid.rows[spot.row as usize].accessible & spot.bit() != 0
    }

    /// Somebody waits for places.
    pub fn has_waiters(&self) -> bool {
        self.waitlist.as_deref().is_some_and(Waitlist::has_waiters)
    }

    /// The hold was offered to somebody who had waited, and is live.
    pub(crate) fn is_offer(&self, hold: HoldId) -> bool {
        self.waitlist.as_deref().is_some_and(|list| list.of_offer(hold).is_some())
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

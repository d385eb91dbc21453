//! What the world sees of a change: the places and holds that it touches. Said before the change is made, because a hold
//! that ends takes the knowledge of its places with it; their states are read afterwards.

use crate::holds::Found;
use crate::{
    AreaIx, Change, Counts, HoldId, Inventory, Item, LineChange, Lsn, OrderId, Phase, Place, PlacedHold, Record,
    Reseated, SeatIx, SeatState, TicketId, TimeUs, UserId, WaitlistChange,
};

/// The places that one record touches, and what becomes of holds. A place may stand here twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub seats: Vec<SeatIx>,
    pub areas: Vec<AreaIx>,
    pub holds: Vec<HoldNews>,
    /// Whose session in the waiting room may begin, grow or end, or whose place is claimed or given up. What has become of
    /// it is read afterwards: [`Inventory::shopper`].
    pub shoppers: Vec<UserId>,
    /// The phase that begins.
    pub phase: Option<Phase>,
}

/// One shopper's session as of one LSN, for himself alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShopperNews {
    pub user: UserId,
    /// When his session ends, which may be past. `None`: he has none.
    pub until: Option<TimeUs>,
    pub lsn: Lsn,
}

/// What became of one hold at one LSN, for its customer alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldNews {
    pub hold: HoldId,
    pub customer: UserId,
    pub kind: HoldKind,
    /// As last set, also for a hold that has ended.
    pub expires_at: TimeUs,
    pub lsn: Lsn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldKind {
    Placed,
    /// By its holder or by a payment that has started.
    Extended,
    /// By its holder, or with its order.
    Released,
    Expired,
    /// Paid for.
    Confirmed,
}

impl Touched {
    pub fn clear(&mut self) {
        self.seats.clear();
        self.areas.clear();
        self.holds.clear();
        self.shoppers.clear();
        self.phase = None;
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.place(item.place);
        }
    }

    fn place(&mut self, place: Place) {
        match place {
            Place::Seat(seat) => self.seats.push(seat),
            Place::Area { area, .. } => self.areas.push(area),
        }
    }
}

impl Inventory {
    /// Adds to `touched` what `record` will touch. Call it right before the record is applied. A change of the layout
    /// touches nothing here: see [`Inventory::layout`].
    ///
    /// # Panics
    /// When the record is not the next one, or does not follow from the state.
    pub fn touches(&self, record: &Record, touched: &mut Touched) {
        assert_eq!(record.lsn, self.lsn.next(), "what a change touches is read right before it");
        let lsn = record.lsn;
        match &record.change {
            Change::SeatMapSet(_)
            | Change::TierSet(_)
            | Change::TierSetInFull(_)
            | Change::TierSetWithRefundSteps(_)
            | Change::AccessCodeSet(_)
            | Change::DiscountCodeSet(_)
            | Change::PolicySet(_)
            | Change::PaymentDeclined { .. }
            | Change::PaymentRefused { .. }
            | Change::TicketScanned { .. }
            | Change::TicketVoided { .. }
            | Change::TicketTransferred { .. }
            | Change::Door(_)
            | Change::PolicySetInFull(_)
            | Change::Waitlist(
                WaitlistChange::Set(_)
                | WaitlistChange::Joined { .. }
                | WaitlistChange::Ended { .. }
                | WaitlistChange::Closed { .. },
            ) => {}
            Change::Line(change) => self.touches_line(change, touched),
            Change::OrderPlaced { customer, .. } => self.touches_shopper(*customer, touched),
            Change::Published => touched.phase = Some(Phase::Published),
            Change::EventCancelled => touched.phase = Some(Phase::Cancelled),
            Change::BlockSet { block, .. } => self.touches_block(block, touched),
            Change::HoldPlaced(placed)
            | Change::HoldPlacedByCode(placed)
            | Change::HoldPlacedAtDiscount(placed)
            | Change::HoldPlacedAtBoxOffice(placed)
            | Change::Waitlist(WaitlistChange::Offered { placed, number: _ }) => {
                touched.items(&placed.items);
                touched.holds.push(news(placed, HoldKind::Placed, placed.expires_at, lsn));
                self.touches_shopper(placed.customer, touched);
            }
            Change::HoldExtended { hold, expires_at } => {
                self.touches_expiry(*hold, *expires_at, lsn, touched);
                if let Some(Found::Live(_, hold)) = self.holds.find(*hold) {
                    self.touches_shopper(hold.placed.customer, touched);
                }
            }
            Change::PaymentStarted { order, expires_at, .. } => {
                self.touches_expiry(self.hold_of(*order), *expires_at, lsn, touched);
                self.touches_shopper(self.orders.get(self.orders.at(*order)).placed.customer, touched);
            }
            Change::HoldReleased { hold } => self.touches_end(*hold, HoldKind::Released, lsn, touched),
            Change::OrderCancelled { order } => {
                self.touches_end(self.hold_of(*order), HoldKind::Released, lsn, touched);
            }
            Change::HoldsExpired { holds } => {
                for hold in holds {
                    self.touches_end(*hold, HoldKind::Expired, lsn, touched);
                }
            }
            Change::OrderPaid { order, reseated, .. } => self.touches_sale(*order, reseated, lsn, touched),
            Change::BoxOfficeSold(sold) => match sold.held {
                Some(hold) => self.touches_end(hold, HoldKind::Confirmed, lsn, touched),
                None => touched.items(&sold.placed.items),
            },
            Change::OrderRefunded { tickets, .. } | Change::OrderRefundedToWallet { tickets, .. } => {
                self.touches_tickets(tickets, touched);
            }
        }
    }

    fn hold_of(&self, order: OrderId) -> HoldId {
        self.orders.get(self.orders.at(order)).placed.hold
    }

    fn touches_block(&self, block: &str, touched: &mut Touched) {
        let grid = &self.layout.grid;
        let block = grid.find_block(block).expect("only known blocks are set");
        touched.seats.extend((0..grid.seat_count()).map(SeatIx).filter(|seat| grid.block_of(*seat) == block));
        let areas = (0..).zip(&grid.areas).filter(|(_, area)| area.block == block);
        touched.areas.extend(areas.map(|(area, _)| AreaIx(area)));
    }

    fn touches_expiry(&self, hold: HoldId, expires_at: TimeUs, lsn: Lsn, touched: &mut Touched) {
        if let Some(Found::Live(_, hold)) = self.holds.find(hold)
            && hold.expires_at != expires_at
        {
            touched.holds.push(news(&hold.placed, HoldKind::Extended, expires_at, lsn));
        }
    }

    fn touches_end(&self, hold: HoldId, kind: HoldKind, lsn: Lsn, touched: &mut Touched) {
        if let Some(Found::Live(_, hold)) = self.holds.find(hold) {
            touched.items(&hold.placed.items);
            touched.holds.push(news(&hold.placed, kind, hold.expires_at, lsn));
        }
    }

    fn touches_sale(&self, order: OrderId, reseated: &Reseated, lsn: Lsn, touched: &mut Touched) {
        let placed = &self.orders.get(self.orders.at(order)).placed;
        self.touches_shopper(placed.customer, touched);
        // Also a hold that is due and has not expired yet.
        self.touches_end(placed.hold, HoldKind::Confirmed, lsn, touched);
        match reseated {
            Reseated::No => {}
            Reseated::SamePlaces => touched.items(&placed.items),
            Reseated::OtherPlaces(items) => touched.items(items),
        }
    }

    fn touches_shopper(&self, user: UserId, touched: &mut Touched) {
        if self.line.is_some() {
            touched.shoppers.push(user);
        }
    }

    fn touches_line(&self, change: &LineChange, touched: &mut Touched) {
        match change {
            LineChange::SessionStarted { user, .. } | LineChange::Left { user, .. } => {
                self.touches_shopper(*user, touched);
            }
            LineChange::RoomSet { .. }
            | LineChange::PreQueueClosed { .. }
            | LineChange::Opened { .. }
            | LineChange::PlacesCalled { .. } => {}
        }
    }

    /// The user's session in the waiting room, as of now.
    pub fn shopper(&self, user: UserId) -> ShopperNews {
        let until = self.line.as_deref().and_then(|line| line.sessions.until(user));
        ShopperNews { user, until, lsn: self.lsn }
    }

    /// All who have a session, in no particular order.
    pub fn shoppers(&self) -> impl Iterator<Item = ShopperNews> {
        let sessions = self.line.as_deref().into_iter().flat_map(|line| line.sessions.ends());
        sessions.map(|(until, user)| ShopperNews { user, until: Some(until), lsn: self.lsn })
    }

    fn touches_tickets(&self, tickets: &[TicketId], touched: &mut Touched) {
        for ticket in tickets {
            let ticket = self.tickets.find(*ticket).expect("only tickets that exist are refunded");
            touched.place(ticket.place);
        }
    }

    /// # Panics
    /// When the seat is not of the layout.
    pub fn seat_state(&self, seat: SeatIx) -> SeatState {
        self.house.state(&self.layout.grid, seat)
    }

    /// # Panics
    /// When the area is not of the layout.
    pub fn area_counts(&self, area: AreaIx) -> Counts {
        self.house.area(area).counts()
    }

    /// Live holds in no particular order, each as [`HoldKind::Placed`] at the LSN of the state.
    pub fn live_holds(&self) -> impl Iterator<Item = HoldNews> {
        self.holds.iter_live().map(|(_, hold)| news(&hold.placed, HoldKind::Placed, hold.expires_at, self.lsn))
    }
}

fn news(placed: &PlacedHold, kind: HoldKind, expires_at: TimeUs, lsn: Lsn) -> HoldNews {
    HoldNews { hold: placed.hold, customer: placed.customer, kind, expires_at, lsn }
}

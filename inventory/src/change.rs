//! What happened: the journal's facts. Append only: a variant or field is never reordered, removed or given another
//! meaning, because the position of a variant is its number on disk (golden files guard it).

pub(crate) mod forms;
mod waitlist;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use waitlist::WaitlistChange;

use crate::{
    AccessCodeSpec, BoxOfficeOrder, Direction, DiscountCodeSpec, HoldId, MinorOff, OrderId, PaymentId, Place, Policy,
    RefusedScan, RoomSettings, SeatIx, SeatMapSpec, TicketId, TierIx, TierSpec, TimeUs, UserId, bytes16, spec,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    SeatMapSet(Box<SeatMapSpec>),
    TierSet(Box<TierSpec>),
    PolicySet(Box<Policy>),
    Published,
    EventCancelled,
    BlockSet {
        block: String,
        withheld: bool,
    },
    HoldPlaced(Arc<PlacedHold>),
    HoldExtended {
        hold: HoldId,
        expires_at: TimeUs,
    },
    HoldReleased {
        hold: HoldId,
    },
    /// Their pending orders expire with them.
    HoldsExpired {
        holds: Vec<HoldId>,
    },
    OrderPlaced {
        order: OrderId,
        hold: HoldId,
        customer: UserId,
        accept_other_seats: bool,
    },
    PaymentStarted {
        order: OrderId,
        payment: PaymentId,
        expires_at: TimeUs,
    },
    PaymentDeclined {
        order: OrderId,
        payment: PaymentId,
    },
    /// Confirms the hold and issues the tickets, whose ids follow from `entropy`.
    OrderPaid {
        order: OrderId,
        payment: PaymentId,
        amount_minor: i64,
        #[serde(with = "bytes16")]
        entropy: [u8; 16],
        reseated: Reseated,
    },
    /// Money for an order that can no longer be served: it goes back.
    PaymentRefused {
        order: OrderId,
        payment: PaymentId,
        amount_minor: i64,
    },
    OrderCancelled {
        order: OrderId,
    },
    OrderRefunded {
        order: OrderId,
        tickets: Vec<TicketId>,
        amount_minor: i64,
    },
    TicketScanned {
        ticket: TicketId,
        direction: Direction,
        nonce: u64,
    },
    TicketVoided {
        ticket: TicketId,
    },
    TicketTransferred {
        ticket: TicketId,
        to: UserId,
        generation: u32,
    },
    /// Of the waiting room.
    Line(LineChange),
    /// A tier with terms; one without is a [`Change::TierSet`].
    TierSetInFull(#[serde(with = "spec::in_full")] Box<TierSpec>),
    /// A hold that draws on access codes; one that does not is a [`Change::HoldPlaced`].
    HoldPlacedByCode(#[serde(with = "forms::by_code")] Arc<PlacedHold>),
    AccessCodeSet(Box<AccessCodeSpec>),
    /// A tier whose refunds go by steps; one without is one of the others.
    TierSetWithRefundSteps(#[serde(with = "spec::with_refund_steps")] Box<TierSpec>),
    /// As [`Change::OrderRefunded`], whose money goes back the way it came. This stays with us, in the buyer's wallet.
    OrderRefundedToWallet {
        order: OrderId,
        tickets: Vec<TicketId>,
        amount_minor: i64,
    },
    /// Of the door. A live scan that was accepted is a [`Change::TicketScanned`].
    Door(DoorChange),
    /// A policy with a limit of entries; one without is a [`Change::PolicySet`].
    PolicySetInFull(#[serde(with = "forms::policy_in_full")] Box<Policy>),
    DiscountCodeSet(Box<DiscountCodeSpec>),
    /// A hold some of whose items are cheaper by discount codes; it may draw on access codes as well.
    HoldPlacedAtDiscount(#[serde(with = "forms::at_discount")] Arc<PlacedHold>),
    /// By the box office: of withheld blocks too, and until it is released.
    HoldPlacedAtBoxOffice(#[serde(with = "forms::at_discount")] Arc<PlacedHold>),
    /// By the box office, paid for.
    BoxOfficeSold(Box<BoxOfficeOrder>),
    Waitlist(WaitlistChange),
}

impl Change {
    pub(crate) fn tier_set(tier: TierSpec) -> Self {
        let tier = Box::new(tier);
        if tier.terms.has_refund_steps() {
            Self::TierSetWithRefundSteps(tier)
        } else if tier.terms == crate::TierTerms::PLAIN {
            Self::TierSet(tier)
        } else {
            Self::TierSetInFull(tier)
        }
    }

    pub(crate) fn policy_set(policy: Policy) -> Self {
        let policy = Box::new(policy);
        if policy.entries_max.is_none() { Self::PolicySet(policy) } else { Self::PolicySetInFull(policy) }
    }

    pub(crate) fn hold_placed(placed: PlacedHold) -> Self {
        let placed = Arc::new(placed);
        match &placed.codes {
            None => Self::HoldPlaced(placed),
            Some(codes) if codes.discounts.is_empty() => Self::HoldPlacedByCode(placed),
            Some(_) => Self::HoldPlacedAtDiscount(placed),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LineChange {
    /// A key begins a new line.
    RoomSet {
        settings: Box<RoomSettings>,
        key: Option<[u8; 32]>,
    },
    /// Numbers below `joined` will be shuffled, once the beacon's value is known.
    PreQueueClosed {
        joined: u32,
    },
    Opened {
        joined: u32,
        shuffled: u32,
        beacon_value: Option<String>,
    },
    PlacesCalled {
        joined: u32,
        /// Ranks below this have been called now.
        called: u32,
        rate_per_min: u32,
        /// Credit that is left.
        carry: u64,
        /// Until when these places can be claimed.
        until: TimeUs,
    },
    SessionStarted {
        user: UserId,
        admission: Admission,
        serial: u64,
        until: TimeUs,
    },
    Left {
        user: UserId,
        /// A session has ended.
        session: bool,
        /// A place was given up: its rank, or its number before the opening.
        place: Option<u32>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum DoorChange {
    /// Decided by a device that was offline, at its time.
    ScanQueued {
        ticket: TicketId,
        direction: Direction,
        nonce: u64,
        scanned_at: TimeUs,
        forced: bool,
    },
    /// The same, and it contradicts what is known: the ticket stays as it is.
    ScanConflicted {
        ticket: TicketId,
        direction: Direction,
        nonce: u64,
        scanned_at: TimeUs,
        forced: bool,
        reason: RefusedScan,
    },
    ScanUndone {
        ticket: TicketId,
        nonce: u64,
        reason: UndoReason,
    },
}

/// Why a scan is taken back. Never a text, which might say something of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UndoReason {
    /// Scanned by mistake.
    Mistake,
    /// Somebody else's ticket.
    WrongPerson,
    /// Admitted by the system and turned away at the door.
    TurnedAway,
    Other,
}

/// By what a shopper has come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Admission {
    Place {
        number: u32,
        rank: u32,
    },
    Priority {
        #[serde(with = "bytes16")]
        pass: [u8; 16],
        until: TimeUs,
    },
}

/// A hold as it was placed. Shared between the state, the remembered answer and the reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacedHold {
    pub hold: HoldId,
    pub customer: UserId,
    pub items: Vec<Item>,
    pub expires_at: TimeUs,
    /// `false` when best available had to split a party.
    pub adjacent: bool,
    /// Hardly any hold has some. Records of version 1 end before it: see [`Change::HoldPlacedByCode`].
    #[serde(skip)]
    pub codes: Option<Box<HoldCodes>>,
}

/// The codes that a hold draws on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldCodes {
    pub access: Vec<CodeUse>,
    /// By ascending item.
    pub discounts: Vec<DiscountUse>,
}

impl HoldCodes {
    pub fn boxed(self) -> Option<Box<Self>> {
        (!self.access.is_empty() || !self.discounts.is_empty()).then(|| Box::new(self))
    }
}

/// One item of a hold is cheaper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountUse {
    /// Position in [`PlacedHold::items`].
    pub item: u32,
    /// `None`: the price was set by hand.
    pub code: Option<[u8; 16]>,
    /// Off one unit.
    pub off_minor: i64,
}

/// The units of one tier in a hold are held, and later bought, by this code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeUse {
    pub tier: TierIx,
    #[serde(with = "bytes16")]
    pub code: [u8; 16],
}

impl PlacedHold {
    pub fn total_minor(&self) -> i64 {
        self.items.iter().map(Item::total_minor).sum()
    }

    pub fn units(&self) -> u32 {
        self.items.iter().map(|item| item.place.units()).sum()
    }

    pub fn codes(&self) -> &[CodeUse] {
        self.codes.as_ref().map_or(&[], |codes| codes.access.as_slice())
    }

    pub fn discounts(&self) -> &[DiscountUse] {
        self.codes.as_ref().map_or(&[], |codes| codes.discounts.as_slice())
    }

    /// Puts in what the general form of a hold leaves out. `None` when it does not fit the items.
    pub(crate) fn set_codes(&mut self, codes: HoldCodes) -> Option<()> {
        for used in &codes.discounts {
            self.items.get_mut(used.item as usize)?.off = MinorOff::new(used.off_minor)?;
        }
        self.codes = codes.boxed();
        Some(())
    }

    /// The discount code of every unit, in the order in which their tickets are issued.
    pub(crate) fn discounts_by_unit(&self) -> impl Iterator<Item = Option<[u8; 16]>> {
        let mut discounts = self.discounts().iter().peekable();
        (0..).zip(&self.items).flat_map(move |(at, item)| {
            let used = discounts.next_if(|used| used.item == at);
            std::iter::repeat_n(used.and_then(|used| used.code), item.place.units() as usize)
        })
    }

    /// The code that holds or has bought the units of the tier.
    pub(crate) fn code_of(&self, tier: TierIx) -> Option<[u8; 16]> {
        self.codes().iter().find(|used| used.tier == tier).map(|used| used.code)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub place: Place,
    pub tier: TierIx,
    /// Price of one unit, frozen when the hold was placed: what is paid.
    pub price_minor: i64,
    /// What a discount took off it. Records have it beside the items: see [`DiscountUse`].
    #[serde(skip)]
    pub off: MinorOff,
}

impl Item {
    /// At its tier's price.
    pub const fn new(place: Place, tier: TierIx, price_minor: i64) -> Self {
        Self { place, tier, price_minor, off: MinorOff::NONE }
    }

    /// What one unit costs without a discount: this names the price step.
    pub const fn list_minor(&self) -> i64 {
        self.price_minor + self.off.minor()
    }

    /// With so much off one unit, which is no more than its price.
    #[must_use]
    pub(crate) const fn cheaper_by(self, off: MinorOff) -> Self {
        Self { price_minor: self.price_minor - off.minor(), off, ..self }
    }

    pub const fn total_minor(&self) -> i64 {
        self.price_minor * self.place.units() as i64
    }

    pub(crate) const fn seat(&self) -> Option<SeatIx> {
        match self.place {
            Place::Seat(seat) => Some(seat),
            Place::Area { .. } => None,
        }
    }
}

/// Units by tier, tier by tier as they come: those of one tier mostly stand together.
pub(crate) fn by_tier(items: &[Item]) -> impl Iterator<Item = (TierIx, u32)> {
    let mut items = items.iter();
    let mut next = items.next();
    std::iter::from_fn(move || {
        let tier = next?.tier;
        let mut units = 0;
        while let Some(item) = next.filter(|item| item.tier == tier) {
            units += item.place.units();
            next = items.next();
        }
        Some((tier, units))
    })
}

/// How a paid order got its places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reseated {
    /// The hold was live.
    No,
    /// The hold had expired, its places were still free.
    SamePlaces,
    /// The hold had expired and the buyer takes these instead, at the old price.
    OtherPlaces(Vec<Item>),
}

//! What callers ask of one event. A command carries everything that the core may not find out by itself: ids, entropy
//! and the caller's idempotency key. The time comes beside it.

use serde::{Deserialize, Serialize};

use crate::{
    AccessCodeSpec, AreaIx, BoxOffice, BoxOfficeSale, DiscountCodeSpec, HoldId, OrderId, PaymentId, Policy,
    PolicyPatch, RequestId, RoomSettings, SeatIx, SeatMapSpec, SectionIx, TicketId, TierId, TierIx, TierPatch,
    TierSpec, TimeUs, UndoReason, UserId, WaitlistSettings, Wish, bytes16,
};

#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    pub origin: Origin,
    pub verb: Verb,
}

/// Who asked, and under which key. Journaled with the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `None` for the engine's own timer.
    pub user: Option<UserId>,
    pub request: Option<RequestId>,
    pub key: Option<CallerKey>,
}

impl Origin {
    /// The engine itself: expiry and other timed work.
    pub const ENGINE: Self = Self { user: None, request: None, key: None };
}

/// An idempotency key as the core sees it: truncated SHA-256 digests, made outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallerKey {
    /// Of account and key.
    #[serde(with = "bytes16")]
    pub key: [u8; 16],
    /// Of method, path and body. The same `key` with another `body` is refused.
    #[serde(with = "bytes16")]
    pub body: [u8; 16],
}

#[derive(Clone, Debug, PartialEq)]
pub enum Verb {
    SetSeatMap(Box<SeatMapSpec>),
    /// Adds the tier, or replaces the one with the same id.
    SetTier(Box<TierSpec>),
    /// The tier as it is when the command's turn comes, with this changed: two who patch different things both succeed.
    PatchTier {
        tier: TierId,
        patch: Box<TierPatch>,
    },
    /// Refused while units of it are held or sold.
    DeleteTier {
        tier: TierId,
    },
    /// Adds the code, or replaces the one with the same digest.
    SetAccessCode(Box<AccessCodeSpec>),
    SetPolicy(Box<Policy>),
    /// Rules as they are when the command's turn comes, with these changed: two who patch different ones both succeed.
    PatchPolicy(Box<PolicyPatch>),
    /// Opens the event for sale, within its windows. Needs a seat map and a tier.
    Publish,
    /// Terminal: nothing is sold or admitted afterwards; live holds are released by their expiry.
    CancelEvent {
        /// Refused while units are held or sold.
        only_unsold: bool,
    },
    /// Withholds a named block from sale or releases it. Held and sold seats of the block are not touched: a withheld
    /// seat that comes back is blocked, not free.
    SetBlock {
        block: String,
        withheld: bool,
    },
    PlaceHold(PlaceHold),
    /// Gives the hold its full time to live again, within [`crate::limits::HOLD_AGE_MAX_US`].
    ExtendHold {
        hold: HoldId,
        customer: UserId,
    },
    ReleaseHold {
        hold: HoldId,
        customer: UserId,
    },
    /// Frees every hold that is due, at most [`crate::limits::HOLDS_PER_EXPIRY_MAX`] of them.
    ExpireHolds,
    PlaceOrder(PlaceOrder),
    /// The buyer goes to pay: the hold gets [`crate::limits::PAYMENT_EXTENSION_US`] more, once per hold.
    StartPayment {
        order: OrderId,
        customer: UserId,
        payment: PaymentId,
    },
    SettlePayment(SettlePayment),
    /// Before payment. A paid order is refunded instead.
    CancelOrder {
        order: OrderId,
        customer: UserId,
    },
    /// Voids the tickets and returns their places; the money is owed to the buyer, or goes into his wallet.
    RefundOrder(RefundOrder),
    ScanTicket(ScanTicket),
    VoidTicket {
        ticket: TicketId,
    },
    /// The old code dies: the ticket goes to `to` under the next generation.
    TransferTicket {
        ticket: TicketId,
        from: UserId,
        to: UserId,
    },
    /// Switched on, the room begins a new line under `key`: 32 random bytes that nobody has seen, sent every time.
    SetWaitingRoom {
        settings: Box<RoomSettings>,
        key: [u8; 32],
    },
    /// From its time on. `joined`: numbers given out in `round` so far, all of them below it. When the settings name a
    /// beacon, the first call without its value closes the pre-queue, and the value opens the line.
    ///
    /// `round`, here and below: the line that is meant, see [`crate::LineView::round`]. In another one its numbers are
    /// somebody else's.
    OpenLine {
        round: u32,
        joined: u32,
        beacon_value: Option<String>,
    },
    /// Calls as many as the rate, the room inside and the line itself allow. Refused when that is nobody.
    CallPlaces {
        round: u32,
        joined: u32,
        /// The rate in force; that of the settings when it is higher.
        rate_per_min: u32,
    },
    /// Somebody comes in, and may hold places until the session ends. While it lasts, the same answer again.
    StartSession {
        user: UserId,
        entry: Entry,
    },
    /// Ends the session, gives up the place. Whoever has neither is answered the same.
    LeaveLine {
        user: UserId,
        round: u32,
        number: Option<u32>,
    },
    /// Takes the ticket's last scan back, by its nonce: the ticket is as it was before. Undone once more, the same answer.
    UndoScan {
        ticket: TicketId,
        nonce: u64,
        reason: UndoReason,
    },
    /// Adds the code, or replaces the one with the same digest.
    SetDiscountCode(Box<DiscountCodeSpec>),
    /// An order that is paid at once, with its tickets.
    SellAtBoxOffice(Box<BoxOfficeSale>),
    SetWaitlist(WaitlistSettings),
    /// Waits for what cannot be held now.
    JoinWaitlist {
        customer: UserId,
        wish: Wish,
    },
    /// Ends the entry; an offer is given back. Who leaves by himself and has no entry is answered the same.
    LeaveWaitlist(Leaver),
    /// Makes one offer, to the first of those whom it fits. Refused when that is nobody.
    ServeWaitlist,
    /// Ends the entries that wait on a list that is closed, at most [`crate::limits::WAITLIST_CLOSED_PER_CHANGE_MAX`] of
    /// them. Refused when there is none.
    CloseWaitlist,
}

/// Whose entry of the waitlist ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaver {
    Customer(UserId),
    /// By the organizer.
    Removed(UserId),
}

/// By what a shopper asks to come in. Who owns which number or pass is checked outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Place {
        round: u32,
        number: u32,
    },
    /// For so many accounts, before so long.
    Priority {
        pass: [u8; 16],
        uses_max: u32,
        until: TimeUs,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlaceHold {
    pub hold: HoldId,
    pub customer: UserId,
    pub wants: Vec<Want>,
    /// Digests of the access codes that the buyer knows, see [`TierSpec::access_code`] and [`AccessCodeSpec`].
    pub access_codes: Vec<[u8; 16]>,
    /// Digests of the discount codes that the buyer names. One that gives nothing is refused.
    pub discount_codes: Box<[[u8; 16]]>,
    /// Staff asks: neither sale windows, codes, the waiting room nor limits per order and customer stand in its way, and the
    /// hold lives until it is released.
    pub box_office: Option<Box<BoxOffice>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Want {
    /// `tier: None` takes the first open tier, in the order they were added, that covers the place.
    Seat {
        seat: SeatIx,
        tier: Option<TierIx>,
    },
    Area {
        area: AreaIx,
        quantity: u32,
        tier: Option<TierIx>,
    },
    BestAvailable(BestAvailable),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestAvailable {
    pub quantity: u32,
    pub tier: Option<TierIx>,
    pub section: Option<SectionIx>,
    /// `true`: the party needs an accessible seat. `false`: accessible and companion seats are left for those who do.
    pub accessible: bool,
}

/// Where a unit is: a seat, or a number of units of an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    Seat(SeatIx),
    Area { area: AreaIx, quantity: u32 },
}

impl Place {
    pub const fn units(self) -> u32 {
        match self {
            Self::Seat(_) => 1,
            Self::Area { quantity, .. } => quantity,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlaceOrder {
    pub order: OrderId,
    pub hold: HoldId,
    pub customer: UserId,
    /// A payment that arrives after the hold has expired may be seated elsewhere: same tiers, no worse by the order of
    /// best available. Without it such a payment is refunded when the seats are gone.
    pub accept_other_seats: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SettlePayment {
    pub order: OrderId,
    pub payment: PaymentId,
    pub outcome: PaymentOutcome,
    /// Random, for the ids of the tickets that are issued (or of those issued by a late payment).
    pub entropy: [u8; 16],
}

#[derive(Clone, Debug, PartialEq)]
pub struct RefundOrder {
    pub order: OrderId,
    /// Empty: all that are left.
    pub tickets: Vec<TicketId>,
    pub right: RefundRight,
    pub to: RefundTo,
}

/// By what right a refund is asked for: it says how much goes back, and of which tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundRight {
    /// Of those who run the event: any amount up to what is left. `None`: what the named tickets cost, or all that is left
    /// but for tickets that have been inside. Those are never refunded.
    Organizer { amount_minor: Option<i64> },
    /// The customer's, by what he was promised when he bought. Of tickets that he holds and nobody has used; when none is
    /// named, those that anything was promised for. `starts_at`: of the event, as it is announced now.
    Promise { customer: UserId, starts_at: TimeUs },
    /// Of everybody, once the event was cancelled: all that is left, also of tickets that have been inside.
    Cancellation,
}

/// Where the money of a refund goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefundTo {
    /// Back the way it came.
    Original,
    /// Into the customer's wallet.
    Wallet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentOutcome {
    /// Money arrived. The amount and currency must be the order's.
    Paid {
        amount_minor: i64,
        currency: crate::Currency,
    },
    Declined,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    Entry,
    Exit,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ScanTicket {
    pub ticket: TicketId,
    /// As read from the code: an older one has been transferred away.
    pub generation: u32,
    pub direction: Direction,
    /// Digest of the scanner's nonce: the same nonce again is the same scan.
    pub nonce: u64,
    /// Of a device that was offline. Refused, it is recorded as a conflict, and the command is accepted.
    pub queued: Option<QueuedScan>,
    /// Entries are for the tickets of this list alone.
    pub list: Option<Box<ScanList>>,
}

impl ScanTicket {
    /// At a gate that asks before it opens.
    pub const fn live(ticket: TicketId, generation: u32, direction: Direction, nonce: u64) -> Self {
        Self { ticket, generation, direction, nonce, queued: None, list: None }
    }
}

/// What a device has decided by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QueuedScan {
    /// By its clock. Later than now counts as now.
    pub scanned_at: TimeUs,
    /// Somebody was let in against the rules of list, time and re-entry. What is void, transferred away or inside already is
    /// not let in by this either.
    pub forced: bool,
}

/// Which tickets a check-in list is for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScanList {
    /// Empty: all.
    pub tiers: Vec<TierId>,
    /// Ids of sections and areas. Empty: all.
    pub sections: Vec<String>,
}

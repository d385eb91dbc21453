//! Relational rows that follow from a change. The commit that makes the change durable writes them too, so that a paid
//! order, its tickets and its mail exist together or not at all. Rows are whole and carry the LSN: writing one twice, or
//! an older one after a newer one, changes nothing.

use crate::{
    Direction, EventId, HoldId, Lsn, OrderId, PaymentId, RefundPolicy, RefusedScan, SaleWindow, Tender, TicketId,
    TierId, TimeUs, UserId,
};

#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    Order(Box<OrderRow>),
    Ticket(Box<TicketRow>),
    Payment(Box<PaymentRow>),
    Outbox(Box<OutboxRow>),
    Ledger(Box<crate::LedgerRow>),
    /// `status` is `draft`, `published` or `cancelled`.
    EventStatus {
        event: EventId,
        status: &'static str,
        at: TimeUs,
        lsn: Lsn,
    },
    Offer(Box<OfferRow>),
    /// Whether nothing is left of what the offer has.
    SoldOut {
        event: EventId,
        is_sold_out: bool,
        lsn: Lsn,
    },
    Conflict(Box<ConflictRow>),
    /// Beside its order.
    BoxOfficeSale(Box<BoxOfficeSaleRow>),
    Waitlist(Box<WaitlistRow>),
}

/// An entry of a waitlist. `(event, number)` names it.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitlistRow {
    pub event: EventId,
    pub number: u32,
    pub customer: UserId,
    pub tier: TierId,
    pub tier_name: String,
    /// Id of the section or area; `None`: anywhere in the tier.
    pub part: Option<String>,
    pub is_area: bool,
    pub quantity: u32,
    pub accessible: bool,
    /// Seats that do not stand together will do.
    pub apart: bool,
    pub has_priority: bool,
    /// One of `waiting offered accepted lapsed left removed limited closed`.
    pub status: &'static str,
    pub joined_at: TimeUs,
    /// The last offer's, also when it has ended.
    pub hold: Option<HoldId>,
    /// While it is `offered`.
    pub offered_until: Option<TimeUs>,
    pub changed_at: TimeUs,
    pub lsn: Lsn,
}

/// A queued scan that contradicts what is known. `(event, lsn)` names it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictRow {
    pub event: EventId,
    pub ticket: TicketId,
    /// Who sent it.
    pub user: Option<UserId>,
    pub direction: Direction,
    /// By the device.
    pub scanned_at: TimeUs,
    pub forced: bool,
    pub reason: RefusedScan,
    /// When it was sent.
    pub at: TimeUs,
    pub lsn: Lsn,
}

/// How an order of the box office was paid, and who took it.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxOfficeSaleRow {
    pub order: OrderId,
    pub event: EventId,
    /// `None`: nobody in particular.
    pub user: Option<UserId>,
    pub tender: Tender,
    pub at: TimeUs,
    pub lsn: Lsn,
}

/// What an event sells to everybody: by this it is found.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferRow {
    pub event: EventId,
    /// Those that are open and not hidden.
    pub tiers: Vec<OfferedTier>,
    pub at: TimeUs,
    pub lsn: Lsn,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OfferedTier {
    pub tier: TierId,
    pub name: String,
    /// Without what is cheaper for a while.
    pub price_minor: i64,
    /// Within that of the event.
    pub sale: SaleWindow,
    /// What it costs when, until its sale ends: ascending, without gaps. None when the sale has no moment.
    pub prices: Vec<OfferedPrice>,
}

/// No buyer pays more then. A price that is for the first so many alone is none that everybody can count on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedPrice {
    pub price_minor: i64,
    /// `None`: the first, and what it will cost before its sale begins.
    pub from: Option<TimeUs>,
    /// `None`: for good.
    pub until: Option<TimeUs>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OrderRow {
    pub order: OrderId,
    pub event: EventId,
    pub customer: UserId,
    /// One of `draft pending_payment paid partially_refunded refunded cancelled expired`.
    pub status: &'static str,
    pub items: Vec<ItemRow>,
    pub total_minor: i64,
    pub refunded_minor: i64,
    pub currency: crate::Currency,
    pub placed_at: TimeUs,
    /// When an unpaid order lapses.
    pub expires_at: TimeUs,
    pub lsn: Lsn,
}

/// An order with its tickets, by the order of its units.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRows {
    pub order: OrderRow,
    pub tickets: Vec<TicketRow>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ItemRow {
    /// A seat's public id `section-row-number`, or an area's id.
    pub place: String,
    pub is_area: bool,
    pub quantity: u32,
    pub tier: TierId,
    pub tier_name: String,
    pub price_minor: i64,
    /// What the tier promised when the order was placed.
    pub refund: Option<RefundPolicy>,
    /// By which `price_minor` is lower.
    pub discount: Option<ItemDiscount>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemDiscount {
    /// Of its code; empty when the price was set by hand.
    pub label: String,
    /// Off one unit.
    pub off_minor: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TicketRow {
    pub ticket: TicketId,
    pub order: OrderId,
    pub event: EventId,
    pub holder: UserId,
    pub place: String,
    pub is_area: bool,
    pub tier: TierId,
    pub tier_name: String,
    pub price_minor: i64,
    /// One of `issued checked_in checked_out voided`.
    pub state: &'static str,
    pub generation: u32,
    pub issued_at: TimeUs,
    /// The last scan that admitted or let out.
    pub scanned_at: Option<TimeUs>,
    pub lsn: Lsn,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PaymentRow {
    pub payment: PaymentId,
    pub order: OrderId,
    pub event: EventId,
    pub status: PaymentStatus,
    pub amount_minor: i64,
    pub currency: crate::Currency,
    pub at: TimeUs,
    pub lsn: Lsn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    Started,
    Declined,
    Captured,
    /// Captured, and owed back to the buyer.
    RefundDue,
}

impl PaymentStatus {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Declined => "declined",
            Self::Captured => "captured",
            Self::RefundDue => "refund_due",
        }
    }
}

/// Work that must follow from the change: a mail, a refund at the provider. `(event, lsn, kind)` names it.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    pub event: EventId,
    pub lsn: Lsn,
    pub kind: OutboxKind,
    /// Of a change of the event itself, which is about no order: all zeros, and so is `user`.
    pub order: OrderId,
    /// The buyer; of a ticket that was transferred, who has it now.
    pub user: UserId,
    pub at: TimeUs,
    /// Of a [`OutboxKind::PaymentRefund`].
    pub owed: Option<RefundOwed>,
    /// The one that was transferred, or that let somebody in.
    pub ticket: Option<TicketId>,
    /// Who asked for the change. `None`: nobody did, or nobody in particular.
    pub asker: Option<UserId>,
}

/// Money that its provider is to give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundOwed {
    pub payment: PaymentId,
    pub amount_minor: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxKind {
    OrderPaid,
    OrderCancelled,
    OrderRefunded,
    PaymentRefund,
    TicketTransferred,
    EventPublished,
    EventCancelled,
    /// A ticket has let somebody in. Stored only where a webhook wants to hear of it: a door has more of these than a sale
    /// has orders.
    TicketCheckedIn,
    /// To whoever has waited: places are held for him.
    WaitlistOffer,
}

impl OutboxKind {
    pub const ALL: [Self; 9] = [
        Self::OrderPaid,
        Self::OrderCancelled,
        Self::OrderRefunded,
        Self::PaymentRefund,
        Self::TicketTransferred,
        Self::EventPublished,
        Self::EventCancelled,
        Self::TicketCheckedIn,
        Self::WaitlistOffer,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderPaid => "order_paid",
            Self::OrderCancelled => "order_cancelled",
            Self::OrderRefunded => "order_refunded",
            Self::PaymentRefund => "payment_refund",
            Self::TicketTransferred => "ticket_transferred",
            Self::EventPublished => "event_published",
            Self::EventCancelled => "event_cancelled",
            Self::TicketCheckedIn => "ticket_checked_in",
            Self::WaitlistOffer => "waitlist_offer",
        }
    }
}

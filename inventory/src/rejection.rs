//! Why a command was refused. Final answers: nothing changed, and asking the same again in the same state gives the same.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{AreaIx, CallLimit, SeatIx, TierIx, TimeUs};

/// Ordered by precedence: of two reasons that both hold, the one that stands first here is given.
#[derive(Clone, Debug, PartialEq, PartialOrd, Error)]
pub enum Rejection {
    #[error("this idempotency key was used for another request")]
    KeyReused,

    #[error("the event was cancelled")]
    EventCancelled,
    #[error("{units} of the event are held or sold")]
    EventSold { units: u32 },
    #[error("the event is not published")]
    EventNotPublished,
    #[error("the event is already published")]
    EventAlreadyPublished,
    #[error("the event has no seat map")]
    SeatMapMissing,
    #[error("the event has no tier")]
    TierMissing,
    /// `problem` says where and what, for instance ``section `A`, row `3`: seat number `7` twice``.
    #[error("the seat map is not valid: {problem}")]
    SeatMapInvalid { problem: String },
    #[error("blocks are withheld: release them before the seat map is set, and withhold them in the new one")]
    BlocksWithheld,
    #[error("the tier is not valid: {problem}")]
    TierInvalid { problem: String },
    #[error("the policy is not valid: {problem}")]
    PolicyInvalid { problem: String },
    #[error("the access code is not valid: {problem}")]
    AccessCodeInvalid { problem: String },
    #[error("no such tier")]
    TierNotFound,
    #[error("{units} of the tier are held or sold")]
    TierInUse { units: u32 },
    #[error("there is no block of this name")]
    BlockUnknown,

    #[error("the waiting room's settings are not valid: {problem}")]
    RoomInvalid { problem: String },
    #[error("{field} stands fast once the pre-queue is open")]
    RoomFrozen { field: &'static str },
    #[error("there is no waiting room, or it is off")]
    RoomOff,
    /// Numbers of the line before mean nothing in this one.
    #[error("the waiting room was switched off and on: another line has begun")]
    LineBeganAnew,
    #[error("the line is open already")]
    LineAlreadyOpen,
    #[error("the line opens later")]
    LineOpensLater { opens_at: TimeUs },
    #[error("the line opens with the beacon's value")]
    BeaconRequired,
    #[error("the line opens without a beacon, or its value is empty or too long")]
    BeaconInvalid,
    #[error("the line is not open yet")]
    LineNotOpen,
    #[error("nobody can be called: {}", .limited_by.name())]
    NobodyToCall { limited_by: CallLimit },
    #[error("{} are before", .rank - .called)]
    PlaceNotCalled { rank: u32, called: u32 },
    #[error("the place was used or given up, or its turn is over")]
    PlaceLapsed,
    #[error("the priority pass has expired")]
    PassExpired,
    #[error("the priority pass was used by as many as it is for")]
    PassSpent,
    /// The waiting room is on, and the customer is not inside.
    #[error("the event has a waiting room: join its line")]
    QueueRequired,

    #[error("the hold asks for nothing")]
    HoldEmpty,
    #[error("more than {max} items")]
    ItemsTooMany { max: u32 },
    #[error("item {item}: the quantity must be from 1 to {max}")]
    QuantityInvalid { item: u32, max: u32 },
    #[error("item {item}: no such seat")]
    SeatUnknown { item: u32 },
    #[error("item {item}: no such area")]
    AreaUnknown { item: u32 },
    #[error("item {item}: no such section")]
    SectionUnknown { item: u32 },
    #[error("item {item}: no such tier")]
    TierUnknown { item: u32 },
    #[error("item {item}: the seat is named twice")]
    SeatDuplicate { item: u32, seat: SeatIx },
    #[error("item {item}: the tier does not cover this place")]
    TierNotForPlace { item: u32 },
    #[error("item {item}: no tier on sale covers this place")]
    NotPriced { item: u32 },

    #[error("the sale has not started")]
    SaleNotStarted { starts_at: TimeUs },
    #[error("the sale has ended")]
    SaleEnded,
    #[error("item {item}: the tier needs an access code")]
    AccessCodeRequired { item: u32 },
    #[error("more than {max} seats and places in one hold")]
    UnitsPerHoldExceeded { max: u32 },
    #[error("at least {min} of this tier must be taken together")]
    PerOrderMinimum { tier: TierIx, min: u32 },
    #[error("at most {max} of this tier in one order")]
    PerOrderMaximum { tier: TierIx, max: u32 },
    #[error("at most {max} live holds for one customer")]
    HoldsPerCustomerExceeded { max: u32 },
    #[error("at most {max} for one customer")]
    UnitsPerCustomerExceeded { max: u32 },
    #[error("at most {max} of this tier for one customer")]
    PerCustomerMaximum { tier: TierIx, max: u32 },

    /// Names every conflicting seat, not the first.
    #[error("some of the seats are not free")]
    SeatsTaken { seats: Vec<SeatIx> },
    #[error("{free} left in the area")]
    AreaSoldOut { area: AreaIx, free: u32 },
    #[error("{left} left of this tier")]
    QuotaExhausted { tier: TierIx, left: u32 },
    #[error("{left} left by this access code")]
    AccessCodeSpent { left: u32 },
    #[error("{free} seats of this kind are free")]
    NotEnoughSeats { free: u32 },

    #[error("no such hold")]
    HoldNotFound,
    #[error("the hold has expired")]
    HoldExpired,
    #[error("the hold was released")]
    HoldReleased,
    #[error("the hold was bought")]
    HoldConfirmed,
    #[error("the hold cannot be extended any further")]
    HoldExtensionExhausted,
    #[error("the hold belongs to an order already")]
    HoldHasOrder,

    #[error("no such order")]
    OrderNotFound,
    /// `from` is the order's status, `to` the refused one.
    #[error("an order that is {from} cannot become {to}")]
    OrderTransition { from: &'static str, to: &'static str },
    /// One more could not be told from those when its notice is repeated.
    #[error("{max} payments of the order were turned away: no other is looked at")]
    PaymentsTooMany { max: u32 },
    #[error("the payment is in another currency than the order")]
    CurrencyMismatch,
    #[error("the payment is not the order's total of {expected_minor} minor units")]
    AmountMismatch { expected_minor: i64 },
    #[error("the refund is more than the {left_minor} minor units that are left")]
    RefundExceeds { left_minor: i64 },

    #[error("no such ticket")]
    TicketNotFound,
    #[error("the ticket was voided")]
    TicketVoid,
    #[error("a ticket that has been inside cannot be changed")]
    TicketUsed,
    #[error("refused at the gate: {0}")]
    ScanRefused(RefusedScan),
    /// By the terms under which the tickets were bought, at this time before the event.
    #[error("no refund was promised for these tickets, or none any more")]
    RefundNotPromised,
    #[error("no such scan of the ticket, or others have followed it for long")]
    ScanNotFound,
    #[error("the ticket was scanned again: undo that scan first")]
    ScanNotLast,
    /// One more could not be told from those when it is asked for again.
    #[error("{max} scans of the ticket were undone: no other is")]
    UndosTooMany { max: u32 },

    #[error("the discount code is not valid: {problem}")]
    DiscountCodeInvalid { problem: String },
    /// `code`, here and below: which of those named.
    #[error("there is no such discount code")]
    DiscountCodeUnknown { code: u32 },
    #[error("the discount code is not valid yet")]
    DiscountCodeNotStarted { code: u32, starts_at: TimeUs },
    #[error("the discount code has expired")]
    DiscountCodeExpired { code: u32 },
    #[error("the discount code takes nothing off these prices")]
    DiscountCodeNotApplicable { code: u32 },
    #[error("the discount code is for {max} orders of one customer")]
    DiscountCodePerCustomer { code: u32, max: u32 },
    #[error("{left} left by this discount code")]
    DiscountCodeSpent { code: u32, left: u32 },
    #[error("a unit costs {max_minor} minor units: the box office sells at that or less")]
    PriceAboveTier { max_minor: i64 },

    #[error("the waitlist's settings are not valid: {problem}")]
    WaitlistInvalid { problem: String },
    #[error("there is no waitlist, or it is off")]
    WaitlistOff,
    #[error("the waitlist is closed")]
    WaitlistClosed,
    #[error("the customer has entry {number} of the waitlist")]
    WaitlistJoined { number: u32 },
    #[error("this can be held now")]
    WaitlistNotNeeded,
    /// Not even in an empty house.
    #[error("no more than {longest} places of this kind can be had together")]
    WaitlistNeverTogether { longest: u32 },
    #[error("the waitlist is full")]
    WaitlistFull,
    #[error("no such entry of the waitlist")]
    WaitlistEntryNotFound,
    #[error("nobody who waits can be served")]
    WaitlistIdle,
    /// Free, and not for those who have not waited.
    #[error("others wait for these places: join the waitlist")]
    WaitlistFirst,
}

/// Result codes at the door, after those of pretix (FEATURES 4.7). Journaled with conflicts: append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Serialize, Deserialize, Error)]
pub enum RefusedScan {
    #[error("invalid")]
    Invalid,
    #[error("canceled")]
    Canceled,
    /// The code was replaced by a transfer.
    #[error("revoked")]
    Revoked,
    #[error("invalid_time")]
    InvalidTime { opens_at: TimeUs },
    #[error("already_redeemed")]
    AlreadyRedeemed { at: TimeUs },
    #[error("not_inside")]
    NotInside,
    /// Left, and the event does not let people back in.
    #[error("no_reentry")]
    NoReentry,
    /// Not on the list that the gate is for.
    #[error("product")]
    Product,
    /// Has entered as often as the event allows.
    #[error("rules")]
    Rules,
    /// The scan was taken back: another one needs another nonce.
    #[error("undone")]
    Undone,
}

impl RefusedScan {
    /// Of the scan that stands in the way.
    pub const fn earlier_at(self) -> Option<TimeUs> {
        match self {
            Self::AlreadyRedeemed { at } => Some(at),
            Self::Invalid
            | Self::Canceled
            | Self::Revoked
            | Self::InvalidTime { .. }
            | Self::NotInside
            | Self::NoReentry
            | Self::Product
            | Self::Rules
            | Self::Undone => None,
        }
    }
}

impl Rejection {
    /// Stable machine-readable code, part of the API's contract.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::EventCancelled => "EVENT_CANCELLED",
            Self::EventSold { .. } => "EVENT_SOLD",
            Self::EventNotPublished => "EVENT_NOT_PUBLISHED",
            Self::EventAlreadyPublished => "EVENT_ALREADY_PUBLISHED",
            Self::SeatMapMissing => "SEAT_MAP_MISSING",
            Self::TierMissing => "TIER_MISSING",
            Self::SeatMapInvalid { .. } => "SEAT_MAP_INVALID",
            Self::BlocksWithheld => "BLOCKS_WITHHELD",
            Self::TierInvalid { .. } => "TIER_INVALID",
            Self::PolicyInvalid { .. } => "POLICY_INVALID",
            Self::AccessCodeInvalid { .. } => "ACCESS_CODE_INVALID",
            Self::TierNotFound => "TIER_NOT_FOUND",
            Self::TierInUse { .. } => "TIER_IN_USE",
            Self::BlockUnknown => "BLOCK_UNKNOWN",
            Self::RoomInvalid { .. } => "WAITING_ROOM_INVALID",
            Self::RoomFrozen { .. } => "WAITING_ROOM_FROZEN",
            Self::RoomOff => "WAITING_ROOM_OFF",
            Self::LineBeganAnew => "LINE_BEGAN_ANEW",
            Self::LineAlreadyOpen => "LINE_ALREADY_OPEN",
            Self::LineOpensLater { .. } => "LINE_OPENS_LATER",
            Self::BeaconRequired => "BEACON_REQUIRED",
            Self::BeaconInvalid => "BEACON_INVALID",
            Self::LineNotOpen => "LINE_NOT_OPEN",
            Self::NobodyToCall { .. } => "NOBODY_TO_CALL",
            Self::PlaceNotCalled { .. } => "PLACE_NOT_CALLED",
            Self::PlaceLapsed => "PLACE_LAPSED",
            Self::PassExpired => "PASS_EXPIRED",
            Self::PassSpent => "PASS_SPENT",
            Self::QueueRequired => "QUEUE_REQUIRED",
            Self::HoldEmpty => "HOLD_EMPTY",
            Self::ItemsTooMany { .. } => "ITEMS_TOO_MANY",
            Self::QuantityInvalid { .. } => "QUANTITY_INVALID",
            Self::SeatUnknown { .. } => "SEAT_UNKNOWN",
            Self::AreaUnknown { .. } => "AREA_UNKNOWN",
            Self::SectionUnknown { .. } => "SECTION_UNKNOWN",
            Self::TierUnknown { .. } => "TIER_UNKNOWN",
            Self::SeatDuplicate { .. } => "SEAT_DUPLICATE",
            Self::TierNotForPlace { .. } => "TIER_NOT_FOR_PLACE",
            Self::NotPriced { .. } => "NOT_PRICED",
            Self::SaleNotStarted { .. } => "SALE_NOT_STARTED",
            Self::SaleEnded => "SALE_ENDED",
            Self::AccessCodeRequired { .. } => "ACCESS_CODE_REQUIRED",
            Self::UnitsPerHoldExceeded { .. } => "UNITS_PER_HOLD_EXCEEDED",
            Self::PerOrderMinimum { .. } => "PER_ORDER_MINIMUM",
            Self::PerOrderMaximum { .. } => "PER_ORDER_MAXIMUM",
            Self::HoldsPerCustomerExceeded { .. } => "HOLDS_PER_CUSTOMER_EXCEEDED",
            Self::UnitsPerCustomerExceeded { .. } => "UNITS_PER_CUSTOMER_EXCEEDED",
            Self::PerCustomerMaximum { .. } => "PER_CUSTOMER_MAXIMUM",
            Self::SeatsTaken { .. } => "SEATS_TAKEN",
            Self::AreaSoldOut { .. } => "AREA_SOLD_OUT",
            Self::QuotaExhausted { .. } => "QUOTA_EXHAUSTED",
            Self::AccessCodeSpent { .. } => "ACCESS_CODE_SPENT",
            Self::NotEnoughSeats { .. } => "NOT_ENOUGH_SEATS",
            Self::HoldNotFound => "HOLD_NOT_FOUND",
            Self::HoldExpired => "HOLD_EXPIRED",
            Self::HoldReleased => "HOLD_RELEASED",
            Self::HoldConfirmed => "HOLD_CONFIRMED",
            Self::HoldExtensionExhausted => "HOLD_EXTENSION_EXHAUSTED",
            Self::HoldHasOrder => "HOLD_HAS_ORDER",
            Self::OrderNotFound => "ORDER_NOT_FOUND",
            Self::OrderTransition { .. } => "ORDER_TRANSITION",
            Self::PaymentsTooMany { .. } => "PAYMENTS_TOO_MANY",
            Self::CurrencyMismatch => "CURRENCY_MISMATCH",
            Self::AmountMismatch { .. } => "AMOUNT_MISMATCH",
            Self::RefundExceeds { .. } => "REFUND_EXCEEDS",
            Self::TicketNotFound => "TICKET_NOT_FOUND",
            Self::TicketVoid => "TICKET_VOID",
            Self::TicketUsed => "TICKET_USED",
            Self::ScanRefused(_) => "SCAN_REFUSED",
            Self::RefundNotPromised => "REFUND_NOT_PROMISED",
            Self::ScanNotFound => "SCAN_NOT_FOUND",
            Self::ScanNotLast => "SCAN_NOT_LAST",
            Self::UndosTooMany { .. } => "UNDOS_TOO_MANY",
            Self::DiscountCodeInvalid { .. } => "DISCOUNT_CODE_INVALID",
            Self::DiscountCodeUnknown { .. } => "DISCOUNT_CODE_UNKNOWN",
            Self::DiscountCodeNotStarted { .. } => "DISCOUNT_CODE_NOT_STARTED",
            Self::DiscountCodeExpired { .. } => "DISCOUNT_CODE_EXPIRED",
            Self::DiscountCodeNotApplicable { .. } => "DISCOUNT_CODE_NOT_APPLICABLE",
            Self::DiscountCodePerCustomer { .. } => "DISCOUNT_CODE_PER_CUSTOMER",
            Self::DiscountCodeSpent { .. } => "DISCOUNT_CODE_SPENT",
            Self::PriceAboveTier { .. } => "PRICE_ABOVE_TIER",
            Self::WaitlistInvalid { .. } => "WAITLIST_INVALID",
            Self::WaitlistOff => "WAITLIST_OFF",
            Self::WaitlistClosed => "WAITLIST_CLOSED",
            Self::WaitlistJoined { .. } => "WAITLIST_JOINED",
            Self::WaitlistNotNeeded => "WAITLIST_NOT_NEEDED",
            Self::WaitlistNeverTogether { .. } => "WAITLIST_NEVER_TOGETHER",
            Self::WaitlistFull => "WAITLIST_FULL",
            Self::WaitlistEntryNotFound => "WAITLIST_ENTRY_NOT_FOUND",
            Self::WaitlistIdle => "WAITLIST_IDLE",
            Self::WaitlistFirst => "WAITLIST_FIRST",
        }
    }

    /// Whether the refusal follows from the command and the event's seat map alone. Any other rests on changes that may
    /// not be durable yet, and must not be told before they are: what makes a tier, a code or a policy unfit may be what
    /// was held a moment ago.
    pub const fn is_independent_of_sales(&self) -> bool {
        matches!(
            self,
            Self::SeatMapInvalid { .. }
                | Self::RoomInvalid { .. }
                | Self::HoldEmpty
                | Self::ItemsTooMany { .. }
                | Self::QuantityInvalid { .. }
                | Self::SeatUnknown { .. }
                | Self::AreaUnknown { .. }
                | Self::SectionUnknown { .. }
                | Self::SeatDuplicate { .. }
        )
    }
}

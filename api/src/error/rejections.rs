//! Which status the event's own rules answer with.

use http::StatusCode;
use inventory::Rejection;

pub(super) const fn status(rejection: &Rejection) -> StatusCode {
    match rejection {
        Rejection::BlockUnknown
        | Rejection::TierNotFound
        | Rejection::HoldNotFound
        | Rejection::OrderNotFound
        | Rejection::TicketNotFound
        | Rejection::ScanNotFound
        | Rejection::WaitlistEntryNotFound => StatusCode::NOT_FOUND,

        Rejection::EventCancelled
        | Rejection::SaleEnded
        | Rejection::DiscountCodeExpired { .. }
        | Rejection::HoldExpired
        | Rejection::HoldReleased
        | Rejection::PlaceLapsed
        | Rejection::PassExpired
        | Rejection::PassSpent
        | Rejection::WaitlistClosed => StatusCode::GONE,

        Rejection::QueueRequired => StatusCode::TOO_EARLY,

        Rejection::KeyReused
        | Rejection::SeatMapInvalid { .. }
        | Rejection::TierInvalid { .. }
        | Rejection::PolicyInvalid { .. }
        | Rejection::AccessCodeInvalid { .. }
        | Rejection::RoomInvalid { .. }
        | Rejection::BeaconRequired
        | Rejection::BeaconInvalid
        | Rejection::HoldEmpty
        | Rejection::ItemsTooMany { .. }
        | Rejection::QuantityInvalid { .. }
        | Rejection::SeatUnknown { .. }
        | Rejection::AreaUnknown { .. }
        | Rejection::SectionUnknown { .. }
        | Rejection::TierUnknown { .. }
        | Rejection::SeatDuplicate { .. }
        | Rejection::TierNotForPlace { .. }
        | Rejection::NotPriced { .. }
        | Rejection::AccessCodeRequired { .. }
        | Rejection::DiscountCodeInvalid { .. }
        | Rejection::DiscountCodeUnknown { .. }
        | Rejection::DiscountCodeNotApplicable { .. }
        | Rejection::PriceAboveTier { .. }
        | Rejection::UnitsPerHoldExceeded { .. }
        | Rejection::PerOrderMinimum { .. }
        | Rejection::PerOrderMaximum { .. }
        | Rejection::CurrencyMismatch
        | Rejection::AmountMismatch { .. }
        | Rejection::RefundExceeds { .. }
        | Rejection::WaitlistInvalid { .. }
        | Rejection::WaitlistNeverTogether { .. } => StatusCode::UNPROCESSABLE_ENTITY,

        Rejection::EventNotPublished
        | Rejection::EventAlreadyPublished
        | Rejection::EventSold { .. }
        | Rejection::SeatMapMissing
        | Rejection::BlocksWithheld
        | Rejection::TierMissing
        | Rejection::SaleNotStarted { .. }
        | Rejection::HoldsPerCustomerExceeded { .. }
        | Rejection::UnitsPerCustomerExceeded { .. }
        | Rejection::PerCustomerMaximum { .. }
        | Rejection::SeatsTaken { .. }
        | Rejection::AreaSoldOut { .. }
        | Rejection::QuotaExhausted { .. }
        | Rejection::AccessCodeSpent { .. }
        | Rejection::DiscountCodeNotStarted { .. }
        | Rejection::DiscountCodePerCustomer { .. }
        | Rejection::DiscountCodeSpent { .. }
        | Rejection::TierInUse { .. }
        | Rejection::NotEnoughSeats { .. }
        | Rejection::HoldConfirmed
        | Rejection::HoldExtensionExhausted
        | Rejection::HoldHasOrder
        | Rejection::OrderTransition { .. }
        | Rejection::PaymentsTooMany { .. }
        | Rejection::TicketVoid
        | Rejection::TicketUsed
        | Rejection::RefundNotPromised
        | Rejection::RoomFrozen { .. }
        | Rejection::RoomOff
        | Rejection::LineBeganAnew
        | Rejection::LineAlreadyOpen
        | Rejection::LineOpensLater { .. }
        | Rejection::LineNotOpen
        | Rejection::NobodyToCall { .. }
        | Rejection::PlaceNotCalled { .. }
        | Rejection::ScanNotLast
        | Rejection::UndosTooMany { .. }
        | Rejection::ScanRefused(_)
        | Rejection::WaitlistOff
        | Rejection::WaitlistJoined { .. }
        | Rejection::WaitlistNotNeeded
        | Rejection::WaitlistFull
        | Rejection::WaitlistIdle
        | Rejection::WaitlistFirst => StatusCode::CONFLICT,
    }
}

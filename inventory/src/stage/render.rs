//! Answers and rejections as the tables write them.

use crate::{Answer, Direction, HoldId, HoldView, Inventory, Item, Place, Rejection};

use super::START;

fn places(inventory: &Inventory, items: &[Item]) -> String {
    let layout = inventory.layout();
    let place = |item: &Item| match item.place {
        Place::Seat(seat) => layout.seat_id(seat),
        Place::Area { area, quantity } => format!("{}*{quantity}", layout.area_id(area)),
    };
    items.iter().map(place).collect::<Vec<_>>().join(" ")
}

fn seconds(time: crate::TimeUs) -> String {
    format!("{}s", time.since(START) / 1_000_000)
}

pub(super) fn answer(inventory: &Inventory, answer: &Answer) -> String {
    match answer {
        Answer::Configured => "ok".to_owned(),
        Answer::HoldPlaced(placed) => places(inventory, &placed.items) + if placed.adjacent { "" } else { " split" },
        Answer::HoldExtended { expires_at, .. } => format!("until {}", seconds(*expires_at)),
        Answer::HoldReleased { .. } => "released".to_owned(),
        Answer::HoldsExpired { count } => format!("expired {count}"),
        Answer::OrderPlaced { expires_at, .. } => format!("pending until {}", seconds(*expires_at)),
        Answer::PaymentStarted { expires_at, .. } => format!("started until {}", seconds(*expires_at)),
        Answer::PaymentDeclined { .. } => "declined".to_owned(),
        Answer::OrderPaid(paid) => {
            let order = inventory.order(paid.order).expect("a paid order is known");
            let mark = if paid.reseated { " reseated" } else { "" };
            format!("paid {} tickets {}{mark}", paid.tickets.len(), places(inventory, &order.items))
        }
        Answer::PaymentRefused { .. } => "payment refused".to_owned(),
        Answer::OrderCancelled { .. } => "cancelled".to_owned(),
        Answer::OrderRefunded { order, amount_minor } => {
            let order = inventory.order(*order).expect("a refunded order is known");
            format!("{} {amount_minor}", order.status.name())
        }
        Answer::TicketScanned { direction, at, .. } => {
            let direction = match direction {
                Direction::Entry => "in",
                Direction::Exit => "out",
            };
            format!("{direction} at {}", seconds(*at))
        }
        Answer::TicketVoided { .. } => "voided".to_owned(),
        Answer::TicketTransferred { generation, .. } => format!("generation {generation}"),
        Answer::PreQueueClosed { shuffled } => format!("closed {shuffled}"),
        Answer::LineOpened { shuffled } => format!("opened {shuffled}"),
        Answer::PlacesCalled { called } => format!("called {called}"),
        Answer::SessionStarted { serial, until, .. } => format!("session {serial} until {}", seconds(*until)),
        Answer::LineLeft => "left".to_owned(),
        Answer::ScanUndone { direction, at, .. } => {
            let direction = match direction {
                Direction::Entry => "in",
                Direction::Exit => "out",
            };
            format!("undone {direction} at {}", seconds(*at))
        }
        Answer::WaitlistJoined { number } => format!("entry {number}"),
        Answer::WaitlistOffered { number, hold } => offer(inventory, *number, *hold),
        Answer::WaitlistLeft => "gone".to_owned(),
        Answer::WaitlistClosed { count } => format!("closed {count}"),
        Answer::ScanConflicted { reason, at, .. } => format!("conflict {reason} at {}", seconds(*at)),
    }
}

fn offer(inventory: &Inventory, number: u32, hold: HoldId) -> String {
    let Some(HoldView::Live { placed, expires_at, .. }) = inventory.hold(hold) else {
        panic!("what is offered is held")
    };
    let mark = if placed.adjacent { "" } else { " split" };
    format!("offer {number} {}{mark} until {}", places(inventory, &placed.items), seconds(expires_at))
}

/// The code, and what else the rejection says.
pub(super) fn rejection(inventory: &Inventory, rejection: &Rejection) -> String {
    let code = rejection.code();
    match rejection {
        Rejection::SeatMapInvalid { problem }
        | Rejection::TierInvalid { problem }
        | Rejection::PolicyInvalid { problem }
        | Rejection::AccessCodeInvalid { problem }
        | Rejection::DiscountCodeInvalid { problem }
        | Rejection::WaitlistInvalid { problem }
        | Rejection::RoomInvalid { problem } => format!("{code} {problem}"),
        Rejection::SeatsTaken { seats } => {
            let seats: Vec<String> = seats.iter().map(|seat| inventory.layout().seat_id(*seat)).collect();
            format!("{code} {}", seats.join(" "))
        }
        Rejection::SeatUnknown { item }
        | Rejection::AreaUnknown { item }
        | Rejection::SectionUnknown { item }
        | Rejection::TierUnknown { item }
        | Rejection::SeatDuplicate { item, .. }
        | Rejection::TierNotForPlace { item }
        | Rejection::NotPriced { item }
        | Rejection::AccessCodeRequired { item }
        | Rejection::QuantityInvalid { item, .. } => format!("{code} item {item}"),
        Rejection::SaleNotStarted { starts_at } => format!("{code} {}", seconds(*starts_at)),
        Rejection::PerOrderMinimum { min, .. } => format!("{code} {min}"),
        Rejection::PerOrderMaximum { max, .. }
        | Rejection::PerCustomerMaximum { max, .. }
        | Rejection::ItemsTooMany { max }
        | Rejection::PaymentsTooMany { max }
        | Rejection::UndosTooMany { max }
        | Rejection::UnitsPerHoldExceeded { max }
        | Rejection::HoldsPerCustomerExceeded { max }
        | Rejection::UnitsPerCustomerExceeded { max } => format!("{code} {max}"),
        Rejection::AreaSoldOut { free, .. } | Rejection::NotEnoughSeats { free } => format!("{code} {free}"),
        Rejection::QuotaExhausted { left, .. } | Rejection::AccessCodeSpent { left } => format!("{code} {left}"),
        Rejection::EventSold { units } | Rejection::TierInUse { units } => format!("{code} {units}"),
        Rejection::OrderTransition { from, to } => format!("{code} {from} {to}"),
        Rejection::AmountMismatch { expected_minor } => format!("{code} {expected_minor}"),
        Rejection::PriceAboveTier { max_minor } => format!("{code} {max_minor}"),
        Rejection::RefundExceeds { left_minor } => format!("{code} {left_minor}"),
        Rejection::ScanRefused(refused) => format!("{code} {refused}"),
        Rejection::RoomFrozen { field } => format!("{code} {field}"),
        Rejection::LineOpensLater { opens_at } => format!("{code} {}", seconds(*opens_at)),
        Rejection::NobodyToCall { limited_by } => format!("{code} {}", limited_by.name()),
        Rejection::PlaceNotCalled { rank, called } => format!("{code} {rank} of {called}"),
        Rejection::DiscountCodeUnknown { code: at }
        | Rejection::DiscountCodeExpired { code: at }
        | Rejection::DiscountCodeNotApplicable { code: at } => format!("{code} {at}"),
        Rejection::DiscountCodeNotStarted { code: at, starts_at } => format!("{code} {at} {}", seconds(*starts_at)),
        Rejection::DiscountCodePerCustomer { code: at, max } => format!("{code} {at} of {max}"),
        Rejection::DiscountCodeSpent { code: at, left } => format!("{code} {at} has {left}"),
        Rejection::WaitlistJoined { number } => format!("{code} {number}"),
        Rejection::WaitlistNeverTogether { longest } => format!("{code} {longest}"),
        Rejection::WaitlistOff
        | Rejection::WaitlistClosed
        | Rejection::WaitlistNotNeeded
        | Rejection::WaitlistFull
        | Rejection::WaitlistEntryNotFound
        | Rejection::WaitlistIdle
        | Rejection::WaitlistFirst
        | Rejection::RoomOff
        | Rejection::LineBeganAnew
        | Rejection::LineAlreadyOpen
        | Rejection::BeaconRequired
        | Rejection::BeaconInvalid
        | Rejection::LineNotOpen
        | Rejection::PlaceLapsed
        | Rejection::PassExpired
        | Rejection::PassSpent
        | Rejection::QueueRequired
        | Rejection::KeyReused
        | Rejection::EventCancelled
        | Rejection::EventNotPublished
        | Rejection::EventAlreadyPublished
        | Rejection::SeatMapMissing
        | Rejection::TierMissing
        | Rejection::BlocksWithheld
        | Rejection::BlockUnknown
        | Rejection::TierNotFound
        | Rejection::HoldEmpty
        | Rejection::SaleEnded
        | Rejection::HoldNotFound
        | Rejection::HoldExpired
        | Rejection::HoldReleased
        | Rejection::HoldConfirmed
        | Rejection::HoldExtensionExhausted
        | Rejection::HoldHasOrder
        | Rejection::OrderNotFound
        | Rejection::CurrencyMismatch
        | Rejection::TicketNotFound
        | Rejection::TicketVoid
        | Rejection::TicketUsed
        | Rejection::RefundNotPromised
        | Rejection::ScanNotFound
        | Rejection::ScanNotLast => code.to_owned(),
    }
}

//! Puts names and fields to what the core refuses by number.

use inventory::{Layout, Rejection};
use wire::{FieldError, HoldRequest};

use crate::error::ApiError;
use crate::field_errors::field_error;

#[cold]
pub fn explain(rejection: Rejection, request: &HoldRequest, layout: &Layout) -> ApiError {
    let errors = match &rejection {
        // Each one, not only the first.
        Rejection::SeatUnknown { .. } => unknown_seats(request, layout),
        Rejection::SeatsTaken { seats } => seats.iter().map(|seat| taken(&layout.seat_id(*seat), request)).collect(),
        Rejection::QuantityInvalid { item, .. } => vec![part(request, *item, "quantity", &rejection)],
        Rejection::AreaUnknown { item } => vec![part(request, *item, "area", &rejection)],
        Rejection::SectionUnknown { item } => vec![part(request, *item, "section", &rejection)],
        Rejection::TierUnknown { item } | Rejection::TierNotForPlace { item } => {
            vec![part(request, *item, "tier", &rejection)]
        }
        Rejection::SeatDuplicate { item, .. } => vec![part(request, *item, "seat", &rejection)],
        Rejection::NotPriced { item } | Rejection::AccessCodeRequired { item } => {
            vec![fault(format!("items[{item}]"), &rejection)]
        }
        Rejection::DiscountCodeUnknown { code }
        | Rejection::DiscountCodeNotStarted { code, .. }
        | Rejection::DiscountCodeExpired { code }
        | Rejection::DiscountCodeNotApplicable { code }
        | Rejection::DiscountCodePerCustomer { code, .. }
        | Rejection::DiscountCodeSpent { code, .. } => vec![fault(format!("discount_codes[{code}]"), &rejection)],
        // These speak of the whole hold.
        _ => Vec::new(),
    };
    ApiError::Rejected(rejection, errors)
}

/// The part of an item that is at fault: what belongs to a party is inside it.
fn part(request: &HoldRequest, item: u32, part: &str, rejection: &Rejection) -> FieldError {
    let is_party = request.items.get(item as usize).is_some_and(|item| item.best_available.is_some());
    let inside = if is_party { "best_available." } else { "" };
    fault(format!("items[{item}].{inside}{part}"), rejection)
}

fn fault(field: String, rejection: &Rejection) -> FieldError {
    FieldError { field, code: rejection.code().to_owned(), message: rejection.to_string() }
}

fn unknown_seats(request: &HoldRequest, layout: &Layout) -> Vec<FieldError> {
    let named = request.items.iter().enumerate().filter_map(|(at, item)| Some((at, item.seat.as_deref()?)));
    named.filter(|(_, seat)| layout.seat(seat).is_none()).map(|(at, seat)| unknown(at, seat)).collect()
}

fn taken(seat: &str, request: &HoldRequest) -> FieldError {
    match request.items.iter().position(|item| item.seat.as_deref() == Some(seat)) {
        Some(at) => field_error(format!("items[{at}].seat"), "SEAT_TAKEN", seat),
        None => field_error("items", "SEAT_TAKEN", seat),
    }
}

/// The message is the seat's public id alone, for programs to read.
fn unknown(at: usize, seat: &str) -> FieldError {
    let code = Rejection::SeatUnknown { item: 0 }.code().to_owned();
    FieldError { field: format!("items[{at}].seat"), code, message: seat.to_owned() }
}

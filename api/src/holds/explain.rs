//! Puts names and fields to what the core refuses by number.

use inventory::{Layout, Rejection};
use wire::{FieldError, HoldRequest};

use crate::error::ApiError;

#[cold]
pub fn explain(rejection: Rejection, request: &HoldRequest, layout: &Layout) -> ApiError {
    let errors = match &rejection {
        // Each one, not only the first.
        Rejection::SeatUnknown { .. } => unknown_seats(request, layout),
        Rejection::SeatsTaken { seats } => seats.iter().map(|seat| taken(&layout.seat_id(*seat), request)).collect(),
        Rejection::QuantityInvalid { item, .. }
        | Rejection::AreaUnknown { item }
        | Rejection::SectionUnknown { item }
        | Rejection::TierUnknown { item }
        | Rejection::SeatDuplicate { item, .. }
        | Rejection::TierNotForPlace { item }
        | Rejection::NotPriced { item }
        | Rejection::AccessCodeRequired { item } => vec![FieldError {
            field: format!("items[{item}]"),
            code: rejection.code().to_owned(),
            message: rejection.to_string(),
        }],
        // These speak of the whole hold.
        _ => Vec::new(),
    };
    ApiError::Rejected(rejection, errors)
}

fn unknown_seats(request: &HoldRequest, layout: &Layout) -> Vec<FieldError> {
    let named = request.items.iter().enumerate().filter_map(|(at, item)| Some((at, item.seat.as_deref()?)));
    named.filter(|(_, seat)| layout.seat(seat).is_none()).map(|(at, seat)| error(at, "SEAT_UNKNOWN", seat)).collect()
}

fn taken(seat: &str, request: &HoldRequest) -> FieldError {
    match request.items.iter().position(|item| item.seat.as_deref() == Some(seat)) {
        Some(at) => error(at, "SEAT_TAKEN", seat),
        None => FieldError { field: "items".to_owned(), code: "SEAT_TAKEN".to_owned(), message: seat.to_owned() },
    }
}

/// The message is the seat's public id alone, for programs to read.
fn error(at: usize, code: &str, seat: &str) -> FieldError {
    FieldError { field: format!("items[{at}].seat"), code: code.to_owned(), message: seat.to_owned() }
}

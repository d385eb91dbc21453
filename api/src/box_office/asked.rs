//! What the requests of the box office have in common.

use inventory::limits::{BLOCKS_PER_EVENT_MAX, PRICE_MINOR_MAX};
use inventory::{BoxOffice, EventId, HoldId, Layout, PlaceHold};
use wire::{BoxOfficePayment, HoldItem, HoldRequest, Money};

use crate::counter::house;
use crate::error::ApiError;
use crate::field_errors::FieldErrors;
use crate::hold_items;

const TEXT_CHARS_MAX: usize = 200;

/// A reason, label or reference, if there is one.
pub fn text(errors: &mut FieldErrors, field: &str, text: Option<&str>) {
    if text.is_some_and(|text| !(1..=TEXT_CHARS_MAX).contains(&text.trim().chars().count())) {
        errors.add(field, "LENGTH", format!("1 to {TEXT_CHARS_MAX} characters"));
    }
}

/// Nobody finds again what was paid elsewhere without one.
pub fn referenced(errors: &mut FieldErrors, payment: BoxOfficePayment, reference: Option<&str>) {
    if payment == BoxOfficePayment::External && reference.is_none() {
        errors.add("reference", "REQUIRED", "say where it was paid");
    }
}

pub fn blocks(errors: &mut FieldErrors, blocks: &[String], layout: &Layout) {
    if blocks.len() > BLOCKS_PER_EVENT_MAX {
        errors.add("blocks", "TOO_MANY", format!("at most {BLOCKS_PER_EVENT_MAX}"));
        return;
    }
    for (at, block) in blocks.iter().enumerate() {
        if !layout.has_block(block) {
            errors.add(format!("blocks[{at}]"), "UNKNOWN", "no seat is in a block of this name");
        }
    }
}

pub fn price(errors: &mut FieldErrors, price: &Money, layout: &Layout) -> i64 {
    let currency = layout.policy().currency;
    if price.currency != currency.code() {
        errors.add("price.currency", "CURRENCY_MISMATCH", format!("the event sells in {}", currency.code()));
    }
    if !(0..=PRICE_MINOR_MAX).contains(&price.amount_minor) {
        errors.add("price.amount_minor", "OUT_OF_RANGE", format!("0 to {PRICE_MINOR_MAX}"));
    }
    price.amount_minor
}

/// A hold request with these items alone, as its faults are explained by.
pub fn request(items: Vec<HoldItem>) -> HoldRequest {
    HoldRequest { items, ..HoldRequest::default() }
}

/// # Errors
/// Those of [`hold_items::parse`].
pub fn wanted(
    event: EventId,
    hold: HoldId,
    request: &HoldRequest,
    box_office: BoxOffice,
    layout: &Layout,
) -> Result<PlaceHold, ApiError> {
    Ok(PlaceHold {
        hold,
        customer: house(event),
        wants: hold_items::parse(request, layout)?,
        access_codes: Vec::new(),
        discount_codes: Box::default(),
        box_office: Some(Box::new(box_office)),
    })
}

pub fn explained(error: ApiError, request: &HoldRequest, layout: &Layout) -> ApiError {
    match error {
        ApiError::Rejected(rejection, _) => hold_items::explain(rejection, request, layout),
        other => other,
    }
}

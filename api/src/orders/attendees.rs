//! Who will come. Personal data: never journaled, so that it can be corrected and erased.

use engine::EventHandle;
use inventory::{HoldId, HoldView, OrderId, UserId};
use persistence::Attendee;
use wire::OrderRequest;

use crate::error::ApiError;
use crate::field_errors::FieldErrors;
use crate::state::AppState;
use crate::{attendee, event_access};

/// # Errors
/// The fields at fault; more names than the hold has units.
pub async fn check(handle: &EventHandle, customer: UserId, request: &OrderRequest) -> Result<(), ApiError> {
    if request.attendees.is_empty() {
        return Ok(());
    }
    let mut errors = FieldErrors::default();
    for (at, attendee) in request.attendees.iter().enumerate() {
        attendee::check(&mut errors, &format!("attendees[{at}]"), attendee);
    }
    // A hold that has ended, or is not the customer's, is refused by the core with its own code.
    if let Some(HoldView::Live { placed, .. }) = handle.hold(HoldId::from_uuid(request.hold_id)).await?
        && placed.customer == customer
        && request.attendees.len() > placed.units() as usize
    {
        errors.add("attendees", "TOO_MANY", format!("the hold is for {}", placed.units()));
    }
    Ok(errors.none()?)
}

/// Once: a repeated request does not undo what was corrected since. Those of a new order, as they are kept.
///
/// # Errors
/// Outcome unknown when the store does not answer: the order has been placed. Asking again stores them.
pub async fn keep(state: &AppState, order: OrderId, attendees: Vec<wire::Attendee>) -> Result<Vec<Attendee>, ApiError> {
    if attendees.is_empty() {
        return Ok(Vec::new());
    }
    let rows = attendees.into_iter().zip(0..);
    let rows: Vec<Attendee> =
        rows.map(|(one, position)| Attendee { position, name: one.name, email: one.email }).collect();
    state.store.attendees_keep(order, &rows).await.map_err(event_access::after_change)?;
    Ok(rows)
}

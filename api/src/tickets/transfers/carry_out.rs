//! What follows from accepting: the event gives the ticket its new holder, then the offer is settled. Every step can be
//! taken again.

use std::time::Duration;

use engine::SubmitError;
use inventory::{CallerKey, RequestId, UserId};
use persistence::TicketTransfer;

use crate::audit_log::{Action, Entry};
use crate::error::ApiError;
use crate::in_flight::Claim;
use crate::state::AppState;
use crate::{digest, event_access, order_units, time, transfer_view};

/// Whoever accepts is answered sooner; an acceptance that is older was left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(60);
/// At once; the next ones follow with the next round.
const FINISHED_MAX: u32 = 100;

/// `None`: somebody is at this offer. Given back when dropped.
pub fn alone(state: &AppState, transfer: &TicketTransfer) -> Option<Claim> {
    state.in_flight.claim(digest::of(&[b"ticket transfer", transfer.id.as_bytes()]))
}

/// Gives the ticket of an offer that is claimed for `to`.
///
/// # Errors
/// The event refuses, for good; not now, and the offer is open again; outcome unknown, and accepting again, or the
/// server's own round, finishes it.
pub async fn carry_out(
    state: &AppState,
    transfer: &TicketTransfer,
    to: UserId,
    request: Option<RequestId>,
    entry: Entry,
) -> Result<(), ApiError> {
    if !transfer_view::is_done(transfer) {
        hand_over(state, transfer, to, request).await?;
    }
    let position = position(state, transfer).await.map_err(event_access::after_change)?;
    let entry = entry.row(state.now());
    let settled = state.store.transfer_complete(transfer, position, state.now(), &entry).await;
    settled.map_err(event_access::after_change)
}

async fn hand_over(
    state: &AppState,
    transfer: &TicketTransfer,
    to: UserId,
    request: Option<RequestId>,
) -> Result<(), ApiError> {
    let released = |error: ApiError| async move {
        match state.store.transfer_release(transfer.id, state.now()).await {
            Ok(()) => error,
            // It stays claimed, and will be carried out.
            Err(_) => ApiError::OutcomeUnknown,
        }
    };
    let handle = match event_access::handle(state, transfer.event_id).await {
        Ok(handle) => handle,
        Err(error) => return Err(released(error).await),
    };
    // However often it is carried out, the event does it once.
    let key = CallerKey {
        key: digest::of(&[b"ticket transfer", transfer.id.as_bytes()]),
        body: digest::of(&[b"to", &to.bytes()]),
    };
    let asker = engine::Caller { user: transfer.sender_id, request, key: Some(key) };
    match handle.transfer_ticket(asker, transfer.ticket_id, to).await {
        Ok(_) => Ok(()),
        Err(SubmitError::Rejected(rejection)) => {
            state.store.transfer_close(transfer.id, state.now()).await?;
            Err(rejection.into())
        }
        Err(error @ SubmitError::Unavailable(_)) => Err(released(error.into()).await),
        Err(SubmitError::OutcomeUnknown) => Err(ApiError::OutcomeUnknown),
    }
}

/// Where the order names the attendee of the ticket.
async fn position(state: &AppState, transfer: &TicketTransfer) -> Result<Option<u32>, persistence::StoreError> {
    let Some(order) = state.store.order_find(transfer.order_id).await? else { return Ok(None) };
    let tickets = state.store.ticket_list(order.id).await?;
    Ok(order_units::positions(&order.items, &tickets).get(&transfer.ticket_id).copied())
}

/// Carries out what was accepted and left behind: by a crash, or by an event that did not answer.
///
/// # Errors
/// The store is not available.
pub async fn finish(state: &AppState) -> Result<(), ApiError> {
    let before = time::minus(state.now(), LEFT_BEHIND);
    for transfer in state.store.transfer_list_accepting(before, FINISHED_MAX).await? {
        let (Some(to), Some(_claim)) = (transfer.accepted_by, alone(state, &transfer)) else { continue };
        let entry = Entry::by_system(Action::TransferAccept).event(transfer.event_id).object(transfer.ticket_id);
        if let Err(error) = carry_out(state, &transfer, to, None, entry).await {
            tracing::warn!(transfer = %transfer.id, code = error.code(), "an accepted ticket is not handed over yet");
        }
    }
    Ok(())
}

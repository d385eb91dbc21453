use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{Rejection, TicketId};
use persistence::{Event, EventStatus, NewTransfer, Ticket, TicketState};
use wire::{TicketTransfer, TransferRequest};

use super::super::own;
use crate::attempts::{self, Attempts};
use crate::audit_log::{Action, Source};
use crate::auth::{Caller, OneTimeToken};
use crate::error::{ApiError, Conflict, Noun};
use crate::event_access;
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::mail::{Letter, TRANSFER_GOOD_FOR};
use crate::problems::Written;
use crate::state::AppState;
use crate::{ids, person, time, transfer_view};

const WINDOW: Duration = Duration::from_secs(30 * 60);
/// Of one account, to whomever: a large family's tickets.
const PER_ACCOUNT: u32 = 60;
/// Of one ticket: its holder may have mistyped the address.
const PER_TICKET: u32 = 5;
/// To one address. All the tickets of an order may go to one friend.
const TO_ADDRESS: Attempts = Attempts { what: "transfer", per_subscriber: 20, in_all: 40, window: WINDOW };

/// Offers a ticket to somebody else
///
/// A mail tells him. He accepts it with an account that has confirmed the address, which he may make then; only with that
/// the ticket is his and the old code dead. Until then it stays the caller's and good. Open for 72 hours, or until the event
/// is over; one offer at a time. Not after the ticket has been inside. Five in half an hour per ticket, 60 per account.
#[utoipa::path(post, path = "/tickets/{id}/transfer", tag = "tickets", request_body = TransferRequest,
    params(("id" = Uuid, Path, description = "Ticket")), security(("bearer" = [])),
    responses((status = 201, description = "The offer", body = TicketTransfer), Written))]
pub async fn offer(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<TransferRequest>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let answer = async {
        let ticket = own(&state, caller.user, TicketId::from_uuid(id)).await?;
        let offer = make(&state, caller, &ticket, body.email.trim(), &source).await?;
        Ok((StatusCode::CREATED, Json(offer)).into_response())
    };
    remembered(&state, origin.key, answer).await
}

async fn make(
    state: &AppState,
    caller: Caller,
    ticket: &Ticket,
    email: &str,
    source: &Source,
) -> Result<TicketTransfer, ApiError> {
    if let Some(fault) = person::email(email) {
        return Err(ApiError::Invalid(vec![fault]));
    }
    let event = state.store.event_find_any(ticket.event_id).await?.ok_or(ApiError::NotFound(Noun::Ticket))?;
    may_go(state, ticket, &event)?;
    let sender = state.store.user_find(caller.user).await?.ok_or(ApiError::NotFound(Noun::User))?;
    if sender.email.trim().to_lowercase() == email.to_lowercase() {
        return Err(ApiError::invalid("email", "OWN_ADDRESS", "the ticket is yours already"));
    }
    attempts::by_account(state, "transfers", caller.user, PER_ACCOUNT, WINDOW).await?;
    attempts::by_subject(state, "transfers of a ticket", &ticket.id.bytes(), PER_TICKET, WINDOW).await?;
    TO_ADDRESS.take(state, email, source.ip()).await?;
    let (now, token) = (state.now(), OneTimeToken::draw());
    let letter = Letter::TicketOffered { token: token.text(), event: event.title.clone() };
    let mail = state.mail.compose(email, &letter, now)?;
    let offer = NewTransfer {
        id: ids::mint(now),
        ticket: ticket.id,
        generation: ticket.generation,
        sender: caller.user,
        recipient: email,
        token_hash: token.hash(),
        created_at: now,
        expires_at: time::plus(now, TRANSFER_GOOD_FOR).min(event.over_at()),
    };
    // Without the address: nobody can take it out of the audit log again.
    let entry = source.entry(&caller, Action::TransferOffer).event(event.id).object(ticket.id).row(now);
    if !state.store.transfer_offer(&offer, &mail, &entry).await? {
        return Err(ApiError::Conflict(Conflict::TransferOpen));
    }
    state.mail.queued();
    let made = state.store.transfer_find(offer.id).await.map_err(event_access::after_change)?;
    let made = made.ok_or(ApiError::Defect(Cow::Borrowed("an offer was made and is not there")))?;
    Ok(transfer_view::render(made, now))
}

/// What the event would refuse, said before anybody gets a mail.
fn may_go(state: &AppState, ticket: &Ticket, event: &Event) -> Result<(), ApiError> {
    if event.status == EventStatus::Cancelled {
        return Err(Rejection::EventCancelled.into());
    }
    match ticket.state {
        TicketState::Issued if event.over_at() <= state.now() => Err(ApiError::EventEnded),
        TicketState::Issued => Ok(()),
        TicketState::Voided => Err(Rejection::TicketVoid.into()),
        TicketState::CheckedIn | TicketState::CheckedOut => Err(Rejection::TicketUsed.into()),
    }
}

use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::{Rejection, TicketId, TimeUs};
use persistence::{Attendee, AttendeeOf, Ticket, TicketState};
use serde_json::json;
use wire::{TicketAttendee, TicketAttendeePatch};

use super::own;
use crate::audit_log::{Action, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::PathId;
use crate::field_errors::FieldErrors;
use crate::idempotency::{Write, remembered};
use crate::problems::{Read, Written};
use crate::state::AppState;
use crate::{attendee_cut_off, order_units, person, time};

/// Shows who comes with a ticket
///
/// To its holder, with the time until which he may change it.
#[utoipa::path(get, path = "/tickets/{id}/attendee", tag = "tickets",
    params(("id" = Uuid, Path, description = "Ticket")), security(("bearer" = [])),
    responses((status = 200, description = "Who comes", body = TicketAttendee), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(id): PathId,
    caller: Caller,
) -> Result<Json<TicketAttendee>, ApiError> {
    let ticket = own(&state, caller.user, TicketId::from_uuid(id)).await?;
    let named = Named::of(&state, &ticket).await?;
    let (name, email) = named.attendee.map_or((None, None), |attendee| (Some(attendee.name), attendee.email));
    Ok(Json(TicketAttendee { name, email, editable_until: time::utc(named.editable_until) }))
}

/// Says who comes with a ticket
///
/// By its holder, until the event's cut-off, which is when it starts unless its organizer has said otherwise; never after the
/// ticket has been inside. What is left out stays as it is.
#[utoipa::path(patch, path = "/tickets/{id}/attendee", tag = "tickets", request_body = TicketAttendeePatch,
    params(("id" = Uuid, Path, description = "Ticket")), security(("bearer" = [])),
    responses((status = 200, description = "Who comes", body = TicketAttendee), Written))]
pub async fn patch(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<TicketAttendeePatch>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let answer = async {
        let ticket = own(&state, caller.user, TicketId::from_uuid(id)).await?;
        let body = checked(body)?;
        let named = Named::of(&state, &ticket).await?;
        named.may_change(&ticket, state.now())?;
        let changed = json!({"name": body.name.is_some(), "email": body.email.is_some()});
        let (old_name, old_email) = named.attendee.map_or((None, None), |one| (Some(one.name), one.email));
        let name = body.name.or(old_name);
        let name = name.ok_or_else(|| ApiError::invalid("name", "MISSING_FIELD", "nobody is named yet"))?;
        let email = body.email.map_or(old_email, |email| (!email.is_empty()).then_some(email));
        let attendee = AttendeeOf {
            ticket: ticket.id,
            holder: caller.user,
            position: named.position,
            name: &name,
            email: email.as_deref(),
        };
        // That somebody was named, not who: nobody can take it out of the audit log again.
        let entry = source.entry(&caller, Action::AttendeeUpdate).event(ticket.event_id).object(ticket.id);
        if !state.store.attendee_set(&attendee, &entry.made(&changed).row(state.now())).await? {
            // Used, voided or given away since it was looked at.
            let now = own(&state, caller.user, ticket.id).await?;
            return Err(refusal(&now).unwrap_or(ApiError::NotFound(Noun::Ticket)));
        }
        let editable_until = time::utc(named.editable_until);
        Ok(Json(TicketAttendee { name: Some(name), email, editable_until }).into_response())
    };
    remembered(&state, origin.key, answer).await
}

/// What is known of a ticket's attendee.
struct Named {
    attendee: Option<Attendee>,
    /// Of the ticket, among the units of its order.
    position: u32,
    editable_until: TimeUs,
}

impl Named {
    async fn of(state: &AppState, ticket: &Ticket) -> Result<Self, ApiError> {
        let unknown = || ApiError::NotFound(Noun::Ticket);
        let event = state.store.event_find_any(ticket.event_id).await?.ok_or_else(unknown)?;
        let order = state.store.order_find(ticket.order_id).await?.ok_or_else(unknown)?;
        let tickets = state.store.ticket_list(order.id).await?;
        let position = order_units::positions(&order.items, &tickets).get(&ticket.id).copied();
        let position = position.ok_or(ApiError::Defect(Cow::Borrowed("a ticket is no unit of its order")))?;
        let attendees = state.store.attendees_list(order.id).await?;
        let attendee = attendees.into_iter().find(|attendee| attendee.position == position);
        let (_, editable_until) = attendee_cut_off::of(state, &event).await?;
        Ok(Self { attendee, position, editable_until })
    }

    fn may_change(&self, ticket: &Ticket, now: TimeUs) -> Result<(), ApiError> {
        match refusal(ticket) {
            Some(refusal) => Err(refusal),
            None if self.editable_until <= now => Err(ApiError::Conflict(Conflict::AttendeesFixed)),
            None => Ok(()),
        }
    }
}

fn refusal(ticket: &Ticket) -> Option<ApiError> {
    match ticket.state {
        TicketState::Issued => None,
        TicketState::Voided => Some(Rejection::TicketVoid.into()),
        TicketState::CheckedIn | TicketState::CheckedOut => Some(Rejection::TicketUsed.into()),
    }
}

/// Without spaces around, and each as it may be.
fn checked(patch: TicketAttendeePatch) -> Result<TicketAttendeePatch, ApiError> {
    let name = patch.name.map(|name| name.trim().to_owned());
    let email = patch.email.map(|email| email.trim().to_owned());
    let faults = [
        name.as_deref().and_then(person::name),
        email.as_deref().filter(|email| !email.is_empty()).and_then(person::email),
    ];
    let mut errors = FieldErrors::default();
    for fault in faults.into_iter().flatten() {
        errors.add(fault.field, &fault.code, fault.message);
    }
    if name.is_none() && email.is_none() {
        errors.add("name", "MISSING_FIELD", "a name, an e-mail address, or both");
    }
    errors.none()?;
    Ok(TicketAttendeePatch { name, email })
}

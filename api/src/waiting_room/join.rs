use axum::Json;
use axum::extract::State;
use engine::EventHandle;
use inventory::{EventId, LineState, UserId};
use wire::{JoinRequest, Place, PlaceState};

use super::place::Asker;
use crate::error::{ApiError, Conflict};
use crate::event_access;
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::line::Numbered;
use crate::line::tokens::{PlaceTicket, PriorityPass};
use crate::problems::Written;
use crate::state::AppState;

/// Joins, or comes in
///
/// One place per account: joining again gives the same place. When its turn has come, the answer admits and carries the
/// pass for holds. A place that was not claimed in time, or whose session is over, is given up for a new one at the end.
#[utoipa::path(post, path = "/events/{id}/waiting-room", tag = "waiting room", request_body = JoinRequest,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The account's place", body = Place), Written))]
pub async fn join(
    State(state): State<AppState>,
    PathId(event): PathId,
    write: Write<JoinRequest>,
) -> Result<Json<Place>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let handle = event_access::handle(&state, EventId::from_uuid(event)).await?;
    let viewer = caller;
    let caller = engine::Caller { key: None, ..event_access::asker(caller.user, origin) };
    let asker = Asker { state: &state, handle: &handle, caller };
    let pass = body.priority_pass.as_deref().map(|text| priority_pass(&asker, text)).transpose()?;
    let ticket = body.place_ticket.as_deref().map(|text| place_ticket(&asker, text)).transpose()?;
    asker.must_take_place()?;
    match handle.line().state(state.now()) {
        LineState::Off => {
            event_access::visible(&state, Some(viewer), handle.event()).await?;
            return Ok(Json(asker.not_needed()));
        }
        LineState::Closed if pass.is_none() => {
            let refused = ApiError::Conflict(Conflict::WaitingRoomClosed);
            return Err(event_access::unless_hidden(&state, viewer, handle.event(), refused).await);
        }
        LineState::Closed | LineState::PreQueue | LineState::AwaitingBeacon | LineState::Open => {}
    }
    if let Some(pass) = pass {
        return Ok(Json(asker.enter(pass).await?));
    }
    let ticket = match ticket.filter(|ticket| ticket.round == handle.line().round) {
        Some(ticket) => ticket,
        None => numbered(&state, &handle, caller.user, None).await?,
    };
    let place = asker.place(ticket).await?;
    if place.state != PlaceState::Lapsed {
        return Ok(Json(place));
    }
    let lapsed = Numbered { round: ticket.round, number: ticket.number };
    let ticket = numbered(&state, &handle, caller.user, Some(lapsed)).await?;
    Ok(Json(asker.place(ticket).await?))
}

async fn numbered(
    state: &AppState,
    handle: &EventHandle,
    user: UserId,
    replaces: Option<Numbered>,
) -> Result<PlaceTicket, ApiError> {
    let Numbered { round, number } = state.keepers.join(handle.event(), user, replaces).await?;
    let ticket = PlaceTicket { user, round, number };
    state.live.follow(handle.event(), ticket);
    Ok(ticket)
}

fn priority_pass(asker: &Asker<'_>, text: &str) -> Result<PriorityPass, ApiError> {
    let pass = asker.state.line_tokens.read_priority_pass(asker.handle.event(), text);
    pass.filter(|pass| pass.user.is_none_or(|user| user == asker.caller.user))
        .ok_or_else(|| ApiError::invalid("priority_pass", "INVALID", "not a pass for this event and account"))
}

/// # Errors
/// It is not a ticket for this event and account.
pub fn place_ticket(asker: &Asker<'_>, text: &str) -> Result<PlaceTicket, ApiError> {
    let ticket = asker.state.line_tokens.read_place_ticket(asker.handle.event(), text);
    ticket
        .filter(|ticket| ticket.user == asker.caller.user)
        .ok_or_else(|| ApiError::invalid("place_ticket", "INVALID", "not a ticket for this event and account"))
}

use axum::Json;
use axum::extract::State;
use engine::EventHandle;
use inventory::{Answer, EventId, Rejection, TicketId};
use serde_json::json;
use wire::{ScanUndo, ScanUndone, UndoReason};

use super::shown;
use crate::audit_log::{self, Action, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::event_access::{self, Capability};
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::time;

/// Undoes a scan
///
/// The last scan of a ticket, by the nonce of whoever made it, or by its time as it is shown: the ticket is as it was
/// before, and may enter again. Undone by its nonce once more, the same answer; a scan that is sent once more under that
/// nonce is refused as `undone`. At most 7 scans of a ticket are undone. For the event's organizer, its door staff, its
/// scanners and admins.
#[utoipa::path(post, path = "/events/{id}/gate/scans/undo", tag = "gate", request_body = ScanUndo,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The scan that was undone", body = ScanUndone), Written))]
pub async fn undo(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<ScanUndo>,
) -> Result<Json<ScanUndone>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::Scan).await?.id;
    shown::check("", body.code.as_deref(), body.ticket_id, body.nonce.as_deref())?;
    if body.nonce.is_some() == body.scanned_at.is_some() {
        return Err(ApiError::invalid("nonce", "ONE_OF", "either `nonce` or `scanned_at`"));
    }
    let claim = shown::claim(&state, event, body.code.as_deref(), body.ticket_id).await?;
    let ticket = claim.ok_or(ApiError::NotFound(Noun::Ticket))?.ticket;
    let handle = event_access::handle(&state, event).await?;
    let asker = event_access::asker(caller.user, origin);
    let done = match nonce(&handle, caller, ticket, &body).await? {
        Some(nonce) => handle.undo_scan(asker, ticket, nonce, reason(body.reason)).await?,
        // It is not the last one any more; unless this very request has seen to that.
        None => event_access::recalled(&state, &handle, asker, Rejection::ScanNotLast.into()).await?,
    };
    let Answer::ScanUndone { ticket, direction, at } = done.answer else {
        return Err(event_access::unexpected("undoing a scan", &done.answer));
    };
    let undone = ScanUndone { ticket_id: ticket.uuid(), direction: shown::told(direction), scanned_at: time::utc(at) };
    let facts = json!({"direction": undone.direction, "scanned_at": undone.scanned_at, "reason": body.reason});
    // The same scan is undone once, however often that is asked for and told.
    let scan = format!("{ticket}@{}", at.0);
    let entry = source.entry(&caller, Action::ScanUndo).event(event).object(scan).removed(&facts).once_ever();
    audit_log::write(&state, entry).await;
    Ok(Json(undone))
}

/// `None`: the ticket's last scan is another one than the caller saw.
async fn nonce(
    handle: &EventHandle,
    caller: Caller,
    ticket: TicketId,
    undo: &ScanUndo,
) -> Result<Option<u64>, ApiError> {
    if let Some(nonce) = &undo.nonce {
        return Ok(Some(shown::nonce(caller, nonce)));
    }
    let view = handle.ticket(ticket).await?.ok_or(ApiError::NotFound(Noun::Ticket))?;
    let is_meant = view.scanned_at.map(time::utc) == undo.scanned_at;
    Ok(view.scan_nonce.filter(|_| is_meant))
}

fn reason(reason: Option<UndoReason>) -> inventory::UndoReason {
    match reason.unwrap_or(UndoReason::Mistake) {
        UndoReason::Mistake => inventory::UndoReason::Mistake,
        UndoReason::WrongPerson => inventory::UndoReason::WrongPerson,
        UndoReason::TurnedAway => inventory::UndoReason::TurnedAway,
        UndoReason::Other => inventory::UndoReason::Other,
    }
}

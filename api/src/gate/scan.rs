use axum::Json;
use axum::extract::State;
use engine::SubmitError;
use http::StatusCode;
use inventory::{Answer, Direction, EventId, Layout, RefusedScan, Rejection, ScanTicket, TicketId, TicketView};
use wire::{ScanRequest, ScanResponse, ScanResult};

use super::shown;
use crate::error::ApiError;
use crate::event_access::Capability;
use crate::extract::PathId;
use crate::gate_log::Refused;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{check_in_list, event_access, hold_items, time};

/// Scans a ticket
///
/// 201 when it admits or lets out, 200 with the reason when it is refused. A code that this house did not sign, or signed
/// for another event, is refused as `invalid`. A code that it did sign, for a ticket that the event does not know, is a
/// 404, as is a `ticket_id` that is none of the event's. The same nonce again is the same scan: the same answer, no second
/// record. For the event's organizer, its door staff, its scanners and admins.
#[utoipa::path(post, path = "/events/{id}/gate/scans", tag = "gate", request_body = ScanRequest,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 201, description = "Admitted, or let out", body = ScanResponse),
        (status = 200, description = "Refused, with the reason", body = ScanResponse), Written))]
pub async fn scan(
    State(state): State<AppState>,
    PathId(event): PathId,
    write: Write<ScanRequest>,
) -> Result<(StatusCode, Json<ScanResponse>), ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = EventId::from_uuid(event);
    event_access::allow_often(&state, caller, event, Capability::Scan).await?;
    shown::check("", body.code.as_deref(), body.ticket_id, Some(&body.nonce))?;
    let list = check_in_list::named(&state, caller, event, body.list, "list").await?;
    let claim = shown::claim(&state, event, body.code.as_deref(), body.ticket_id).await?;
    let direction = shown::direction(body.direction);
    let (status, response) = match claim {
        None => (StatusCode::OK, refused(RefusedScan::Invalid, None)),
        Some(claim) => {
            let nonce = shown::nonce(caller, &body.nonce);
            let scan = ScanTicket {
                list: list.as_ref().map(|list| Box::new(check_in_list::of(list))),
                ..ScanTicket::live(claim.ticket, claim.generation, direction, nonce)
            };
            let handle = event_access::handle(&state, event).await?;
            let asker = event_access::asker(caller.user, origin);
            let (scanned, ticket) = handle.scan_ticket_shown(asker, scan).await;
            let (status, response) = answer(claim.ticket, scanned.map(|done| done.answer))?;
            let ticket = match ticket {
                Some(ticket) => Some(ticket),
                None => handle.ticket(claim.ticket).await.map_err(|_| ApiError::OutcomeUnknown)?,
            };
            (status, with_place(response, ticket, &handle.layout()))
        }
    };
    if let Some(reason) = &response.reason {
        let ticket = response.ticket_id.map(TicketId::from_uuid);
        let refused = Refused { event, ticket, direction, list: list.map(|list| list.id) };
        state.gate_log.note(caller, refused, reason.clone(), state.now());
    }
    Ok((status, Json(response)))
}

fn answer(ticket: TicketId, scanned: Result<Answer, SubmitError>) -> Result<(StatusCode, ScanResponse), ApiError> {
    match scanned {
        Ok(Answer::TicketScanned { direction, at, .. }) => {
            let result = match direction {
                Direction::Entry => ScanResult::Admitted,
                Direction::Exit => ScanResult::LetOut,
            };
            Ok((StatusCode::CREATED, ScanResponse { scanned_at: Some(time::utc(at)), ..blank(result, Some(ticket)) }))
        }
        // The nonce of a queued scan that was a conflict.
        Ok(Answer::ScanConflicted { reason, .. }) => Ok((StatusCode::OK, refused(reason, Some(ticket)))),
        Ok(other) => Err(event_access::unexpected("a scan", &other)),
        Err(SubmitError::Rejected(Rejection::ScanRefused(reason))) => {
            Ok((StatusCode::OK, refused(reason, Some(ticket))))
        }
        // Nobody is admitted to a cancelled event, and the steward needs a reason, not a problem.
        Err(SubmitError::Rejected(Rejection::EventCancelled)) => {
            Ok((StatusCode::OK, refused(RefusedScan::Canceled, Some(ticket))))
        }
        Err(error) => Err(error.into()),
    }
}

fn refused(reason: RefusedScan, ticket: Option<TicketId>) -> ScanResponse {
    ScanResponse {
        reason: Some(reason.to_string()),
        scanned_at: reason.earlier_at().map(time::utc),
        ..blank(ScanResult::Refused, ticket)
    }
}

fn blank(result: ScanResult, ticket: Option<TicketId>) -> ScanResponse {
    ScanResponse {
        result,
        reason: None,
        ticket_id: ticket.map(TicketId::uuid),
        seat: None,
        area: None,
        tier_name: None,
        scanned_at: None,
    }
}

fn with_place(response: ScanResponse, ticket: Option<TicketView>, layout: &Layout) -> ScanResponse {
    let Some(ticket) = ticket else { return response };
    let (seat, area) = hold_items::seat_or_area(ticket.place, layout);
    let tier_name = layout.tiers().get(ticket.tier.ix()).map(|tier| tier.name.clone());
    ScanResponse { seat, area, tier_name, ..response }
}

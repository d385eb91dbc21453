use axum::Json;
use axum::extract::State;
use engine::SubmitError;
use http::StatusCode;
use inventory::{Answer, Direction, EventId, RefusedScan, Rejection, ScanTicket, TicketId};
use wire::{ScanDirection, ScanRequest, ScanResponse, ScanResult};

use crate::error::ApiError;
use crate::event_access::Capability;
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{digest, event_access, time};

const NONCE_CHARS_MAX: usize = 64;

/// Scans a ticket
///
/// 201 when it admits or lets out, 200 with the reason when it is refused. A code that this house did not sign, or signed
/// for another event, is refused as `invalid`. A code that it did sign, for a ticket that the event does not know, is a
/// 404. The same nonce again is the same scan: the same answer, no second record. For the event's organizer, its door staff
/// and admins.
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
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::Scan).await?;
    if !(1..=NONCE_CHARS_MAX).contains(&body.nonce.chars().count()) {
        return Err(ApiError::invalid("nonce", "LENGTH", format!("1 to {NONCE_CHARS_MAX} characters")));
    }
    let Ok(claim) = state.ticket_signer.verify(event.id, &body.code) else {
        return Ok((StatusCode::OK, Json(refused(RefusedScan::Invalid, None))));
    };
    let scan = ScanTicket {
        ticket: claim.ticket,
        generation: claim.generation,
        direction: direction(body.direction),
        nonce: nonce(&body.nonce),
    };
    let handle = event_access::handle(&state, event.id).await?;
    let scanned = handle.scan_ticket(event_access::asker(caller.user, origin), scan).await;
    let (status, response) = answer(claim.ticket, scanned.map(|done| done.answer))?;
    let ticket = state.store.ticket_find(claim.ticket).await.map_err(event_access::after_change)?;
    Ok((status, Json(with_place(response, ticket))))
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
    let at = match reason {
        RefusedScan::AlreadyRedeemed { at } => Some(at),
        RefusedScan::Invalid
        | RefusedScan::Canceled
        | RefusedScan::Revoked
        | RefusedScan::InvalidTime { .. }
        | RefusedScan::NotInside
        | RefusedScan::NoReentry => None,
    };
    ScanResponse {
        reason: Some(reason.to_string()),
        scanned_at: at.map(time::utc),
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

fn with_place(response: ScanResponse, ticket: Option<persistence::Ticket>) -> ScanResponse {
    let Some(ticket) = ticket else { return response };
    let (seat, area) = if ticket.is_area { (None, Some(ticket.place)) } else { (Some(ticket.place), None) };
    ScanResponse { seat, area, tier_name: Some(ticket.tier_name), ..response }
}

fn direction(asked: Option<ScanDirection>) -> Direction {
    match asked.unwrap_or(ScanDirection::Entry) {
        ScanDirection::Entry => Direction::Entry,
        ScanDirection::Exit => Direction::Exit,
    }
}

/// Scanners make their nonces up: a digest gives every one the same size.
fn nonce(nonce: &str) -> u64 {
    let digest = digest::of(&[b"nonce", nonce.as_bytes()]);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(bytes)
}

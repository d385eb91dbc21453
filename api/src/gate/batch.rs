use std::collections::HashMap;
use std::collections::hash_map::Entry;

use axum::Json;
use axum::extract::State;
use engine::SubmitError;
use futures_util::{StreamExt, stream};
use inventory::{
    Answer, Direction, EventId, QueuedScan, RefusedScan, Rejection, ScanList, ScanTicket, TicketId, TimeUs,
};
use uuid::Uuid;
use wire::{QueuedScanAnswer, QueuedScanResult, QueuedScans, QueuedScansAnswer};

use super::shown;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access::Capability;
use crate::extract::PathId;
use crate::field_errors::FieldErrors;
use crate::gate_log::Refused;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::ticket_code::Claim;
use crate::{check_in_list, event_access, time};

const SCANS_MAX: usize = 500;
/// On their way to the event at the same time, of one upload.
const AT_ONCE: usize = 32;

/// Sends queued scans
///
/// What a device has decided by the bundle while it was offline, 1 to 500 scans. Each is recorded at the device's time and
/// has a result of its own. One that contradicts what is known is recorded as a conflict and listed for staff; it never
/// admits a ticket twice. Those of one upload are taken in the order of their times. The same upload again changes nothing
/// and is answered the same: it is sent until it is answered, and what is answered as `retry` is sent again. For the
/// event's organizer, its door staff, its scanners and admins.
#[utoipa::path(post, path = "/events/{id}/gate/scans/batch", tag = "gate", request_body = QueuedScans,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "A result for each", body = QueuedScansAnswer), Written))]
pub async fn batch(
    State(state): State<AppState>,
    PathId(event): PathId,
    write: Write<QueuedScans>,
) -> Result<Json<QueuedScansAnswer>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::Scan).await?.id;
    let times = check(&body.scans)?;
    let lists = lists(&state, caller, event, &body.scans).await?;
    let handle = event_access::handle(&state, event).await?;
    let scans = body.scans;
    let claims = claims(&state, event, &scans).await?;
    // The key is that of the upload; each scan goes by its nonce.
    let asker = engine::Caller { key: None, ..event_access::asker(caller.user, origin) };
    let mut turns: Vec<usize> = (0..scans.len()).collect();
    turns.sort_by_key(|at| times[*at]);
    let asked = stream::iter(turns.into_iter().map(|at| {
        let (scan, handle) = (&scans[at], &handle);
        let asked = claims[at].map(|claim| ScanTicket {
            queued: Some(QueuedScan { scanned_at: times[at], forced: scan.forced }),
            list: lists.get(&scan.list).cloned().flatten(),
            ..ScanTicket::live(
                claim.ticket,
                claim.generation,
                shown::direction(scan.direction),
                shown::nonce(caller, &scan.nonce),
            )
        });
        async move {
            let Some(asked) = asked else { return Ok((at, unsigned(scan))) };
            let ticket = asked.ticket;
            let done = handle.scan_ticket(asker, asked).await.map(|done| done.answer);
            told(&scan.nonce, ticket, done).map(|answer| (at, answer))
        }
    }));
    let answers: Vec<Result<(usize, QueuedScanAnswer), ApiError>> = asked.buffered(AT_ONCE).collect().await;
    let mut answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
    answers.sort_by_key(|(at, _)| *at);
    let results: Vec<QueuedScanAnswer> = answers.into_iter().map(|(_, answer)| answer).collect();
    note(&state, caller, event, &scans, &results);
    Ok(Json(QueuedScansAnswer { results }))
}

/// When each was made.
fn check(scans: &[wire::QueuedScan]) -> Result<Vec<TimeUs>, FieldErrors> {
    let mut errors = FieldErrors::default();
    if !(1..=SCANS_MAX).contains(&scans.len()) {
        errors.add("scans", "LENGTH", format!("1 to {SCANS_MAX}"));
        errors.none()?;
    }
    let mut times = Vec::with_capacity(scans.len());
    for (at, scan) in scans.iter().enumerate() {
        let path = format!("scans[{at}].");
        if let Err(more) = shown::check(&path, scan.code.as_deref(), scan.ticket_id, Some(&scan.nonce)) {
            errors.append(more);
        }
        match time::checked(scan.scanned_at) {
            Some(scanned_at) => times.push(scanned_at),
            None => errors.add(format!("{path}scanned_at"), "OUT_OF_RANGE", "between 1970 and 2970"),
        }
    }
    errors.none()?;
    Ok(times)
}

type Lists = HashMap<Option<Uuid>, Option<Box<ScanList>>>;

async fn lists(
    state: &AppState,
    caller: Caller,
    event: EventId,
    scans: &[wire::QueuedScan],
) -> Result<Lists, ApiError> {
    let mut lists = Lists::new();
    for (at, scan) in scans.iter().enumerate() {
        if let Entry::Vacant(place) = lists.entry(scan.list) {
            let field = format!("scans[{at}].list");
            let found = check_in_list::named(state, caller, event, scan.list, &field).await?;
            place.insert(found.map(|list| Box::new(check_in_list::of(&list))));
        }
    }
    Ok(lists)
}

/// `None`: a code that proves nothing here, or a ticket that the event does not have.
async fn claims(state: &AppState, event: EventId, scans: &[wire::QueuedScan]) -> Result<Vec<Option<Claim>>, ApiError> {
    let codes: Vec<Option<String>> = scans.iter().map(|scan| scan.code.clone()).collect();
    let beside = state.clone();
    // A whole upload of signatures takes tens of milliseconds.
    let verified = tokio::task::spawn_blocking(move || {
        let verify = |code: Option<String>| beside.ticket_signer.verify(event, &code?).ok();
        codes.into_iter().map(verify).collect::<Vec<_>>()
    });
    let mut claims = verified.await.map_err(|error| ApiError::Defect(error.to_string().into()))?;
    for (claim, scan) in claims.iter_mut().zip(scans) {
        if let Some(ticket) = scan.ticket_id {
            *claim = match shown::claim(state, event, None, Some(ticket)).await {
                Ok(claim) => claim,
                Err(ApiError::NotFound(_)) => None,
                Err(error) => return Err(error),
            };
        }
    }
    Ok(claims)
}

fn unsigned(scan: &wire::QueuedScan) -> QueuedScanAnswer {
    let reason = Some(RefusedScan::Invalid.to_string());
    QueuedScanAnswer { reason, ticket_id: scan.ticket_id, ..blank(&scan.nonce, QueuedScanResult::Refused) }
}

fn told(nonce: &str, ticket: TicketId, done: Result<Answer, SubmitError>) -> Result<QueuedScanAnswer, ApiError> {
    let of = |result| QueuedScanAnswer { ticket_id: Some(ticket.uuid()), ..blank(nonce, result) };
    let refused =
        |reason: RefusedScan| QueuedScanAnswer { reason: Some(reason.to_string()), ..of(QueuedScanResult::Refused) };
    match done {
        Ok(Answer::TicketScanned { direction, at, .. }) => {
            let result = match direction {
                Direction::Entry => QueuedScanResult::Admitted,
                Direction::Exit => QueuedScanResult::LetOut,
            };
            Ok(QueuedScanAnswer { scanned_at: Some(time::utc(at)), ..of(result) })
        }
        Ok(Answer::ScanConflicted { reason, at, .. }) => Ok(QueuedScanAnswer {
            reason: Some(reason.to_string()),
            scanned_at: Some(time::utc(at)),
            earlier_at: reason.earlier_at().map(time::utc),
            ..of(QueuedScanResult::Conflict)
        }),
        Ok(other) => Err(event_access::unexpected("a queued scan", &other)),
        Err(SubmitError::Rejected(Rejection::ScanRefused(reason))) => Ok(refused(reason)),
        Err(SubmitError::Rejected(Rejection::EventCancelled)) => Ok(refused(RefusedScan::Canceled)),
        Err(SubmitError::Rejected(Rejection::TicketNotFound)) => Ok(refused(RefusedScan::Invalid)),
        Err(SubmitError::Rejected(other)) => Err(other.into()),
        // Others of the upload may have been recorded: each is told for itself.
        Err(SubmitError::Unavailable(_) | SubmitError::OutcomeUnknown) => Ok(of(QueuedScanResult::Retry)),
    }
}

fn blank(nonce: &str, result: QueuedScanResult) -> QueuedScanAnswer {
    let nonce = nonce.to_owned();
    QueuedScanAnswer { nonce, result, reason: None, ticket_id: None, scanned_at: None, earlier_at: None }
}

fn note(state: &AppState, caller: Caller, event: EventId, scans: &[wire::QueuedScan], results: &[QueuedScanAnswer]) {
    for (scan, result) in scans.iter().zip(results) {
        if let (QueuedScanResult::Refused, Some(reason)) = (result.result, &result.reason) {
            let ticket = result.ticket_id.map(TicketId::from_uuid);
            let refused = Refused { event, ticket, direction: shown::direction(scan.direction), list: scan.list };
            state.gate_log.note(caller, refused, reason.clone(), state.now());
        }
    }
}

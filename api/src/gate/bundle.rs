use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use inventory::{EventId, Lsn, TicketId};
use persistence::{EventStatus, Ticket, TicketState};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use wire::{BundleKey, BundleRules, BundleTicket, GateBundle};

use super::shown;
use crate::auth::Caller;
use crate::error::{ApiError, Malformed};
use crate::event_access::{self, Capability};
use crate::extract::{PathId, Query};
use crate::problems::Read;
use crate::state::AppState;
use crate::{check_in_list, conditional, time};

/// Tickets of one answer.
const TICKETS_MAX: u32 = 2_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BundleQuery {
    /// `next` of the bundle before. Absent: from the beginning.
    pub from: Option<String>,
}

/// What a scanner needs to decide while it is offline
///
/// The public key by which codes are checked, the rules of the event, its check-in lists, and the tickets that changed since
/// `from`, at most 2,000 in one answer: void ones by their ids alone. Asked for again with `next`, only what has changed
/// since; with `If-None-Match`, nothing at all when nothing has. For the event's organizer, its door staff, its scanners and
/// admins.
#[utoipa::path(get, path = "/events/{id}/gate/bundle", tag = "gate",
    params(("id" = Uuid, Path, description = "Event"), BundleQuery), security(("bearer" = [])),
    responses((status = 200, description = "The bundle", body = GateBundle),
        (status = 304, description = "As the caller has it"), Read))]
pub async fn bundle(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    headers: HeaderMap,
    Query(query): Query<BundleQuery>,
) -> Result<Response, ApiError> {
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::Scan).await?;
    let from = query.from.as_deref().map_or(Some(START), position).ok_or(ApiError::Malformed(Malformed::Cursor))?;
    let layout = event_access::handle(&state, event.id).await?.layout();
    let lists = state.store.check_in_list_list(event.id, None, check_in_list::LISTS_MAX).await?;
    let mut changed = state.store.ticket_list_of_changes(event.id, from.0, from.1, TICKETS_MAX + 1).await?;
    let is_complete = changed.len() <= TICKETS_MAX as usize;
    changed.truncate(TICKETS_MAX as usize);
    let next = changed.last().map_or(from, |last| (last.lsn, last.id));
    let policy = layout.policy();
    let (revoked, good): (Vec<Ticket>, Vec<Ticket>) =
        changed.into_iter().partition(|ticket| ticket.state == TicketState::Voided);
    let bundle = GateBundle {
        event_id: event.id.uuid(),
        is_cancelled: event.status == EventStatus::Cancelled,
        key: BundleKey {
            id: state.ticket_signer.key_id(),
            algorithm: "Ed25519".to_owned(),
            public_key: URL_SAFE_NO_PAD.encode(state.ticket_signer.public_key()),
        },
        rules: BundleRules {
            doors_from: policy.doors_from.map(time::utc),
            reentry: policy.reentry,
            entries_max: policy.entries_max,
        },
        lists: lists.into_iter().map(check_in_list::render).collect(),
        list: caller.scanner.and_then(|scanner| scanner.list),
        tickets: good.into_iter().map(ticket).collect(),
        revoked: revoked.into_iter().map(|ticket| ticket.id.uuid()).collect(),
        next: text(next),
        is_complete,
    };
    conditional::json(&headers, &bundle)
}

fn ticket(ticket: Ticket) -> BundleTicket {
    BundleTicket {
        id: ticket.id.uuid(),
        generation: ticket.generation,
        state: shown::ticket_state(ticket.state),
        tier_id: ticket.tier_id.uuid(),
        place: ticket.place,
        is_area: ticket.is_area,
        scanned_at: ticket.scanned_at.map(time::utc),
    }
}

/// The last change that is known, and the ticket among those that it changed.
type Position = (Lsn, TicketId);

const START: Position = (Lsn::ZERO, TicketId::from_bytes([0; 16]));

fn text((lsn, ticket): Position) -> String {
    format!("{lsn}-{}", ticket.uuid().simple())
}

fn position(text: &str) -> Option<Position> {
    let (lsn, ticket) = text.split_once('-')?;
    let lsn = lsn.parse().ok().filter(|lsn| i64::try_from(*lsn).is_ok())?;
    Some((Lsn(lsn), TicketId::from_uuid(Uuid::try_parse(ticket).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_and_nothing_else_does() {
        for known in [START, (Lsn(70_000), TicketId::from_bytes([9; 16]))] {
            assert_eq!(position(&text(known)), Some(known));
        }
        for text in ["", "7", "7-", "-7", "x-00000000000000000000000000000000", "18446744073709551615-0"] {
            assert_eq!(position(text), None, "{text}");
        }
    }
}

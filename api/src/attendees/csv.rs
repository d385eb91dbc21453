use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header;
use inventory::TicketId;
use wire::{Guest, TicketState};

use super::page::{Guests, GuestsQuery};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{PathId, Query};
use crate::problems::Read;
use crate::state::AppState;

/// Read and sent at once.
const CHUNK: u32 = 500;
/// Without it, spreadsheets take the bytes for those of an old code page.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const HEAD: [&str; 10] =
    ["ticket_id", "order_id", "name", "email", "seat", "area", "tier", "status", "issued_at", "scanned_at"];

/// Exports who comes
///
/// The list of attendees as CSV, in UTF-8. A cell that a spreadsheet would take for a formula begins with an apostrophe.
#[utoipa::path(get, path = "/events/{id}/attendees.csv", tag = "audience",
    params(("id" = Uuid, Path, description = "Event"), GuestsQuery), security(("bearer" = [])),
    responses((status = 200, description = "All of them", body = String, content_type = "text/csv"), Read,
        (status = 422, description = "The search is too long", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn csv(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<GuestsQuery>,
) -> Result<Response, ApiError> {
    let guests = Guests::of(&state, caller, event, query).await?;
    // The first chunk is read before the head of the answer is sent: a store that is down is still told as such.
    let first = guests.read(&state, None, CHUNK).await?;
    let mut head = BYTE_ORDER_MARK.to_vec();
    head.extend(lines(&[HEAD.map(str::to_owned)]));
    let begun = Some((state, guests, first));
    let chunks = stream::try_unfold(begun, |next| async move {
        let Some((state, guests, chunk)) = next else { return Ok(None) };
        let bytes = lines(&chunk.iter().map(cells).collect::<Vec<_>>());
        let last = chunk.last().map(|guest| TicketId::from_uuid(guest.ticket_id));
        let next = match last.filter(|_| chunk.len() == CHUNK as usize) {
            Some(last) => {
                let chunk = guests.read(&state, Some(last), CHUNK).await?;
                Some((state, guests, chunk))
            }
            None => None,
        };
        Ok::<_, persistence::StoreError>(Some((Bytes::from(bytes), next)))
    });
    let head = stream::iter([Ok(Bytes::from(head))]);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"attendees.csv\""),
    ];
    Ok((headers, Body::from_stream(futures_util::StreamExt::chain(head, chunks))).into_response())
}

fn lines(rows: &[[String; HEAD.len()]]) -> Vec<u8> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).expect("rows of one length are written into memory");
    }
    writer.into_inner().expect("memory takes what is written into it")
}

fn cells(guest: &Guest) -> [String; HEAD.len()] {
    let text = |text: &Option<String>| harmless(text.as_deref().unwrap_or_default());
    let status = match guest.status {
        TicketState::Issued => "issued",
        TicketState::CheckedIn => "checked_in",
        TicketState::CheckedOut => "checked_out",
        TicketState::Voided => "voided",
    };
    [
        guest.ticket_id.to_string(),
        guest.order_id.to_string(),
        harmless(&guest.name),
        text(&guest.email),
        text(&guest.seat),
        text(&guest.area),
        harmless(&guest.tier_name),
        status.to_owned(),
        guest.issued_at.to_rfc3339(),
        guest.scanned_at.map(|at| at.to_rfc3339()).unwrap_or_default(),
    ]
}

/// Spreadsheets run what begins like a formula, whoever wrote it.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_like_a_formula() {
        for text in ["=1+1", "+49 30", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        assert_eq!((harmless("A-1-1"), harmless("")), ("A-1-1".to_owned(), String::new()));
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let mut row = HEAD.map(|_| String::new());
        row[2] = "Größe, \"the\" one".to_owned();
        assert_eq!(lines(&[row]), b",,\"Gr\xc3\xb6\xc3\x9fe, \"\"the\"\" one\",,,,,,,\n");
    }
}

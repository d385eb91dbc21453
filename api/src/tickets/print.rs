use std::borrow::Cow;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::header;
use inventory::TicketId;

use super::live;
use super::words::{self, Words};
use crate::auth::Caller;
use crate::code_picture;
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;

/// Nothing is loaded, nothing runs, and no other page shows it in a frame.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "tickets/print.html")]
struct Page<'a> {
    words: &'a Words,
    /// Markup of our own.
    code: String,
}

/// Gives a ticket as a page to print
///
/// For its holder. Without scripts, in the fonts of whoever reads it.
#[utoipa::path(get, path = "/tickets/{id}/print", tag = "tickets",
    params(("id" = Uuid, Path, description = "Ticket")), security(("bearer" = [])),
    responses((status = 200, description = "The page", body = String, content_type = "text/html"), Read,
        (status = 409, description = "TICKET_VOID: it admits nobody", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn print(State(state): State<AppState>, PathId(id): PathId, caller: Caller) -> Result<Response, ApiError> {
    let ticket = live(&state, caller, TicketId::from_uuid(id)).await?;
    let found = words::of_order(&state, ticket.holder_id, ticket.order_id).await?;
    let words = found.into_iter().find(|(found, _)| found.id == ticket.id);
    let (_, words) = words.ok_or(ApiError::NotFound(Noun::Ticket))?;
    let html = page(&words)?;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((headers, Html(html)).into_response())
}

fn page(words: &Words) -> Result<String, ApiError> {
    let code = code_picture::svg(&words.code).ok_or(ApiError::Defect(Cow::Borrowed("a code that fits no picture")))?;
    Page { words, code }.render().map_err(|error| ApiError::Defect(error.to_string().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_have_written_stays_text() {
        let words = Words {
            title: "<script>alert(1)</script>".to_owned(),
            when: "Tuesday, 1 May 2035, 21:00 (Europe/Berlin)".to_owned(),
            venue: vec!["\"&' onload=".to_owned()],
            facts: vec![("Name", "שלום <b>".to_owned()), ("Seat", "7".to_owned())],
            order: "o".to_owned(),
            ticket: "t".to_owned(),
            code: "AQEcode".to_owned(),
        };
        let html = page(&words).unwrap();
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        for expected in
            ["lang=\"en\"", "<main", "<h1 dir=\"auto\">", "<dt>Seat</dt>", "<dd dir=\"auto\">7</dd>", "@page"]
        {
            assert!(html.contains(expected), "{expected} in {html}");
        }
        assert!(html.contains("<svg") && html.contains("<title>Ticket code</title>"));
    }
}

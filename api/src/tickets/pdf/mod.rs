//! Tickets as PDF, made when somebody asks and kept nowhere: the code in it dies with the next transfer.

mod paper;
mod press;
mod sheet;
#[cfg(test)]
mod tests;
mod typeface;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use inventory::{OrderId, Rejection, TicketId, UserId};

use super::{live, words};
use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::order_access;
use crate::problems::Read;
use crate::state::AppState;

pub use press::Press;

/// Gives a ticket as PDF
///
/// For its holder, to be printed or kept: with the code, by the clock of the event's place. Of an order of the box office,
/// for those who work there.
#[utoipa::path(get, path = "/tickets/{id}/pdf", tag = "tickets",
    params(("id" = Uuid, Path, description = "Ticket")), security(("bearer" = [])),
    responses((status = 200, description = "The document", body = Vec<u8>, content_type = "application/pdf"), Read,
        (status = 409, description = "TICKET_VOID: it admits nobody", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn ticket(State(state): State<AppState>, PathId(id): PathId, caller: Caller) -> Result<Response, ApiError> {
    let ticket = live(&state, caller, TicketId::from_uuid(id)).await?;
    let found = words::of_order(&state, ticket.holder_id, ticket.order_id).await?;
    let words = found.into_iter().find(|(found, _)| found.id == ticket.id);
    let (_, words) = words.ok_or(ApiError::NotFound(Noun::Ticket))?;
    let bytes = state.press.set(vec![words]).await?;
    Ok(document(&format!("ticket-{id}"), bytes))
}

/// Gives the tickets of an order as PDF
///
/// For its customer: those that are good and still his, a page for each. Of an order of the box office, for those who work
/// there.
#[utoipa::path(get, path = "/orders/{id}/tickets.pdf", tag = "tickets",
    params(("id" = Uuid, Path, description = "Order")), security(("bearer" = [])),
    responses((status = 200, description = "The document", body = Vec<u8>, content_type = "application/pdf"), Read,
        (status = 409, description = "TICKET_VOID: none of them admits anybody", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn order(State(state): State<AppState>, PathId(id): PathId, caller: Caller) -> Result<Response, ApiError> {
    let order = order_access::to_print(&state, caller, OrderId::from_uuid(id)).await?;
    let found = words::of_order(&state, order.customer_id, order.id).await?;
    if found.is_empty() {
        return Err(none_left(&state, order.customer_id, order.id).await?);
    }
    let bytes = state.press.set(found.into_iter().map(|(_, words)| words).collect()).await?;
    Ok(document(&format!("tickets-{id}"), bytes))
}

/// Why an order has no ticket to show: not paid, all void, or all given to others.
async fn none_left(state: &AppState, holder: UserId, order: OrderId) -> Result<ApiError, ApiError> {
    let tickets = state.store.ticket_list(order).await?;
    let is_void = tickets.iter().any(|ticket| ticket.holder_id == holder);
    Ok(if is_void { Rejection::TicketVoid.into() } else { ApiError::NotFound(Noun::Ticket) })
}

fn document(name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}.pdf\"")),
        // A transfer makes a new code: no copy may outlive it.
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, bytes).into_response()
}

//! Rights of entry, in the hands of their holders.

mod attendee;
mod calendar;
mod list;
mod pdf;
mod print;
mod qr;
mod show;
mod transfers;
mod words;

use inventory::{Rejection, TicketId, UserId};
use persistence::{Ticket, TicketState};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Caller;
use crate::counter;
use crate::error::{ApiError, Noun};
use crate::state::AppState;

pub use pdf::Press;
pub use transfers::finish as finish_transfers;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(show::show))
        .routes(routes!(qr::qr))
        .routes(routes!(pdf::ticket))
        .routes(routes!(pdf::order))
        .routes(routes!(print::print))
        .routes(routes!(calendar::calendar))
        .routes(routes!(attendee::show, attendee::patch))
        .merge(transfers::routes())
}

/// The caller's own ticket; somebody else's is answered like one that never was.
async fn own(state: &AppState, holder: UserId, ticket: TicketId) -> Result<Ticket, ApiError> {
    let ticket = state.store.ticket_find(ticket).await?;
    ticket.filter(|ticket| ticket.holder_id == holder).ok_or(ApiError::NotFound(Noun::Ticket))
}

/// The same, or one of an event's counter where the caller works, unless it is void: then it admits nobody, and is shown
/// nowhere.
async fn live(state: &AppState, caller: Caller, ticket: TicketId) -> Result<Ticket, ApiError> {
    let ticket = state.store.ticket_find(ticket).await?.ok_or(ApiError::NotFound(Noun::Ticket))?;
    let is_his = ticket.holder_id == caller.user
        || counter::is_house(ticket.holder_id, ticket.event_id)
            && counter::works_at(state, caller, ticket.event_id).await?;
    match ticket.state {
        _ if !is_his => Err(ApiError::NotFound(Noun::Ticket)),
        TicketState::Voided => Err(Rejection::TicketVoid.into()),
        TicketState::Issued | TicketState::CheckedIn | TicketState::CheckedOut => Ok(ticket),
    }
}

//! Rights of entry, in the hands of their holders.

mod list;
mod qr;
mod show;
mod transfer;

use inventory::{TicketId, UserId};
use persistence::Ticket;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, Noun};
use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(show::show))
        .routes(routes!(qr::qr))
        .routes(routes!(transfer::transfer))
}

/// The caller's own ticket; somebody else's is answered like one that never was.
async fn own(state: &AppState, holder: UserId, ticket: TicketId) -> Result<Ticket, ApiError> {
    let ticket = state.store.ticket_find(ticket).await?;
    ticket.filter(|ticket| ticket.holder_id == holder).ok_or(ApiError::NotFound(Noun::Ticket))
}

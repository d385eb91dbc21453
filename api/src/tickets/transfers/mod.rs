//! Tickets on their way from one holder to the next: offered by e-mail, accepted by whoever reads what is sent to the
//! address. Until then the ticket stays the sender's and good; with it dies the old code.

mod accept;
mod cancel;
mod carry_out;
mod decline;
mod list;
mod offer;
mod preview;
mod show;

pub use carry_out::finish;
use inventory::UserId;
use persistence::{TicketTransfer, User};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::error::{ApiError, Forbidden, Noun};
use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(offer::offer, cancel::cancel))
        .routes(routes!(list::list))
        .routes(routes!(preview::preview))
        .routes(routes!(show::show))
        .routes(routes!(accept::accept))
        .routes(routes!(decline::decline))
}

/// The account, if its owner has shown that he reads what is sent to its address: anybody can register somebody else's and
/// wait for what is offered to it.
async fn proven(state: &AppState, user: UserId) -> Result<User, ApiError> {
    let user = state.store.user_find(user).await?.ok_or(ApiError::NotFound(Noun::User))?;
    match user.email_confirmed_at {
        Some(_) => Ok(user),
        None => Err(ApiError::Forbidden(Forbidden::EmailNotConfirmed)),
    }
}

/// The offer, if it is for the caller. One for somebody else is answered like one that never was, also to an account whose
/// address nobody has confirmed.
async fn received(state: &AppState, user: UserId, id: Uuid) -> Result<TicketTransfer, ApiError> {
    let unknown = ApiError::NotFound(Noun::TicketTransfer);
    let Some(transfer) = state.store.transfer_find(id).await? else { return Err(unknown) };
    let account = state.store.user_find(user).await?.ok_or(ApiError::NotFound(Noun::User))?;
    if !is_for(&transfer, &account) {
        return Err(unknown);
    }
    proven(state, user).await.map(|_| transfer)
}

fn is_for(transfer: &TicketTransfer, account: &User) -> bool {
    transfer.recipient.trim().to_lowercase() == account.email.trim().to_lowercase()
}

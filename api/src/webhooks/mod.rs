//! Slice `webhooks`: where organizers want to hear of their events, and what was sent there.

mod create;
mod delete;
mod deliveries;
mod list;
mod patch;
mod replay;
mod rotate;
mod show;
mod spec;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create::create, list::list))
        .routes(routes!(show::show, patch::patch, delete::delete))
        .routes(routes!(rotate::rotate))
        .routes(routes!(deliveries::deliveries))
        .routes(routes!(replay::replay))
}

/// The webhook, if it is the caller's. A foreign one is answered like one that never was.
async fn own(state: &AppState, caller: Caller, id: Uuid) -> Result<persistence::Webhook, ApiError> {
    caller.organizer()?;
    let webhook = state.store.webhook_find(id).await?;
    webhook.filter(|webhook| webhook.owner_id == caller.user).ok_or(ApiError::NotFound(Noun::Webhook))
}

fn defect(error: crate::sealed::SealError) -> ApiError {
    ApiError::Defect(error.to_string().into())
}

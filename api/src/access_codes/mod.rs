//! Codes of an event that open its hidden tiers, and how much was bought by each.

mod list;
mod put;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(put::put, list::list))
}

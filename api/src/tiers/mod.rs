//! What seats and places cost, and who may buy how many of them when.

mod create;
mod patch;
mod spec;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use create::create_tier;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create::create)).routes(routes!(patch::patch))
}

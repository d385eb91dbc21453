//! Which tickets a gate lets in.

mod create;
mod delete;
mod list;
mod patch;
mod spec;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create::create, list::list)).routes(routes!(patch::patch, delete::delete))
}

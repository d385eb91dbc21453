//! Waiting rooms: who wants to shop joins, is called in a provably fair order, and gets a pass for holds.

mod join;
mod leave;
mod open;
mod place;
mod priority_passes;
mod proof;
mod settings;
mod show;
mod spec;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(join::join, show::show, leave::leave))
        .routes(routes!(settings::show, settings::put))
        .routes(routes!(open::open))
        .routes(routes!(priority_passes::create, priority_passes::list))
        .routes(routes!(proof::show))
}

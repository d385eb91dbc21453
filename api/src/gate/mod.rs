//! The doors. What each call means to a scanner: `docs/door.md`.

mod batch;
mod bundle;
mod conflicts;
mod occupancy;
mod refusals;
mod scan;
mod shown;
mod tickets;
mod undo;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(scan::scan))
        .routes(routes!(batch::batch))
        .routes(routes!(undo::undo))
        .routes(routes!(bundle::bundle))
        .routes(routes!(tickets::tickets))
        .routes(routes!(occupancy::occupancy))
        .routes(routes!(conflicts::conflicts))
        .routes(routes!(refusals::refusals))
}

//! The account's own money with us: counted from the ledger.

mod entries;
mod show;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show::show)).routes(routes!(entries::entries))
}

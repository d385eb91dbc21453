//! Seats and places kept for one buyer while he decides and pays.

mod extend;
mod place;
mod release;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(place::place)).routes(routes!(extend::extend)).routes(routes!(release::release))
}

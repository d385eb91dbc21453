//! Money on its way out of wallets: asked for by its owner, paid out by hand, decided by an admin.

mod list;
mod patch;
mod payout;
mod request;
mod show_payout;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(request::request, list::list))
        .routes(routes!(patch::patch))
        .routes(routes!(show_payout::show_payout))
}

//! Purchases, from the hold that becomes one to its end. Payment has a slice of its own.

mod attendees;
mod cancel;
mod list;
mod place;
mod refund;
mod show;
mod tickets;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(place::place, list::list))
        .routes(routes!(show::show))
        .routes(routes!(tickets::tickets))
        .routes(routes!(cancel::cancel))
        .routes(routes!(refund::refund))
}

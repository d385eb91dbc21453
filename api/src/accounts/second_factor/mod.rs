//! The calls about a second factor.

mod confirm;
mod remove;
mod reset;
mod show;
mod sign_in;
mod start;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show::show, start::start, remove::remove))
        .routes(routes!(confirm::confirm))
        .routes(routes!(reset::reset))
        .routes(routes!(sign_in::sign_in))
}

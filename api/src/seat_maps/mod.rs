//! Where the seats of an event are, as its organizer draws them.

mod copy;
mod examples;
mod put;
mod show;

use axum::Extension;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::BodyLimit;
use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(put::put, show::show))
        .layer(Extension(BodyLimit::SeatMap))
        .routes(routes!(copy::copy))
        .routes(routes!(examples::list))
        .routes(routes!(examples::show))
}

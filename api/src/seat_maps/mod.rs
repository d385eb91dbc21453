//! Where the seats of an event are, as its organizer draws them.

mod put;
mod show;
mod spec;

use axum::Extension;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::BodyLimit;
use crate::state::AppState;

pub use spec::parse;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(put::put, show::show)).layer(Extension(BodyLimit::SeatMap))
}

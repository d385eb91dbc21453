//! Places where events happen, with the seat maps that events take a copy of.

mod create;
mod delete;
mod list;
mod patch;
mod seat_maps;
mod show;
mod spec;
mod view;

use axum::Extension;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::BodyLimit;
use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    let maps = OpenApiRouter::new()
        .routes(routes!(seat_maps::list))
        .routes(routes!(seat_maps::put, seat_maps::show, seat_maps::delete))
        .layer(Extension(BodyLimit::SeatMap));
    OpenApiRouter::new()
        .routes(routes!(create::create, list::list))
        .routes(routes!(show::show, patch::patch, delete::delete))
        .merge(maps)
}

//! Who works at an event beside its organizer: at the door, at the box office.

mod add;
mod list;
mod mine;
mod patch;
mod remove;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(add::add, list::list))
        .routes(routes!(patch::patch, remove::remove))
        .routes(routes!(mine::mine))
}

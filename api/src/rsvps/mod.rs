//! Whether somebody means to come, tickets or not. Until the event starts.

mod limit;
mod list;
mod put;
mod show;
mod take_back;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(put::put, show::show, take_back::take_back))
        .routes(routes!(list::list, limit::limit))
}

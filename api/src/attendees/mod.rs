//! Who comes to an event, ticket by ticket: for its organizer and its staff.

mod csv;
mod cut_off;
mod list;
mod page;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(csv::csv))
        .routes(routes!(cut_off::show, cut_off::put))
}

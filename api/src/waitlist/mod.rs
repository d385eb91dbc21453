//! Waitlists: who wants what is sold out waits for it, and is offered what is freed, in order and with a deadline.

mod join;
mod leave;
mod list;
mod remove;
mod settings;
mod show;
mod wish;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(join::join, show::show, leave::leave))
        .routes(routes!(settings::show, settings::put))
        .routes(routes!(list::list))
        .routes(routes!(remove::remove))
}

//! Series: one show at many times. Each session is an event of its own, with its own seats, sale and actor; the series has
//! the words that they share.

mod add;
mod cancel;
mod create;
mod dates;
mod delete;
mod each;
mod leave;
mod list;
mod making;
mod patch;
mod publish;
mod sessions;
mod shared;
mod show;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// Of one series.
pub const SESSIONS_MAX: usize = 500;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create::create, list::list))
        .routes(routes!(show::show, patch::patch, delete::delete))
        .routes(routes!(add::add, sessions::list))
        .routes(routes!(leave::leave))
        .routes(routes!(publish::publish))
        .routes(routes!(cancel::cancel))
}

//! The second factor: codes of an authenticator app, and codes that replace a lost one.

mod check;
mod confirm;
mod recovery;
mod remove;
mod reset;
mod show;
mod sign_in;
mod start;
mod totp;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use check::{Code, check, is_on};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show::show, start::start, remove::remove))
        .routes(routes!(confirm::confirm))
        .routes(routes!(reset::reset))
        .routes(routes!(sign_in::sign_in))
}

//! Slice `accounts`: registering, signing in, who one is, and what admins do about users.

mod check;
mod list;
mod login;
mod logout;
mod me;
mod me_patch;
mod patch;
mod refresh;
mod register;
mod session;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use check::{email, name, password};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(login::login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(me::me, me_patch::me_patch))
        .routes(routes!(list::list))
        .routes(routes!(patch::patch))
}

//! Shows: their words, dates, rules and life, and what is left of them.

mod availability;
mod blocks;
mod cancel;
mod cancellation;
mod clone;
mod copying;
mod create;
mod currencies;
mod cursor;
mod delete;
mod filters;
mod life;
mod list;
mod mine;
mod patch;
mod publish;
mod series;
mod show;
mod spec;
mod view;
mod words;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use create::create_draft;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create::create, list::list))
        .routes(routes!(mine::mine))
        .routes(routes!(show::show, patch::patch, delete::delete))
        .routes(routes!(publish::publish))
        .routes(routes!(cancel::cancel))
        .routes(routes!(cancellation::cancellation))
        .routes(routes!(clone::clone))
        .routes(routes!(availability::availability))
        .routes(routes!(blocks::release))
        .routes(routes!(blocks::withhold))
        .merge(series::routes())
}

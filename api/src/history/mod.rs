//! Slice `history`: what the journal knows of the past. Past seat maps and the history of a seat are rebuilt from it, by the
//! same rules that made them.

mod availability;
mod replay;
mod seat;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub use replay::Replays;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(availability::availability)).routes(routes!(seat::seat))
}

//! Money for orders. The provider is asked outside the event's turn: start, charge, settle.

mod gateway;
mod pay;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(pay::pay))
}

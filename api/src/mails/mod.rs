//! Slice `mails`: what admins see of the server's mail, and trying once more what was given up.

mod list;
mod retry;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(retry::retry))
}

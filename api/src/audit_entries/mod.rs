//! Slice `audit_entries`: reading the audit log, whole or of one event.

mod list;
mod list_of_event;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(list_of_event::list_of_event))
}

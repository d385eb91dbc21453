//! Slice `outbox`: what admins see of work that was given up, and trying it once more.

mod list;
mod retry;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;
use crate::time;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::list)).routes(routes!(retry::retry))
}

fn view(work: persistence::Outbox) -> wire::ParkedWork {
    let order = work.order_id.uuid();
    wire::ParkedWork {
        id: work.parked_id.unwrap_or_default(),
        kind: work.kind.name().to_owned(),
        event_id: work.event_id.uuid(),
        order_id: (!order.is_nil()).then_some(order),
        lsn: work.lsn.0,
        attempts: work.attempts,
        last_error: work.last_error.unwrap_or_default(),
        created_at: time::utc(work.created_at),
    }
}

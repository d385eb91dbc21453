use axum::extract::State;
use http::StatusCode;
use inventory::{EventId, TierId};

use crate::audit_log::{self, Action, Source};
use crate::error::ApiError;
use crate::extract::{Empty, PathIds};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, tier_view};

/// Deletes a tier
///
/// While nobody holds or has bought anything of it. Otherwise close it: `{"open": false}`.
#[utoipa::path(delete, path = "/events/{id}/tiers/{tier_id}", tag = "tiers",
    params(("id" = Uuid, Path, description = "Event"), ("tier_id" = Uuid, Path, description = "Tier")),
    security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), Written))]
pub async fn delete(
    State(state): State<AppState>,
    PathIds(event, tier): PathIds,
    source: Source,
    write: Write<Empty>,
) -> Result<StatusCode, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    let (layout, id) = (handle.layout(), TierId::from_uuid(tier));
    let done = handle.delete_tier(event_access::asker(caller.user, origin), id).await?;
    let mut entry = source.entry(&caller, Action::TierDelete).event(event.id).object(tier).once_per(done.lsn);
    if let Some(at) = layout.tier(id) {
        entry = entry.removed(&tier_view::render(&layout.tiers()[at.ix()], &layout));
    }
    audit_log::write(&state, entry).await;
    Ok(StatusCode::NO_CONTENT)
}

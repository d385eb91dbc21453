use axum::Json;
use axum::extract::State;
use inventory::{EventId, TierId};
use wire::{Tier, TierPatch};

use super::spec;
use crate::audit_log::{self, Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::PathIds;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, tier_view};

/// Changes a tier
///
/// What is absent stays; `null` takes away what a tier can do without. What was held or sold before keeps its price.
#[utoipa::path(patch, path = "/events/{id}/tiers/{tier_id}", tag = "tiers", request_body = TierPatch,
    params(("id" = Uuid, Path, description = "Event"), ("tier_id" = Uuid, Path, description = "Tier")),
    security(("bearer" = [])),
    responses((status = 200, description = "The tier as it is now", body = Tier), Written))]
pub async fn patch(
    State(state): State<AppState>,
    PathIds(event, tier): PathIds,
    source: Source,
    write: Write<TierPatch>,
) -> Result<Json<Tier>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    let (layout, id) = (handle.layout(), TierId::from_uuid(tier));
    // Deleted ones too, which are the core's to refuse: it knows whether this was asked before.
    let at = layout.tiers().iter().position(|tier| tier.id == id).ok_or(ApiError::NotFound(Noun::Tier))?;
    let before = tier_view::render(&layout.tiers()[at], &layout);
    let asker = event_access::asker(caller.user, origin);
    let done = match spec::patch(&layout.tiers()[at], body, &layout) {
        Ok(patch) => handle.patch_tier(asker, id, patch).await?,
        Err(faults) => event_access::recalled(&state, &handle, asker, faults.into()).await?,
    };
    let layout = handle.layout();
    let tier = tier_view::render(&layout.tiers()[at], &layout);
    let entry = source.entry(&caller, Action::TierUpdate).event(event.id).object(tier.id).once_per(done.lsn);
    audit_log::write(&state, entry.change(&before, &tier)).await;
    Ok(Json(tier))
}

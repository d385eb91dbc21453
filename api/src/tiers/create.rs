use axum::Json;
use axum::extract::State;
use engine::EventHandle;
use http::StatusCode;
use inventory::{EventId, TierId};
use wire::{Tier, TierCreate};

use super::spec;
use crate::audit_log::{self, Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{derived_id, event_access, ids, tier_view};

/// Adds a tier
///
/// Before or after publication. Names of sections and areas are checked once there is a seat map.
#[utoipa::path(post, path = "/events/{id}/tiers", tag = "tiers", request_body = TierCreate,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 201, description = "The tier", body = Tier), Written))]
pub async fn create(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<TierCreate>,
) -> Result<(StatusCode, Json<Tier>), ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    let asker = event_access::asker(caller.user, origin);
    let tier = create_tier(&state, &handle, asker, body).await?;
    let entry = source.entry(&caller, Action::TierCreate).event(event.id).object(tier.id).once_ever();
    audit_log::write(&state, entry.made(&tier)).await;
    Ok((StatusCode::CREATED, Json(tier)))
}

/// # Errors
/// The fields at fault, or the core's refusal.
pub async fn create_tier(
    state: &AppState,
    handle: &EventHandle,
    asker: engine::Caller,
    wanted: TierCreate,
) -> Result<Tier, ApiError> {
    let id =
        asker.key.map_or_else(|| ids::mint(state.now()), |key| derived_id::derive(handle.event().uuid(), "tier", key));
    let id = TierId::from_uuid(id);
    match spec::create(id, wanted, &handle.layout(), &state.access_codes) {
        Ok(spec) => handle.set_tier(asker, spec).await?,
        Err(faults) => event_access::recalled(state, handle, asker, faults.into()).await?,
    };
    let layout = handle.layout();
    // It may have been deleted since the key was first used.
    let tier = layout.tiers().iter().find(|tier| tier.id == id).ok_or(ApiError::NotFound(Noun::Tier))?;
    Ok(tier_view::render(tier, &layout))
}

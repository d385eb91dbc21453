use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use inventory::limits::TIERS_PER_EVENT_MAX;
use inventory::{AccessCodeSpec, EventId, Layout, SaleWindow, TierId};
use wire::{AccessCode, AccessCodePut};

use super::view;
use crate::access_code;
use crate::audit_log::{self, Action, Source};
use crate::error::ApiError;
use crate::extract::PathId;
use crate::field_errors::FieldErrors;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, sale_window};

/// Adds an access code, or changes it
///
/// What was held or bought by it stays; `units_max` cannot be lower than that.
#[utoipa::path(put, path = "/events/{id}/access-codes", tag = "tiers", request_body = AccessCodePut,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The code as it is now", body = AccessCode), Written))]
pub async fn put(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<AccessCodePut>,
) -> Result<Json<AccessCode>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    let digest = state.access_codes.digest_of(&body.code);
    let stored = handle.access_code(digest).await?;
    let asker = event_access::asker(caller.user, origin);
    let done = match parse(body, digest, stored.as_ref().map(|code| &code.spec), &handle.layout()) {
        Ok(spec) => handle.set_access_code(asker, spec).await?,
        Err(faults) => event_access::recalled(&state, &handle, asker, faults.into()).await?,
    };
    let before = stored.map(view::render);
    // What is unknown now is known to have happened.
    let code = handle.access_code(digest).await.map_err(|_| ApiError::OutcomeUnknown)?;
    let code = view::render(code.ok_or(ApiError::Defect(Cow::Borrowed("a code that was set is gone")))?);
    let entry = source.entry(&caller, Action::AccessCodeSet).event(event.id).object(code.id).once_per(done.lsn);
    audit_log::write(&state, entry.change(&before, &code)).await;
    Ok(Json(code))
}

/// `stored`: the code as it is. It may go on naming its tiers, whatever has become of them.
fn parse(
    wanted: AccessCodePut,
    digest: [u8; 16],
    stored: Option<&AccessCodeSpec>,
    layout: &Layout,
) -> Result<AccessCodeSpec, FieldErrors> {
    let mut errors = FieldErrors::default();
    access_code::check_named(&mut errors, &wanted.code, &wanted.label, wanted.tiers.len());
    for (at, id) in wanted.tiers.iter().take(TIERS_PER_EVENT_MAX).enumerate() {
        let id = TierId::from_uuid(*id);
        match layout.tier(id) {
            _ if stored.is_some_and(|stored| stored.tiers.contains(&id)) => {}
            None => errors.add(format!("tiers[{at}]"), "UNKNOWN", "the event has no such tier"),
            Some(tier) if !layout.tiers()[tier.ix()].terms.needs_code => {
                errors.add(
                    format!("tiers[{at}]"),
                    "UNEXPECTED",
                    "the tier is sold without: set its `needs_code` first",
                );
            }
            Some(_) => {}
        }
    }
    let window = wanted.window.as_ref().map_or(SaleWindow::ALWAYS, sale_window::parse);
    if let (Some(from), Some(until)) = (window.from, window.until)
        && from >= until
    {
        errors.add("window.ends_at", "OUT_OF_RANGE", "after `starts_at`");
    }
    errors.none()?;
    Ok(AccessCodeSpec {
        digest,
        label: wanted.label,
        tiers: wanted.tiers.into_iter().map(TierId::from_uuid).collect(),
        units_max: wanted.units_max,
        window,
        open: wanted.open.unwrap_or(true),
    })
}

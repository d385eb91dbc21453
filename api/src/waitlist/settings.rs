use axum::Json;
use axum::extract::State;
use inventory::limits::WAITLIST_OFFER_DEFAULT_US;
use inventory::{EventId, TimeUs};
use persistence::Event;
use wire::WaitlistSettings;

use crate::audit_log::{self, Action, Source};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::{Read, Written};
use crate::state::AppState;
use crate::{event_access, time};

const MINUTE_US: i64 = 60 * 1_000_000;
/// Unless its organizer says otherwise: time to find the way, with a ticket bought at the last moment.
const CLOSES_BEFORE_US: i64 = 6 * 60 * MINUTE_US;

/// Shows a waitlist's settings
///
/// For the event's organizer. Of an event that never had a waitlist: the defaults, off.
#[utoipa::path(get, path = "/events/{id}/waitlist/settings", tag = "waitlist",
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "All settings in force", body = WaitlistSettings), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
) -> Result<Json<WaitlistSettings>, ApiError> {
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let view = event_access::handle(&state, event.id).await?.waitlist().await?;
    Ok(Json(render(view.settings)))
}

/// Sets up a waitlist
///
/// Replaces all settings, at any time; in force at once. Offers that were made stand as they were made. Switched off or
/// closed, those who wait are sent home and what is free is everybody's.
#[utoipa::path(put, path = "/events/{id}/waitlist/settings", tag = "waitlist", request_body = WaitlistSettings,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "All settings in force", body = WaitlistSettings), Written))]
pub async fn put(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<WaitlistSettings>,
) -> Result<Json<WaitlistSettings>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let settings = parse(&body, &event, state.now());
    let handle = event_access::handle(&state, event.id).await?;
    let before = render(handle.waitlist().await?.settings);
    let done = handle.set_waitlist(event_access::asker(caller.user, origin), settings).await?;
    // By what is in force: an answer repeated for its key may be older than that.
    let after = render(handle.waitlist().await.map_err(|_| ApiError::OutcomeUnknown)?.settings);
    let entry = source.entry(&caller, Action::WaitlistSet).event(event.id).object(event.id).once_per(done.lsn);
    audit_log::write(&state, entry.change(&before, &after)).await;
    Ok(Json(after))
}

fn parse(body: &WaitlistSettings, event: &Event, now: TimeUs) -> inventory::WaitlistSettings {
    let before_start = event.starts_at.plus_us(-CLOSES_BEFORE_US);
    let default = if before_start > now { before_start } else { event.starts_at };
    inventory::WaitlistSettings {
        active: body.active,
        offer_us: body.offer_minutes.map_or(WAITLIST_OFFER_DEFAULT_US, |minutes| i64::from(minutes) * MINUTE_US),
        closes_at: Some(body.closes_at.map_or(default, time::time_us)),
    }
}

fn render(settings: inventory::WaitlistSettings) -> WaitlistSettings {
    WaitlistSettings {
        active: settings.active,
        offer_minutes: u32::try_from(settings.offer_us / MINUTE_US).ok(),
        closes_at: settings.closes_at.map(time::utc),
    }
}

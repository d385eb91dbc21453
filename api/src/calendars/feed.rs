use axum::Json;
use axum::extract::State;
use http::StatusCode;
use inventory::UserId;
use wire::CalendarFeed;

use crate::audit_log::{Action, Source};
use crate::auth::{Caller, OneTimeToken};
use crate::error::{ApiError, Noun};
use crate::extract::Empty;
use crate::idempotency::Write;
use crate::problems::{Read, Written};
use crate::state::AppState;
use crate::time;

/// Shows the account's calendar feed
///
/// Whether there is one, and since when. Its address is not kept.
#[utoipa::path(get, path = "/me/calendar-feed", tag = "calendars", security(("bearer" = [])),
    responses((status = 200, description = "The feed, without its address", body = CalendarFeed), Read))]
pub async fn show(State(state): State<AppState>, caller: Caller) -> Result<Json<CalendarFeed>, ApiError> {
    let created_at = state.store.calendar_feed_find(caller.user).await?;
    let created_at = created_at.ok_or(ApiError::NotFound(Noun::CalendarFeed))?;
    Ok(Json(CalendarFeed { created_at: time::utc(created_at), url: None }))
}

/// Makes the account's calendar feed
///
/// A secret address at which calendar programs read what the account has tickets to. It is shown this once; the address
/// before, if there was one, opens nothing any more. Sent again it makes another one, whatever the idempotency key.
#[utoipa::path(post, path = "/me/calendar-feed", tag = "calendars", security(("bearer" = [])),
    responses((status = 201, description = "The feed with its address", body = CalendarFeed), Written))]
pub async fn make(
    State(state): State<AppState>,
    source: Source,
    write: Write<Empty>,
) -> Result<(StatusCode, Json<CalendarFeed>), ApiError> {
    let Write { caller, body: Empty {}, claim: _claim, .. } = write;
    let (now, token) = (state.now(), OneTimeToken::draw());
    let entry = source.entry(&caller, Action::CalendarFeedSet).object(caller.user).row(now);
    state.store.calendar_feed_set(caller.user, token.hash(), now, &entry).await?;
    let url = format!("{}/api/v1/calendar-feed.ics?token={}", site(&state), token.text());
    Ok((StatusCode::CREATED, Json(CalendarFeed { created_at: time::utc(now), url: Some(url) })))
}

/// Revokes the account's calendar feed
#[utoipa::path(delete, path = "/me/calendar-feed", tag = "calendars", security(("bearer" = [])),
    responses((status = 204, description = "Its address opens nothing any more"), Written))]
pub async fn revoke(
    State(state): State<AppState>,
    source: Source,
    write: Write<Empty>,
) -> Result<StatusCode, ApiError> {
    let Write { caller, body: Empty {}, claim: _claim, .. } = write;
    let entry = source.entry(&caller, Action::CalendarFeedRevoke).object(caller.user).row(state.now());
    let user: UserId = caller.user;
    if state.store.calendar_feed_delete(user, &entry).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::NotFound(Noun::CalendarFeed))
    }
}

/// Where the server is reached. Nothing where nobody has told it: the address begins with its path then.
fn site(state: &AppState) -> &str {
    state.config.http.public_url.as_deref().unwrap_or_default().trim_end_matches('/')
}

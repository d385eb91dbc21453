use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{EventId, TimeUs, UserId};
use persistence::Event;
use serde_json::json;
use wire::{IssuedPass, Page, PriorityPass, PriorityPassRequest};

use crate::audit_log::{Action, Source};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{PathId, Query, page};
use crate::field_errors::FieldErrors;
use crate::idempotency::{Write, remembered};
use crate::line::tokens;
use crate::page_limit::PageQuery;
use crate::problems::{Read, Written};
use crate::state::AppState;
use crate::{event_access, ids, time};

const REASON_CHARS_MAX: usize = 200;
const USES_MAX: u32 = 1_000;
const LIFE_US: i64 = 30 * 24 * 3_600 * 1_000_000;

/// Issues a priority pass
///
/// For staff, accessibility and the like: whoever sends it with a join comes in at once, at most as many accounts as it
/// has uses. Who issued it and why is kept. The text is shown this once.
#[utoipa::path(post, path = "/events/{id}/waiting-room/priority-passes", tag = "waiting room",
    request_body = PriorityPassRequest, params(("id" = Uuid, Path, description = "Event")),
    security(("bearer" = [])),
    responses((status = 201, description = "The pass", body = PriorityPass), Written))]
pub async fn create(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<PriorityPassRequest>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    remembered(&state, origin.key, issue(&state, &event, caller, &source, body)).await
}

async fn issue(
    state: &AppState,
    event: &Event,
    issuer: Caller,
    source: &Source,
    wanted: PriorityPassRequest,
) -> Result<Response, ApiError> {
    let now = state.now();
    let (uses, until) = check(now, event, &wanted)?;
    let id = ids::mint(now);
    let user = wanted.user_id.map(UserId::from_uuid);
    let kept = persistence::PriorityPass {
        id,
        event_id: event.id,
        issued_by: issuer.user,
        issued_at: now,
        reason: wanted.reason,
        uses,
        expires_at: until,
        user_id: user,
    };
    let entry = source.entry(&issuer, Action::PriorityPassIssue).event(event.id).object(id);
    // Neither for whom nor why: nobody can take it out of the log again.
    let entry = entry.made(&json!({"uses": uses, "expires_at": time::utc(until)})).row(now);
    state.store.priority_pass_insert(&kept, Some(&entry)).await?;
    let pass = tokens::PriorityPass { id: id.into_bytes(), uses, until, user };
    let priority_pass = state.line_tokens.priority_pass(event.id, &pass);
    let issued = PriorityPass { id, priority_pass, uses, expires_at: time::utc(until) };
    Ok((StatusCode::CREATED, Json(issued)).into_response())
}

fn check(now: TimeUs, event: &Event, wanted: &PriorityPassRequest) -> Result<(u32, TimeUs), ApiError> {
    let mut errors = FieldErrors::default();
    if !(1..=REASON_CHARS_MAX).contains(&wanted.reason.trim().chars().count()) {
        errors.add("reason", "LENGTH", format!("1 to {REASON_CHARS_MAX} characters"));
    }
    let uses = wanted.uses.unwrap_or(1);
    if !(1..=USES_MAX).contains(&uses) {
        errors.add("uses", "OUT_OF_RANGE", format!("1 to {USES_MAX}"));
    }
    let last = now.plus_us(LIFE_US);
    let over = event.ends_at.unwrap_or(event.starts_at);
    let until = match wanted.expires_at {
        Some(at) => time::time_us(at),
        None if over > now => over.min(last),
        None => last,
    };
    if until <= now || until > last {
        errors.add("expires_at", "OUT_OF_RANGE", "in the future, at most 30 days from now");
    }
    if wanted.user_id.is_some_and(|user| user.is_nil()) {
        errors.add("user_id", "INVALID", "an account");
    }
    errors.none()?;
    Ok((uses, until))
}

/// Lists priority passes
///
/// Who issued them and why, newest first. Not their texts.
#[utoipa::path(get, path = "/events/{id}/waiting-room/priority-passes", tag = "waiting room",
    params(("id" = Uuid, Path, description = "Event"), PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<IssuedPass>), Read))]
pub async fn list(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<IssuedPass>>, ApiError> {
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?.id;
    let limit = query.limit.get();
    let after = query.cursor.map(|cursor| cursor.0);
    let passes = state.store.priority_pass_list(event, after, limit + 1).await?;
    Ok(Json(page(passes, limit, |pass| pass.id, render)))
}

fn render(pass: persistence::PriorityPass) -> IssuedPass {
    IssuedPass {
        id: pass.id,
        issued_by: pass.issued_by.uuid(),
        issued_at: time::utc(pass.issued_at),
        reason: pass.reason,
        uses: pass.uses,
        expires_at: time::utc(pass.expires_at),
        user_id: pass.user_id.map(UserId::uuid),
    }
}

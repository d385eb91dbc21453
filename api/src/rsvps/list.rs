use axum::Json;
use axum::extract::State;
use inventory::{EventId, UserId};
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Page, RsvpAnswer, RsvpEntry};

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::{Cursor, PathId, Query, page};
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::rsvp_answer;
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RsvpsQuery {
    /// Only these: `yes`, `no` or `maybe`.
    answer: Option<RsvpAnswer>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// Lists who has answered
///
/// For those who may see who comes.
#[utoipa::path(get, path = "/events/{id}/rsvps", tag = "audience",
    params(("id" = Uuid, Path, description = "Event"), RsvpsQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<RsvpEntry>), Read))]
pub async fn list(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<RsvpsQuery>,
) -> Result<Json<Page<RsvpEntry>>, ApiError> {
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::SeeAttendees).await?;
    let after = query.cursor.map(|cursor| UserId::from_uuid(cursor.0));
    let limit = query.limit.get();
    let answers = state.store.rsvp_list(event.id, query.answer.map(rsvp_answer::stored), after, limit + 1).await?;
    Ok(Json(page(answers, limit, |rsvp| rsvp.user_id.uuid(), view::entry)))
}

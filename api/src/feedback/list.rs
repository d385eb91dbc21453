use axum::Json;
use axum::extract::State;
use inventory::{EventId, UserId};
use wire::{FeedbackPage, FeedbackSummary, Page};

use super::render;
use crate::error::ApiError;
use crate::event_access::{self, Viewer};
use crate::extract::{PathId, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists what the audience says
///
/// With the average of all ratings.
#[utoipa::path(get, path = "/events/{id}/feedback", tag = "audience",
    params(("id" = Uuid, Path, description = "Event"), PageQuery), security((), ("bearer" = [])),
    responses((status = 200, description = "One page", body = FeedbackPage), Read))]
pub async fn list(
    State(state): State<AppState>,
    PathId(event): PathId,
    Viewer(viewer): Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<FeedbackPage>, ApiError> {
    let event = event_access::visible(&state, viewer, EventId::from_uuid(event)).await?;
    let after = query.cursor.map(|cursor| UserId::from_uuid(cursor.0));
    let limit = query.limit.get();
    let found = state.store.feedback_list(event.id, after, limit + 1).await?;
    let totals = state.store.feedback_totals(event.id).await?;
    let average = (totals.count > 0).then(|| f64::from(totals.sum) / f64::from(totals.count));
    let Page { items, next_cursor } = page(found, limit, |feedback| feedback.user_id.uuid(), render);
    Ok(Json(FeedbackPage { summary: FeedbackSummary { count: totals.count, average }, items, next_cursor }))
}

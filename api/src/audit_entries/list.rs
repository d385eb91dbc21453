use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use inventory::UserId;
use persistence::AuditFilter;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use wire::{AuditEntry, Page};

use crate::audit_log;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{Cursor, Query, page};
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;
use crate::time;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only what this account did.
    actor: Option<Uuid>,
    /// Only this action, such as `event.publish`.
    action: Option<String>,
    /// Only what was done to the object of this id.
    object: Option<String>,
    /// Not before; to the millisecond.
    from: Option<DateTime<Utc>>,
    /// Before; to the millisecond.
    to: Option<DateTime<Utc>>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// Lists the audit log
///
/// Newest first. For admins. Security events (refused logins and tokens, accesses denied, floods) are counted: one line a
/// minute for what is the same.
#[utoipa::path(get, path = "/admin/audit-log", tag = "audit log", params(AuditQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<AuditEntry>), Read))]
pub async fn list(
    State(state): State<AppState>,
    _: Admin,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<AuditEntry>>, ApiError> {
    let filter = AuditFilter {
        event: None,
        actor: query.actor.map(UserId::from_uuid),
        object: query.object,
        action: query.action,
        from: query.from.map(time::time_us),
        to: query.to.map(time::time_us),
    };
    let limit = query.limit.get();
    let entries = state.store.audit_list(&filter, query.cursor.map(|cursor| cursor.0), limit + 1).await?;
    Ok(Json(page(entries, limit, |entry| entry.id, audit_log::shown)))
}

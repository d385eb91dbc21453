use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Mail, MailStatus, Page};

use super::view;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{Cursor, Query, page};
use crate::mail_status;
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MailQuery {
    /// Only those of this status.
    status: Option<MailStatus>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// The server's mails, newest first
///
/// Not what they say. For admins.
#[utoipa::path(get, path = "/admin/mails", tag = "mails", security(("bearer" = [])), params(MailQuery), responses(
    (status = 200, description = "One page of mails", body = Page<Mail>), Read))]
pub async fn list(
    State(state): State<AppState>,
    _: Admin,
    Query(query): Query<MailQuery>,
) -> Result<Json<Page<Mail>>, ApiError> {
    let limit = query.limit.get();
    let status = query.status.map(mail_status::stored);
    let mails = state.store.mail_list(status, query.cursor.map(|Cursor(id)| id), limit + 1).await?;
    Ok(Json(page(mails, limit, |mail| mail.id, view::mail)))
}

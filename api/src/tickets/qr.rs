use std::borrow::Cow;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use inventory::TicketId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::live;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{PathId, Query};
use crate::problems::Read;
use crate::state::AppState;
use crate::{code_picture, ticket_view};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct QrQuery {
    /// `svg` or `png`. Default: PNG when `Accept` names it and not SVG, else SVG.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Svg,
    Png,
}

impl Format {
    fn accepted(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let names =
            |wanted: &str| accept.split(',').any(|range| range.split(';').next().unwrap_or_default().trim() == wanted);
        if names("image/png") && !names("image/svg+xml") { Self::Png } else { Self::Svg }
    }
}

/// Draws a ticket's code
///
/// For its holder.
#[utoipa::path(get, path = "/tickets/{id}/qr", tag = "tickets",
    params(("id" = Uuid, Path, description = "Ticket"), QrQuery), security(("bearer" = [])),
    responses((status = 200, description = "The picture", content(
        (String = "image/svg+xml"), (Vec<u8> = "image/png"))), Read,
        (status = 409, description = "TICKET_VOID: it admits nobody", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn qr(
    State(state): State<AppState>,
    PathId(id): PathId,
    caller: Caller,
    Query(query): Query<QrQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let ticket = live(&state, caller, TicketId::from_uuid(id)).await?;
    let code = ticket_view::code(&state, &ticket);
    let picture = match query.format.unwrap_or_else(|| Format::accepted(&headers)) {
        Format::Svg => code_picture::svg(&code).map(|svg| ("image/svg+xml", svg.into_bytes())),
        Format::Png => code_picture::png(&code).map(|png| ("image/png", png)),
    };
    let (media_type, bytes) = picture.ok_or(ApiError::Defect(Cow::Borrowed("a code that fits no picture")))?;
    // A transfer makes a new code: no copy may outlive it.
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-store"), (header::VARY, "accept")];
    Ok((headers, bytes).into_response())
}

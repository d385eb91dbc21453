//! Every route. Slices bring their own; this is the one place that lists them.

use axum::Router;
use http::{HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::config::Http;
use crate::error::{ApiError, Malformed, Noun};
use crate::state::AppState;
use crate::{
    access_codes, accounts, admin, api_keys, attendees, audit_entries, box_office, calendars, check_in_lists,
    discount_codes, docs, events, feedback, gate, health, history, holds, images, live, mails, orders, outbox, pages,
    payments, problems, rsvps, scanners, seat_maps, staff, tickets, tiers, venues, waiting_room, waitlist, wallets,
    webhooks, withdrawals,
};

pub fn router(state: AppState) -> Router {
    let cors = cors(&state.config.http);
    let (router, openapi) = documented();
    let router = router
        .merge(docs::routes(openapi))
        .merge(pages::routes())
        .fallback(|| async { ApiError::NotFound(Noun::Route) })
        .method_not_allowed_fallback(|| async { ApiError::Malformed(Malformed::Method) })
        .with_state(state);
    match cors {
        Some(cors) => router.layer(cors),
        None => router,
    }
}

/// The OpenAPI document as it is served.
pub fn document() -> utoipa::openapi::OpenApi {
    documented().1
}

fn documented() -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let (router, mut openapi) = routes().split_for_parts();
    docs::with_scopes(&mut openapi);
    docs::with_keys(&mut openapi);
    problems::complete(&mut openapi);
    (router, openapi)
}

/// With the OpenAPI document of all of them.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(docs::Document::openapi()).merge(health::routes()).nest("/api/v1", v1())
}

fn v1() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(health::ping_routes())
        .merge(accounts::routes())
        .merge(admin::routes())
        .merge(api_keys::routes())
        .merge(audit_entries::routes())
        .merge(events::routes())
        .merge(history::routes())
        .merge(images::routes())
        .merge(seat_maps::routes())
        .merge(tiers::routes())
        .merge(access_codes::routes())
        .merge(discount_codes::routes())
        .merge(attendees::routes())
        .merge(rsvps::routes())
        .merge(feedback::routes())
        .merge(venues::routes())
        .merge(calendars::routes())
        .merge(holds::routes())
        .merge(box_office::routes())
        .merge(orders::routes())
        .merge(payments::routes())
        .merge(tickets::routes())
        .merge(gate::routes())
        .merge(check_in_lists::routes())
        .merge(scanners::routes())
        .merge(staff::routes())
        .merge(waiting_room::routes())
        .merge(waitlist::routes())
        .merge(live::routes())
        .merge(mails::routes())
        .merge(wallets::routes())
        .merge(withdrawals::routes())
        .merge(outbox::routes())
        .merge(webhooks::routes())
}

/// `None` when no origin is allowed: then it costs nothing.
fn cors(config: &Http) -> Option<CorsLayer> {
    if config.cors_origins.is_empty() {
        return None;
    }
    let origins = if config.cors_origins.iter().any(|origin| origin == "*") {
        AllowOrigin::from(Any)
    } else {
        AllowOrigin::list(config.cors_origins.iter().filter_map(|origin| HeaderValue::try_from(origin).ok()))
    };
    let exposed = [
        header::RETRY_AFTER,
        header::LINK,
        header::ETAG,
        header::HeaderName::from_static("x-request-id"),
        header::HeaderName::from_static("idempotency-replayed"),
    ];
    let headers = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::IF_NONE_MATCH,
        header::HeaderName::from_static("idempotency-key"),
        header::HeaderName::from_static("x-api-key"),
        header::HeaderName::from_static("x-request-id"),
    ];
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    Some(CorsLayer::new().allow_origin(origins).allow_methods(methods).allow_headers(headers).expose_headers(exposed))
}

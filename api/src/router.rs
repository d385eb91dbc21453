//! Every route. Slices bring their own; this is the one place that lists the slices.

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::error::{ApiError, Malformed, Noun};
use crate::state::AppState;

pub fn router(state: AppState) -> (Router, OpenApi) {
    let (router, openapi) = OpenApiRouter::<AppState>::new().nest("/api/v1", v1()).split_for_parts();
    let router = router
        .fallback(|| async { ApiError::NotFound(Noun::Route) })
        .method_not_allowed_fallback(|| async { ApiError::Malformed(Malformed::Method) })
        .with_state(state);
    (router, openapi)
}

fn v1() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}

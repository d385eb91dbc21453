//! The OpenAPI document, collected from the handlers, and a page to try it, both inside the binary.

mod codes;

use axum::Router;
use axum::routing::get;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

const PAGE: &str = "/api/docs";
/// Where [`wire::Problem`] points.
pub const CODES: &str = "/api/docs/codes";
const DOCUMENT: &str = "/api/docs/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Usher",
        description = "Sells tickets for events that sell out in seconds.\n\n\
            Refusals are RFC 9457 problem documents with a stable `code`. 4xx: final. 429 and 503: nothing happened, ask \
            again after `Retry-After`. 504: it may have happened, ask again with the same `Idempotency-Key`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(wire::Problem)),
    modifiers(&Bearer),
)]
pub struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        openapi.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

pub fn routes<S: Clone + Send + Sync + 'static>(openapi: utoipa::openapi::OpenApi) -> Router<S> {
    Router::new().route(CODES, get(codes::page)).merge(SwaggerUi::new(PAGE).url(DOCUMENT, openapi))
}

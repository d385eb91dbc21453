//! The OpenAPI document, collected from the handlers, and a page to try it, both inside the binary.

pub mod codes;
#[cfg(test)]
mod errors;
mod keys;

use axum::Router;
use axum::routing::get;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

use crate::auth::scopes;

pub use keys::{HEADER as KEY_HEADER, with_keys};

/// The security scheme of machines.
const API_KEY: &str = "api_key";
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
            again after `Retry-After`. 504: it may have happened, ask again with the same `Idempotency-Key`.\n\n\
            A key belongs to the account and, for what is done to an event or an order of it, to that event: one key for \
            two events, or for an event and for something else, is two keys. It is remembered for 24 hours; take a new \
            one for every change. Calls that do not list the header keep no answer, and say why.",
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
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
        let key = ApiKeyValue::with_description("X-API-Key", "Made with POST /me/api-keys; also as a bearer token");
        components.add_security_scheme(API_KEY, SecurityScheme::ApiKey(ApiKey::Header(key)));
    }
}

/// Says of each call that is open to API keys which scope it needs.
pub fn with_scopes(openapi: &mut utoipa::openapi::OpenApi) {
    for (scope, calls) in scopes::TABLE {
        for (method, path) in *calls {
            let Some(item) = openapi.paths.paths.get_mut(&format!("/api/v1{path}")) else { continue };
            let operation = match *method {
                "GET" => &mut item.get,
                "POST" => &mut item.post,
                "PUT" => &mut item.put,
                "PATCH" => &mut item.patch,
                _ => &mut item.delete,
            };
            if let Some(operation) = operation {
                let needed = SecurityRequirement::new(API_KEY, [scope.name()]);
                operation.security.get_or_insert_default().push(needed);
            }
        }
    }
}

pub fn routes<S: Clone + Send + Sync + 'static>(openapi: utoipa::openapi::OpenApi) -> Router<S> {
    Router::new().route(CODES, get(codes::page)).merge(SwaggerUi::new(PAGE).url(DOCUMENT, openapi))
}

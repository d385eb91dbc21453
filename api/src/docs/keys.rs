//! Which calls remember the answer to an `Idempotency-Key`, as the document says it: all that change something, but for those
//! below.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, RefOr, Required};

/// As the document writes it.
pub const HEADER: &str = "Idempotency-Key";
const PREFIX: &str = "/api/v1";

/// Calls that keep no answer, and why it is safe to send them again or what to do instead.
const FORGETFUL: &[(&str, &str, &str)] = &[
    ("POST", "/auth/login", "each sign-in is a login of its own"),
    ("POST", "/auth/codes/verify", "a code is good once; ask for another"),
    ("POST", "/auth/google/exchange", "what was brought back from there is good once; sign in anew"),
    ("POST", "/auth/second-factor", "a code is good once; send the next"),
    ("POST", "/auth/refresh", "a refresh token sent again at once gets the same next one"),
    ("POST", "/auth/logout", "sent again it ends nothing more"),
    ("PUT", "/me/email", "it takes the password; sent again it sends another link"),
    ("PUT", "/me/password", "it takes the present password, which is the new one afterwards"),
    ("DELETE", "/me", "there is no account to ask again"),
    ("POST", "/me/second-factor", "the answer is a secret; sent again it makes another one"),
    ("POST", "/me/second-factor/confirm", "the answer is a secret; a code is good once"),
    ("DELETE", "/me/second-factor", "a code is good once; sent again it hears SECOND_FACTOR_OFF"),
    ("POST", "/me/calendar-feed", "the answer is a secret; sent again it makes another one"),
    ("DELETE", "/me/calendar-feed", "sent again it ends nothing more"),
    ("POST", "/ticket-transfers/preview", "it changes nothing"),
    ("POST", "/ticket-transfers/{id}/accept", "who has accepted it hears the same again"),
    ("PATCH", "/withdrawals/{id}", "the same decision again changes nothing"),
    ("POST", "/events/{id}/waiting-room", "an account has one place, which it is told again"),
    ("DELETE", "/events/{id}/waiting-room", "sent again it gives up nothing more"),
    ("DELETE", "/events/{id}/waitlist", "an account that does not wait hears the same"),
    ("POST", "/series/{id}/publish", "sent again it publishes what is not published yet"),
    ("POST", "/series/{id}/cancel", "sent again it cancels what is not cancelled yet"),
    ("POST", "/events/{id}/gate/scans/batch", "each scan goes by its nonce"),
    ("POST", "/orders/{id}/status", "a reported payment is known by its reference, however often it is reported"),
    ("POST", "/payments/stripe/webhook", "a notice is known by what it is about, however often it is sent"),
    ("POST", "/ping", "it changes nothing"),
];

/// Gives every call that changes something the header, or says why it takes none.
pub fn with_keys(openapi: &mut OpenApi) {
    for (path, item) in &mut openapi.paths.paths {
        let Some(short) = path.strip_prefix(PREFIX) else { continue };
        let PathItem { put, post, delete, patch, .. } = item;
        for (method, operation) in [("PUT", put), ("POST", post), ("DELETE", delete), ("PATCH", patch)] {
            let Some(operation) = operation else { continue };
            match FORGETFUL.iter().find(|(of, path, _)| (*of, *path) == (method, short)) {
                Some((.., why)) => describe(operation, why),
                None => operation.parameters.get_or_insert_default().push(RefOr::T(header())),
            }
        }
    }
}

fn describe(operation: &mut Operation, why: &str) {
    let said = operation.description.take().map(|said| said + "\n\n").unwrap_or_default();
    operation.description = Some(format!("{said}Keeps no answer for an `{HEADER}`: {why}."));
}

fn header() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(255))
        .pattern(Some("^[!-~]{1,255}$"));
    ParameterBuilder::new()
        .name(HEADER)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Visible ASCII characters of your choice, new for every change. Sent again within 24 hours, the call gets its first \
             answer and nothing happens twice; with another body it is refused.",
        ))
        .schema(Some(schema))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_forgetful_call_is_served() {
        let (_, openapi) = crate::router::routes().split_for_parts();
        for (method, path, _) in FORGETFUL {
            let item = openapi.paths.paths.get(&format!("{PREFIX}{path}")).unwrap_or_else(|| panic!("no {path}"));
            let served = match *method {
                "PUT" => &item.put,
                "POST" => &item.post,
                "DELETE" => &item.delete,
                "PATCH" => &item.patch,
                other => panic!("{other} is no method of a change"),
            };
            assert!(served.is_some(), "{method} {path}");
        }
    }
}

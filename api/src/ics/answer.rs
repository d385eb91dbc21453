use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use crate::{digest, hex};

/// Who may keep a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Everybody,
    /// The one who asked.
    Asker,
}

/// The calendar, or, where the client has this one already, word of that.
pub fn calendar(headers: &HeaderMap, audience: Audience, name: &str, text: String) -> Response {
    let tag = format!("\"{}\"", hex::encode(&digest::of(&[text.as_bytes()])));
    let cache = match audience {
        Audience::Everybody => "public, max-age=300",
        Audience::Asker => "private, no-cache",
    };
    let headers_out = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, cache.to_owned())];
    if is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, headers_out).into_response();
    }
    let of_body = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"{name}.ics\"")),
    ];
    (headers_out, of_body, text).into_response()
}

/// Compared weakly, as RFC 9110 wants it here.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn whoever_has_it_gets_no_second_copy() {
        let answer = |known: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(known) = known {
                headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(known).unwrap());
            }
            calendar(&headers, Audience::Everybody, "event", "text".to_owned())
        };
        let first = answer(None);
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        for known in [tag.to_owned(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = answer(Some(&known));
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(again.headers()[header::ETAG], tag);
        }
        assert_eq!(answer(Some("\"other\"")).status(), StatusCode::OK);
    }
}

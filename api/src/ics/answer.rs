use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use crate::conditional::{self, is_known};

/// Who may keep a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Everybody,
    /// The one who asked.
    Asker,
}

/// The calendar, or, where the client has this one already, word of that.
pub fn calendar(headers: &HeaderMap, audience: Audience, name: &str, text: String) -> Response {
    let tag = conditional::tag(text.as_bytes());
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

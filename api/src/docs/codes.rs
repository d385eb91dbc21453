//! Every code that a problem document may carry, with its status, its meaning and what to do about it: the lines of
//! `codes.txt`. They are the page that `type` in a problem document points at, and `docs/errors.md`.

use std::sync::LazyLock;

use axum::response::Html;

use crate::field_codes::FIELD_CODES;

/// By ascending status: code, status, meaning, what to do.
const LINES: &str = include_str!("codes.txt");

pub struct Code {
    pub code: &'static str,
    pub status: u16,
    pub meaning: &'static str,
    pub remedy: &'static str,
}

pub static CODES: LazyLock<Vec<Code>> = LazyLock::new(|| LINES.lines().filter_map(Code::read).collect());

impl Code {
    fn read(line: &'static str) -> Option<Self> {
        let mut columns = line.split(" | ");
        let (code, status) = (columns.next()?, columns.next()?.parse().ok()?);
        let (meaning, remedy) = (columns.next()?, columns.next()?);
        columns.next().is_none().then_some(Self { code, status, meaning, remedy })
    }
}

/// Whether refusals of this code have this status.
pub fn has_status(code: &str, status: u16) -> bool {
    CODES.iter().any(|known| known.code == code && known.status == status)
}

pub(super) async fn page() -> Html<String> {
    let mut html = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>Usher: codes</title><style>body{font:16px/1.5 system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem;\
         color-scheme:light dark}dt{font-family:monospace;font-weight:bold}:target{outline:2px solid}</style>\
         <h1>Codes of problem documents</h1><dl>",
    );
    for Code { code, status, meaning, remedy } in CODES.iter() {
        html.push_str(&format!("<dt id=\"{code}\">{code} ({status})</dt><dd>{meaning} <em>{remedy}</em></dd>"));
    }
    html.push_str("</dl><h1>Codes of fields</h1><dl>");
    for (code, meaning, remedy) in FIELD_CODES {
        html.push_str(&format!("<dt id=\"field-{code}\">{code}</dt><dd>{meaning} <em>{remedy}</em></dd>"));
    }
    html.push_str("</dl></html>");
    Html(html)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The literals behind `=>` of the functions that name codes.
    fn codes_in(source: &str) -> impl Iterator<Item = &str> {
        let literals = source.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
        literals.filter(|text| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
    }

    #[test]
    fn every_code_is_explained_once_and_none_that_does_not_exist() {
        let sources = [
            include_str!("../error/text.rs"),
            include_str!("../../../engine/src/error.rs"),
            include_str!("../../../inventory/src/rejection.rs"),
        ];
        let given: BTreeSet<&str> = sources.into_iter().flat_map(codes_in).collect();
        let explained: BTreeSet<&str> = CODES.iter().map(|known| known.code).collect();
        assert!(given.len() > 70, "{given:?}");
        assert_eq!(explained, given);
        assert_eq!(CODES.len(), explained.len());
    }

    #[test]
    fn every_line_has_a_status_a_meaning_and_what_to_do() {
        assert_eq!(CODES.len(), LINES.lines().count(), "a line has not four columns");
        assert!(CODES.is_sorted_by_key(|known| known.status));
        for Code { code, status, meaning, remedy } in CODES.iter() {
            assert!((400..600).contains(status), "{code}");
            for text in [meaning, remedy] {
                assert!(text.len() > 10 && text.ends_with(['.', '…']), "{code}: {text}");
                assert!(!text.contains(['<', '&', '|']), "{code}: {text}");
            }
        }
    }

    /// A call that does not exist is no advice.
    #[test]
    fn every_call_that_is_advised_exists() {
        let (_, openapi) = crate::router::routes().split_for_parts();
        let plain = |path: &str| -> String {
            let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
            parts.collect::<Vec<_>>().join("/")
        };
        let mut operations = BTreeSet::new();
        for (path, item) in &openapi.paths.paths {
            let path = plain(path.trim_start_matches("/api/v1"));
            let methods = [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ];
            operations.extend(methods.into_iter().filter(|(_, it)| it.is_some()).map(|(name, _)| (name, path.clone())));
        }
        let mut advised = 0;
        for Code { code, remedy, .. } in CODES.iter() {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                for rest in remedy.split(&format!("{method} /")).skip(1) {
                    let path = rest.split([' ', ',', ';', ':']).next().unwrap_or_default().trim_end_matches('.');
                    let path = plain(&format!("/{path}"));
                    assert!(operations.contains(&(method, path.clone())), "{code}: {method} {path}");
                    advised += 1;
                }
            }
        }
        assert!(advised > 50, "{advised}");
    }
}

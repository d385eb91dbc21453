//! `docs/errors.md`, written from [`CODES`] and [`FIELD_CODES`]. That their statuses are those which the code gives is read
//! out of the matches that give them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use http::StatusCode;

use super::codes::{CODES, Code};
use crate::field_codes::FIELD_CODES;

const STORED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
/// Set to `1`, the stored page becomes what the code says.
const ACCEPT: &str = "USHER_ACCEPT";

const ERROR: &str = include_str!("../error.rs");
const REJECTIONS: &str = include_str!("../error/rejections.rs");
const TEXT: &str = include_str!("../error/text.rs");
const UNAVAILABLE: &str = include_str!("../../../engine/src/error.rs");
const REJECTION: &str = include_str!("../../../inventory/src/rejection.rs");

/// What an enum is in, where `ApiError` names its variant otherwise.
const VARIANTS: [(&str, &str); 2] = [("Noun", "NotFound"), ("Unavailable", "Busy")];

const INTRO: &str = "\
# Codes of refusals

Written from the code; do not edit. After a change of it: `USHER_ACCEPT=1 cargo test -p usher --lib docs`.

A refusal is an RFC 9457 problem document (`application/problem+json`) with `type`, `title`, `status`, `code`, `detail`,
`request_id` and, where fields are at fault, `errors`, each with `field`, `code` and `message`. Codes are stable, details are
for people. There are four kinds, and none is ever given for another.
";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    RuleSaidNo,
    NotNow,
    Unknown,
    Defect,
}

const KINDS: [(Kind, &str); 4] = [
    (
        Kind::RuleSaidNo,
        "## The rule said no\n\nFinal: nothing happened, and the same request in the same state gets the same answer. \
         400, 413, 415, 422: mend the request. 401: sign in or refresh. 403: it takes another account or key. 404: there is \
         nothing of this id that the caller may see. 402, 409, 425: the state does not allow it; look at it, then decide \
         anew. 410: what it is about is over. `IN_PROGRESS` alone passes by itself: ask again under the same key.",
    ),
    (
        Kind::NotNow,
        "## Not now\n\n**Nothing happened.** Wait as `Retry-After` says and send the same request again, writes under the \
         same `Idempotency-Key`. What operators do: [operating.md](operating.md).",
    ),
    (
        Kind::Unknown,
        "## Unknown\n\n**It may have happened.** Send the same request again under the same `Idempotency-Key`: it gets the \
         first answer, or happens now, once.",
    ),
    (
        Kind::Defect,
        "## Defect\n\nOurs. The cause is in the server's log under the `request_id`, not in the answer. Report it; a write \
         may have happened, so ask again under the same `Idempotency-Key`.",
    ),
];

const fn kind(status: u16) -> Kind {
    match status {
        429 | 503 => Kind::NotNow,
        504 => Kind::Unknown,
        500 => Kind::Defect,
        _ => Kind::RuleSaidNo,
    }
}

/// `Enum::Variant` and value of each arm whose value is one that `read` knows.
fn arms<T>(source: &str, read: impl Fn(&str) -> Option<T>) -> Vec<(String, T)> {
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let code = code.replace("{ .. }", "");
    let mut own = String::new();
    let mut found = Vec::new();
    let pieces: Vec<&str> = code.split("=>").collect();
    for pair in pieces.windows(2) {
        for head in pair[0].split("\nimpl ").skip(1) {
            let head = head.split('{').next().unwrap_or_default();
            own = head.split_whitespace().last().unwrap_or_default().to_owned();
        }
        let value = pair[1].trim_start().trim_start_matches('{').trim_start();
        let pattern = pair[0].rsplit([',', '{', '}', ';']).next().unwrap_or_default();
        for one in pattern.split('|') {
            if let (Some(path), Some(value)) = (innermost(one), read(value)) {
                found.push((path.replace("Self::", &format!("{own}::")), value));
            }
        }
    }
    found
}

/// The last path of a pattern: `Self::Payment(PaymentFailure::Declined)` is about the latter.
fn innermost(pattern: &str) -> Option<&str> {
    let separators = |c: char| !(c.is_ascii_alphanumeric() || c == ':' || c == '_');
    pattern.split(separators).rfind(|word| word.contains("::"))
}

fn code(value: &str) -> Option<String> {
    let text = value.strip_prefix('"')?.split('"').next()?;
    text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_').then(|| text.to_owned())
}

fn status(value: &str) -> Option<StatusCode> {
    let name = value.strip_prefix("StatusCode::")?;
    let name: String = name.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
    let is_named = |status: &StatusCode| {
        let reason = status.canonical_reason().unwrap_or_default();
        reason.to_ascii_uppercase().replace([' ', '-'], "_") == name
    };
    (400..600).filter_map(|number| StatusCode::from_u16(number).ok()).find(is_named)
}

/// By code.
fn statuses() -> BTreeMap<String, StatusCode> {
    let statuses: BTreeMap<String, StatusCode> =
        [ERROR, REJECTIONS].into_iter().flat_map(|source| arms(source, status)).collect();
    let codes = [TEXT, UNAVAILABLE, REJECTION].into_iter().flat_map(|source| arms(source, code));
    let status_of = |path: &str| {
        let owner = path.split("::").next()?;
        let variant = VARIANTS.iter().find(|(name, _)| *name == owner).map_or(owner, |(_, variant)| variant);
        statuses.get(path).or_else(|| statuses.get(&format!("ApiError::{variant}"))).copied()
    };
    codes.filter_map(|(path, code)| Some((code, status_of(&path)?))).collect()
}

const FIELDS: &str = "\
## Fields

What `errors` names one by one, with `VALIDATION_FAILED` and wherever else fields are at fault. `field` is the path into the
body, for instance `items[2].seat`; `message` says what would be right. A field that the event's own rules refuse carries one of
the codes above.

| code | meaning | what to do |
|---|---|---|
";

fn page() -> String {
    let mut page = INTRO.to_owned();
    for (wanted, heading) in KINDS {
        writeln!(page, "\n{heading}\n\n| code | status | meaning | what to do |\n|---|---|---|---|").unwrap();
        for Code { code, status, meaning, remedy } in CODES.iter().filter(|known| kind(known.status) == wanted) {
            writeln!(page, "| `{code}` | {status} | {meaning} | {remedy} |").unwrap();
        }
    }
    write!(page, "\n{FIELDS}").unwrap();
    for (code, meaning, remedy) in FIELD_CODES {
        writeln!(page, "| `{code}` | {meaning} | {remedy} |").unwrap();
    }
    page
}

#[test]
fn every_code_has_the_status_that_the_code_gives() {
    let statuses = statuses();
    for Code { code, status, .. } in CODES.iter() {
        assert_eq!(statuses.get(*code).map(StatusCode::as_u16), Some(*status), "{code}");
    }
    for (code, number) in
        [("JSON_MALFORMED", 400), ("TOKEN_MISSING", 401), ("EVENT_NOT_FOUND", 404), ("PAYMENT_TOO_LATE", 410)]
    {
        assert_eq!(statuses[code].as_u16(), number, "{code}");
    }
    for (code, number) in [
        ("SEATS_TAKEN", 409),
        ("QUEUE_REQUIRED", 425),
        ("MAILBOX_FULL", 503),
        ("OUTCOME_UNKNOWN", 504),
        ("INTERNAL", 500),
    ] {
        assert_eq!(statuses[code].as_u16(), number, "{code}");
    }
}

#[test]
fn the_page_of_codes_is_what_the_code_says() {
    let (path, page) = (Path::new(STORED), page());
    if std::env::var(ACCEPT).as_deref() == Ok("1") {
        std::fs::write(path, page).unwrap();
        return;
    }
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        stored == page,
        "docs/errors.md is not what the code says. If that is meant, accept it:\n    \
         {ACCEPT}=1 cargo test -p usher --lib docs"
    );
}

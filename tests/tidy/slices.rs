//! Slices of the api: a folder (or file) per noun, which may use crate-level nouns but never another slice. What two
//! slices need moves down into `wire`, `engine` or `persistence`, or becomes a crate-level noun.

use super::lexer::{Source, identifier_at};
use super::workspace::{Workspace, assert_clean, planted, read};

const SLICES: &[&str] = &[
    "access_codes",
    "accounts",
    "admin",
    "api_keys",
    "attendees",
    "audit_entries",
    "calendars",
    "discount_codes",
    "feedback",
    "rsvps",
    "events",
    "venues",
    "holds",
    "orders",
    "payments",
    "tickets",
    "gate",
    "waiting_room",
    "waitlist",
    "risk",
    "staff",
    "reports",
    "availability",
    "tiers",
    "seat_maps",
    "live",
    "mails",
    "outbox",
    "webhooks",
    "images",
    "wallets",
    "withdrawals",
];

fn sideways(workspace: &Workspace) -> Vec<String> {
    workspace
        .production(&["api"])
        .filter_map(|source| Some((slice_of(&source.path)?, source)))
        .flat_map(|(own, source)| {
            imports(source)
                .into_iter()
                .filter(move |(_, name)| SLICES.contains(name) && *name != own)
                .map(move |(at, name)| format!("{}: slice {own} imports slice {name}", source.place(at)))
        })
        .collect()
}

fn slice_of(path: &str) -> Option<&'static str> {
    let first = path.strip_prefix("api/src/")?.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    SLICES.iter().copied().find(|slice| *slice == name)
}

/// What follows each `crate::` (or `super::super::` from inside a folder): one name, or the heads of a braced group.
fn imports(source: &Source) -> Vec<(usize, &str)> {
    let code = source.code.as_str();
    let mut names = Vec::new();
    for root in ["crate::", "super::super::"] {
        for (at, _) in code.match_indices(root).filter(|(at, _)| !source.in_test(*at)) {
            let start = at + root.len();
            if code[start..].starts_with('{') {
                names.extend(heads(code, start + 1).into_iter().map(|head| (at, head)));
            } else {
                names.push((at, identifier_at(code, start)));
            }
        }
    }
    names
}

fn heads(code: &str, start: usize) -> Vec<&str> {
    let (mut depth, mut expects_name, mut names) = (1_usize, true, Vec::new());
    for (offset, byte) in code.as_bytes()[start..].iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => break,
            b'}' => depth -= 1,
            b',' if depth == 1 => expects_name = true,
            byte if expects_name && byte.is_ascii_alphabetic() => {
                names.push(identifier_at(code, start + offset));
                expects_name = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn slices_do_not_import_each_other() {
    assert_clean(sideways(&read()));
}

#[test]
fn a_sideways_import_is_found() {
    let workspace = planted(&[
        ("api/src/holds/place.rs", "use crate::auth::Caller;\nuse crate::orders::draft;"),
        ("api/src/gate/scan.rs", "use crate::{app::{App, holds}, error, tickets::{self, qr}};"),
        ("api/src/orders/pay.rs", "use super::super::payments::Gateway; use crate::orders::show; use super::draft;"),
        ("api/src/events.rs", "fn f() { crate::accounts::me() }"),
        ("api/src/app.rs", "use crate::{holds, orders};"),
    ]);
    assert_eq!(
        sideways(&workspace),
        [
            "api/src/holds/place.rs:2: slice holds imports slice orders",
            "api/src/gate/scan.rs:1: slice gate imports slice tickets",
            "api/src/orders/pay.rs:1: slice orders imports slice payments",
            "api/src/events.rs:1: slice events imports slice accounts",
        ]
    );
}

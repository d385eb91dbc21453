//! Slices of the api: a folder (or file) per noun, which may use crate-level nouns but never another slice. What two
//! slices need moves down into `wire`, `engine` or `persistence`, or becomes a crate-level noun.

use std::collections::BTreeSet;

use super::lexer::{Source, identifier_at};
use super::workspace::{Workspace, assert_clean, planted, read};

const ROUTER: &str = "api/src/router.rs";

/// The nouns whose routes the router merges.
fn slices(workspace: &Workspace) -> BTreeSet<&str> {
    let router = workspace.sources.iter().find(|source| source.path == ROUTER);
    let merged = router.into_iter().flat_map(|source| {
        let code = source.code.as_str();
        code.match_indices(".merge(").map(move |(at, merge)| (code, at + merge.len()))
    });
    merged
        .map(|(code, start)| (identifier_at(code, start), code, start))
        .filter(|(name, code, start)| !name.is_empty() && code[start + name.len()..].starts_with("::"))
        .map(|(name, ..)| name)
        // Served by a slice of its own making: the document of all of them.
        .filter(|name| *name != "docs")
        .collect()
}

fn sideways(workspace: &Workspace) -> Vec<String> {
    let slices = slices(workspace);
    workspace
        .production(&["api"])
        .filter_map(|source| Some((slice_of(&source.path, &slices)?, source)))
        .flat_map(|(own, source)| {
            imports(source)
                .into_iter()
                .filter(|(_, name)| slices.contains(name) && *name != own)
                .map(move |(at, name)| format!("{}: slice {own} imports slice {name}", source.place(at)))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn slice_of<'a>(path: &str, slices: &BTreeSet<&'a str>) -> Option<&'a str> {
    let first = path.strip_prefix("api/src/")?.split('/').next()?;
    slices.get(first.strip_suffix(".rs").unwrap_or(first)).copied()
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

/// Were the router written in another way, the rule would look at nothing.
#[test]
fn every_slice_is_a_noun_of_the_api() {
    let workspace = read();
    let slices = slices(&workspace);
    for slice in ["accounts", "check_in_lists", "events", "gate", "holds", "orders", "scanners", "webhooks"] {
        assert!(slices.contains(slice), "{ROUTER} merges no {slice}");
    }
    for slice in slices {
        let is_there = |path: String| workspace.paths.contains(&path);
        assert!(
            is_there(format!("api/src/{slice}.rs")) || is_there(format!("api/src/{slice}/mod.rs")),
            "there is no {slice}"
        );
    }
}

#[test]
fn a_sideways_import_is_found() {
    let merges =
        "fn v1() { r.merge(holds::routes()).merge(orders::routes())\n.merge(gate::routes()).merge(tickets::routes())
        .merge(payments::routes()).merge(events::routes()).merge(accounts::routes()).merge(docs::routes(openapi)) }";
    let workspace = planted(&[
        (ROUTER, merges),
        ("api/src/holds/place.rs", "use crate::auth::Caller;\nuse crate::orders::draft;"),
        ("api/src/gate/scan.rs", "use crate::{app::{App, holds}, error, tickets::{self, qr}};"),
        ("api/src/orders/pay.rs", "use super::super::payments::Gateway; use crate::orders::show; use super::draft;"),
        ("api/src/events.rs", "fn f() { crate::accounts::me() }"),
        ("api/src/app.rs", "use crate::{holds, orders};"),
        ("api/src/orders/list.rs", "use crate::docs::CODES;"),
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

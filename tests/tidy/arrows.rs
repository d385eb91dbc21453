//! Which crate may use which: the table of ARCHITECTURE.md, read from the manifests.

use toml::Table;

use super::lexer::identifier_at;
use super::workspace::{assert_clean, read, text};

struct Rule {
    directory: &'static str,
    /// Crates of the workspace it may use. All others are forbidden.
    may_use: &'static [&'static str],
    /// Other crates it must never use.
    never: &'static [&'static str],
}

const OURS: [&str; 9] =
    ["inventory", "engine", "persistence", "wire", "usher", "usher-loadgen", "benches", "usher-tests", "xtask"];

const HTTP: [&str; 9] =
    ["axum", "http", "http-body-util", "hyper", "hyper-util", "reqwest", "tower", "tower-http", "utoipa"];

const RULES: [Rule; 9] = [
    Rule {
        directory: "inventory",
        may_use: &[],
        never: &[
            "tokio",
            "tokio-util",
            "futures-util",
            "kameo",
            "sqlx",
            "tracing",
            "log",
            "metrics",
            "rand",
            "getrandom",
            "chrono",
            "time",
        ],
    },
    Rule { directory: "wire", may_use: &["inventory"], never: &["axum", "tokio", "kameo", "sqlx"] },
    Rule { directory: "engine", may_use: &["inventory"], never: &["sqlx", "chrono"] },
    Rule { directory: "persistence", may_use: &["inventory", "engine"], never: &["kameo"] },
    // No SQL outside persistence begins with no driver outside persistence.
    Rule { directory: "api", may_use: &["inventory", "engine", "persistence", "wire"], never: &["sqlx", "kameo"] },
    Rule { directory: "loadgen", may_use: &["wire"], never: &["sqlx", "kameo", "axum"] },
    Rule { directory: "benches", may_use: &["inventory", "engine", "persistence", "wire", "usher"], never: &[] },
    Rule {
        directory: "tests",
        may_use: &["inventory", "engine", "persistence", "wire", "usher", "usher-loadgen"],
        never: &[],
    },
    // Compiled before everything else, on every run.
    Rule { directory: "xtask", may_use: &[], never: &["tokio", "serde", "clap", "sqlx"] },
];

/// Crates without a web server or client in them.
const WITHOUT_HTTP: [&str; 3] = ["inventory", "engine", "persistence"];

fn check(directory: &str, manifest: &str) -> Vec<String> {
    let Some(rule) = RULES.iter().find(|rule| rule.directory == directory) else {
        return vec![format!(
            "{directory}: a new crate needs a rule in tests/tidy/arrows.rs and a line in ARCHITECTURE.md"
        )];
    };
    dependencies(&manifest.parse().unwrap())
        .into_iter()
        .filter(|name| {
            let (name, ours) = (name.as_str(), OURS.contains(&name.as_str()));
            (ours && !rule.may_use.contains(&name))
                || rule.never.contains(&name)
                || (WITHOUT_HTTP.contains(&directory) && HTTP.contains(&name))
        })
        .map(|name| format!("{directory}/Cargo.toml: {directory} must not use {name}"))
        .collect()
}

/// Names of the packages a manifest depends on in any way: for building, for tests, for one platform.
fn dependencies(manifest: &Table) -> Vec<String> {
    let mut names = Vec::new();
    for (key, value) in manifest {
        let Some(table) = value.as_table() else { continue };
        match key.as_str() {
            "dependencies" | "dev-dependencies" | "build-dependencies" => {
                let package = |name: &String, entry: &toml::Value| {
                    entry.get("package").and_then(toml::Value::as_str).unwrap_or(name).to_owned()
                };
                names.extend(table.iter().map(|(name, entry)| package(name, entry)));
            }
            "target" => names.extend(table.values().filter_map(toml::Value::as_table).flat_map(dependencies)),
            _ => {}
        }
    }
    names
}

pub fn members() -> Vec<String> {
    let manifest: Table = text("Cargo.toml").parse().unwrap();
    let members = manifest["workspace"]["members"].as_array().unwrap();
    members.iter().map(|member| member.as_str().unwrap().to_owned()).collect()
}

#[test]
fn crates_depend_along_the_arrows_only() {
    let violations =
        members().iter().flat_map(|member| check(member, &text(&format!("{member}/Cargo.toml")))).collect();
    assert_clean(violations);
}

#[test]
fn a_broken_arrow_is_found() {
    let found = |directory, manifest| check(directory, manifest).join(" ");
    assert!(found("inventory", "[dependencies]\ntokio.workspace = true").contains("must not use tokio"));
    assert!(found("inventory", "[dev-dependencies]\nengine.workspace = true").contains("must not use engine"));
    assert!(found("engine", "[target.'cfg(unix)'.dependencies]\nhyper = \"1\"").contains("must not use hyper"));
    assert!(
        found("loadgen", "[dependencies]\nstore = { package = \"persistence\", path = \"x\" }").contains("persistence")
    );
    assert!(found("utilities", "").contains("needs a rule"));
    assert_eq!(found("engine", "[dependencies]\ninventory.workspace = true\nkameo.workspace = true"), "");
}

/// The core is handed the time, the randomness and the bytes: what it could take them from does not occur in it.
const IMPURE: [&str; 8] =
    ["SystemTime", "Instant", "std::net", "std::fs", "std::thread", "std::env", "std::process", "std::io"];

fn impurities(workspace: &super::workspace::Workspace) -> Vec<String> {
    workspace
        .production(&["inventory", "wire"])
        .flat_map(|source| {
            IMPURE.iter().flat_map(move |word| {
                source.uses_of(word).map(move |at| format!("{}: `{word}` in a pure crate", source.place(at)))
            })
        })
        .collect()
}

#[test]
fn the_core_has_no_clock_thread_file_or_socket() {
    assert_clean(impurities(&read()));
}

#[test]
fn a_clock_in_the_core_is_found() {
    let planted = super::workspace::planted(&[
        ("inventory/src/a.rs", "fn f() { let now = std::time::Instant::now(); }"),
        ("inventory/src/b.rs", "// Instant\nfn f() { g(\"SystemTime\") }\n#[cfg(test)]\nmod tests { use std::fs; }"),
    ]);
    assert_eq!(impurities(&planted), ["inventory/src/a.rs:1: `Instant` in a pure crate"]);
}

/// The server measures how long things take by tokio's clock, which tests can stop and turn. Clients of it may use any.
fn second_clocks(workspace: &super::workspace::Workspace) -> Vec<String> {
    const TIME: &str = "std::time::";
    let names_it = |rest: &str| {
        let names = rest.strip_prefix('{').and_then(|rest| rest.split('}').next());
        names.unwrap_or_else(|| identifier_at(rest, 0)).split(',').any(|name| name.trim() == "Instant")
    };
    workspace
        .production(&["engine", "persistence", "api"])
        .flat_map(|source| {
            let found = source.code.match_indices(TIME).filter(|(at, _)| !source.in_test(*at));
            found
                .filter(|(at, _)| names_it(&source.code[at + TIME.len()..]))
                .map(|(at, _)| format!("{}: tokio::time::Instant, not that of std", source.place(at)))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn the_server_measures_by_a_clock_that_tests_can_turn() {
    assert_clean(second_clocks(&read()));
}

#[test]
fn a_second_clock_is_found() {
    let planted = super::workspace::planted(&[
        ("engine/src/a.rs", "use std::time::{Duration, Instant};"),
        ("api/src/b.rs", "use std::time::Duration;\nfn f() { std::time::Instant::now() }\nuse tokio::time::{Instant};"),
        ("loadgen/src/c.rs", "use std::time::Instant;"),
    ]);
    let wrong =
        ["engine/src/a.rs:1", "api/src/b.rs:2"].map(|at| format!("{at}: tokio::time::Instant, not that of std"));
    assert_eq!(second_clocks(&planted), wrong);
}

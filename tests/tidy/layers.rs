//! What may be said in one place only: SQL in `persistence`, failing HTTP statuses in `api/src/error.rs`, metric names in
//! the `metrics.rs` of each crate.

use super::lexer::identifier_at;
use super::workspace::{Workspace, assert_clean, planted, read};

/// Tests and benchmarks are instruments: they may look into the database directly.
const SPEAK_NO_SQL: [&str; 6] = ["inventory", "engine", "wire", "api", "loadgen", "xtask"];

fn sql(workspace: &Workspace) -> Vec<String> {
    workspace
        .literals(&SPEAK_NO_SQL)
        .filter(|(_, literal)| is_sql(&literal.text))
        .map(|(source, literal)| format!("{}: SQL outside persistence", source.place(literal.at)))
        .collect()
}

fn is_sql(text: &str) -> bool {
    let words: Vec<String> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase)
        .collect();
    let begins = |verb: &str| words.first().is_some_and(|first| first == verb);
    let pair = |first: &str, second: &str| words.windows(2).any(|pair| pair[0] == first && pair[1] == second);
    let has = |word: &str| words.iter().any(|other| other == word);
    (begins("SELECT") && has("FROM"))
        || (begins("UPDATE") && has("SET"))
        || (begins("WITH") && has("AS") && has("SELECT"))
        || pair("INSERT", "INTO")
        || pair("DELETE", "FROM")
        || ["CREATE", "ALTER", "DROP"].iter().any(|verb| pair(verb, "TABLE"))
}

#[test]
fn sql_is_spoken_in_persistence_only() {
    assert_clean(sql(&read()));
}

#[test]
fn sql_elsewhere_is_found() {
    let workspace = planted(&[
        ("api/src/a.rs", "const A: &str = \"select id\n from orders\";"),
        ("engine/src/a.rs", "f(r#\"INSERT INTO journal VALUES ($1)\"#)"),
        ("loadgen/src/a.rs", "f(\"update orders set paid = 1\", \"DELETE FROM t\", \"create table t (a int)\")"),
        (
            "api/src/b.rs",
            "f(\"hold updated\", \"seats from the set\"); #[cfg(test)] mod t { const A: &str = \"SELECT 1 FROM t\"; }",
        ),
        ("persistence/src/a.rs", "const A: &str = \"SELECT id FROM orders\";"),
        ("tests/it/a.rs", "const A: &str = \"SELECT id FROM orders\";"),
    ]);
    assert_eq!(
        sql(&workspace),
        [
            "api/src/a.rs:1: SQL outside persistence",
            "engine/src/a.rs:1: SQL outside persistence",
            "loadgen/src/a.rs:1: SQL outside persistence",
            "loadgen/src/a.rs:1: SQL outside persistence",
            "loadgen/src/a.rs:1: SQL outside persistence",
        ]
    );
}

/// A handler may say how it succeeded. How something failed is decided in one exhaustive match.
const SUCCESS: [&str; 8] =
    ["OK", "CREATED", "ACCEPTED", "NO_CONTENT", "PARTIAL_CONTENT", "SWITCHING_PROTOCOLS", "NOT_MODIFIED", "SEE_OTHER"];

/// Naming a status, or making one from a literal number; a stored answer's number is replayed, not chosen. Numbers in the
/// attributes that document a call are text. The load generator, a customer, reads statuses and sends none.
fn statuses(workspace: &Workspace) -> Vec<String> {
    workspace
        .production(&["inventory", "engine", "persistence", "wire", "api"])
        .filter(|source| source.path != "api/src/error.rs" && !source.path.starts_with("api/src/error/"))
        .flat_map(|source| {
            let path = "StatusCode::";
            source.code.match_indices(path).filter(|(at, _)| !source.in_test(*at)).filter_map(move |(at, _)| {
                let name = identifier_at(&source.code, at + path.len());
                let argument = &source.code[at + path.len() + name.len()..];
                let constructs = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
                    || (name == "from_u16"
                        && argument
                            .strip_prefix('(')
                            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())));
                (constructs && !SUCCESS.contains(&name))
                    .then(|| format!("{}: StatusCode::{name} outside api/src/error.rs", source.place(at)))
            })
        })
        .collect()
}

#[test]
fn failing_statuses_are_chosen_in_one_file() {
    assert_clean(statuses(&read()));
}

#[test]
fn a_failing_status_elsewhere_is_found() {
    let workspace = planted(&[
        ("api/src/holds/place.rs", "fn f() { (StatusCode::CREATED, StatusCode::CONFLICT) }"),
        ("api/src/error.rs", "fn f() { StatusCode::CONFLICT }"),
        ("engine/src/a.rs", "fn f() { http::StatusCode::from_u16(409) }"),
        ("api/src/idempotency.rs", "fn f() { StatusCode::from_u16(stored.status) }"),
        ("api/src/b.rs", "#[cfg(test)] mod tests { fn f() { StatusCode::CONFLICT } }"),
    ]);
    assert_eq!(
        statuses(&workspace),
        [
            "api/src/holds/place.rs:1: StatusCode::CONFLICT outside api/src/error.rs",
            "engine/src/a.rs:1: StatusCode::from_u16 outside api/src/error.rs",
        ]
    );
}

fn metric_literals(workspace: &Workspace) -> Vec<String> {
    let recorded = ["counter!(", "gauge!(", "histogram!("];
    workspace
        .production(&["engine", "persistence", "api"])
        .filter(|source| !source.path.ends_with("/metrics.rs"))
        .flat_map(|source| {
            recorded
                .iter()
                .flat_map(move |name| {
                    source.code.match_indices(name).filter(move |(at, _)| {
                        let argument = source.code[at + name.len()..].trim_start();
                        argument.starts_with('"') && !source.in_test(*at)
                    })
                })
                .map(move |(at, _)| format!("{}: a metric is named outside metrics.rs", source.place(at)))
        })
        .collect()
}

#[test]
fn metrics_are_named_in_metrics_rs() {
    assert_clean(metric_literals(&read()));
}

#[test]
fn a_metric_named_elsewhere_is_found() {
    let workspace = planted(&[
        (
            "engine/src/actor.rs",
            "fn f() { metrics::counter!( \"usher_holds_total\").increment(1); gauge!(DEPTH).set(1.0); }",
        ),
        ("engine/src/metrics.rs", "fn f() { metrics::counter!(\"usher_holds_total\").increment(1); }"),
    ]);
    assert_eq!(metric_literals(&workspace), ["engine/src/actor.rs:1: a metric is named outside metrics.rs"]);
}

/// Tokens are made where the second factor is asked for, and nowhere else.
fn logins(workspace: &Workspace) -> Vec<String> {
    const HOME: &str = "api/src/accounts/session.rs";
    workspace
        .production(&["api"])
        .filter(|source| source.path != HOME)
        .flat_map(|source| {
            ["refresh_insert(", "login_challenge_guess("].into_iter().flat_map(move |call| {
                let calls = source.code.match_indices(call).filter(move |(at, _)| !source.in_test(*at));
                calls.map(move |(at, _)| format!("{}: a login begins outside {HOME}", source.place(at)))
            })
        })
        .collect()
}

#[test]
fn logins_begin_in_one_place() {
    assert_clean(logins(&read()));
}

#[test]
fn a_login_that_begins_elsewhere_is_found() {
    let workspace = planted(&[
        ("api/src/accounts/session.rs", "fn f() { store.refresh_insert(a) }"),
        ("api/src/accounts/login.rs", "fn f() { store.refresh_insert(a) }"),
        ("persistence/src/store/refresh.rs", "fn refresh_insert(a: A) {}"),
    ]);
    assert_eq!(logins(&workspace), ["api/src/accounts/login.rs:1: a login begins outside api/src/accounts/session.rs"]);
}

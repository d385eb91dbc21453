//! Benchmarks ask for what `cargo xtask bench` gives them. A variable that nobody sets is a store that nobody measures.

use std::collections::BTreeSet;

use super::lexer::Source;
use super::workspace::{Workspace, assert_clean, planted, read};

fn variables(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let is_one = |text: &str| {
        text.ends_with("_URL")
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    source
        .strings
        .iter()
        .filter(move |literal| is_one(&literal.text))
        .map(|literal| (literal.at, literal.text.as_str()))
}

fn unset(workspace: &Workspace) -> Vec<String> {
    let services = workspace.sources.iter().filter(|source| source.path == "xtask/src/services.rs");
    let set: BTreeSet<&str> = services.flat_map(variables).map(|(_, name)| name).collect();
    let benches = workspace.sources.iter().filter(|source| source.path.starts_with("benches/"));
    benches
        .flat_map(|source| variables(source).map(move |found| (source, found)))
        .filter(|(_, (_, name))| !set.contains(name))
        .map(|(source, (at, name))| format!("{}: nothing sets {name}", source.place(at)))
        .collect()
}

#[test]
fn benchmarks_read_what_is_set_for_them() {
    let workspace = read();
    let asks = |path: &str| workspace.sources.iter().filter(|source| source.path == path).flat_map(variables).count();
    assert!(asks("benches/src/database.rs") > 0, "no benchmark asks for a store");
    assert_clean(unset(&workspace));
}

#[test]
fn a_variable_that_nothing_sets_is_found() {
    let workspace = planted(&[
        ("xtask/src/services.rs", r#"fn f() { command.env("TEST_POSTGRES_URL", url); }"#),
        ("benches/benches/a.rs", "fn f() {\n    var(\"TEST_POSTGRES_URL\"); var(\"USHER_BENCH_DATABASE_URL\"); }"),
    ]);
    assert_eq!(unset(&workspace), ["benches/benches/a.rs:2: nothing sets USHER_BENCH_DATABASE_URL"]);
}

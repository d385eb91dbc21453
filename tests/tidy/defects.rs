//! `docs/defects.md` names a test for every defect: each must be there, and be a test.

use super::workspace::{Workspace, assert_clean, planted, read, text};

const LIST: &str = "docs/defects.md";
/// Lines between a test's attribute and its name.
const ATTRIBUTES_MAX: usize = 6;

fn rows(document: &str) -> Vec<&str> {
    let rows = document.lines().filter(|line| line.starts_with("| "));
    rows.filter(|line| !line.starts_with("| in ")).collect()
}

/// `path::name` in backticks.
fn named(row: &str) -> Vec<(&str, &str)> {
    row.split('`').skip(1).step_by(2).filter_map(|quoted| quoted.split_once("::")).collect()
}

fn is_test(workspace: &Workspace, path: &str, name: &str) -> bool {
    let Some(source) = workspace.sources.iter().find(|source| source.path == path) else { return false };
    let lines: Vec<&str> = source.code.lines().collect();
    let is_it = |line: &str| line.contains(&format!("fn {name}("));
    lines.iter().position(|line| is_it(line)).is_some_and(|at| {
        let before = &lines[at.saturating_sub(ATTRIBUTES_MAX)..at];
        before.iter().any(|line| line.contains("#[test]") || line.contains("#[tokio::test"))
    })
}

fn untested(document: &str, workspace: &Workspace) -> Vec<String> {
    let mut violations = Vec::new();
    for row in rows(document) {
        let tests = named(row);
        if tests.is_empty() {
            violations.push(format!("{LIST}: no test in {row}"));
        }
        for (path, name) in tests {
            if !is_test(workspace, path, name) {
                violations.push(format!("{LIST}: {path} has no test {name}"));
            }
        }
    }
    violations
}

#[test]
fn every_defect_of_others_has_its_test() {
    let document = text(LIST);
    assert_eq!(rows(&document).len(), 23);
    assert_clean(untested(&document, &read()));
}

#[test]
fn a_test_that_is_gone_is_found() {
    let workspace = planted(&[("tests/it/a.rs", "#[test]\nfn one() {}\n\n\n\n\n\n\n\n\nfn helper() {}")]);
    let list = "| in | what | tests |\n|---|---|---|\n| T | a | `tests/it/a.rs::one` |\n| T | b | `tests/it/a.rs::two` |\n\
                | D | c | `tests/it/a.rs::helper` `tests/it/b.rs::one` |\n| R | d | because |\n";
    assert_eq!(
        untested(list, &workspace),
        [
            "docs/defects.md: tests/it/a.rs has no test two",
            "docs/defects.md: tests/it/a.rs has no test helper",
            "docs/defects.md: tests/it/b.rs has no test one",
            "docs/defects.md: no test in | R | d | because |",
        ]
    );
}

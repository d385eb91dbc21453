//! Documents that would go stale in silence: metrics and settings in docs/operating.md, links, migrations, the README's size.

use std::collections::BTreeSet;

use super::workspace::{Workspace, assert_clean, planted, read, root, text};

const OPERATING: &str = "docs/operating.md";
const SERVER: [&str; 3] = ["engine", "persistence", "api"];

/// Names of metrics in the code: literals `usher_…` of each crate's `metrics.rs`.
fn metrics(workspace: &Workspace) -> BTreeSet<String> {
    workspace
        .literals(&SERVER)
        .filter(|(source, literal)| source.path.ends_with("/metrics.rs") && literal.text.starts_with("usher_"))
        .map(|(_, literal)| literal.text.clone())
        .collect()
}

/// Tells tests to write a document anew: nothing that a server looks at.
const OF_TESTS: &str = "USHER_ACCEPT";

/// Settings in the code: literals that are wholly `USHER_…`.
pub fn settings(workspace: &Workspace) -> BTreeSet<String> {
    let in_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    workspace
        .literals(&["api"])
        .map(|(_, literal)| &literal.text)
        .filter(|text| text.as_str() != OF_TESTS)
        .filter(|text| text.strip_prefix("USHER_").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(in_name)))
        .cloned()
        .collect()
}

/// Names with the prefix that a document mentions.
fn words(document: &str, prefix: &str) -> BTreeSet<String> {
    document
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with(prefix) && word.len() > prefix.len())
        .map(str::to_owned)
        .collect()
}

/// Both ways: what exists is documented, and what is documented exists.
fn compare(what: &str, code: &BTreeSet<String>, document: &BTreeSet<String>) -> Vec<String> {
    let missing = code.difference(document).map(|name| format!("{OPERATING}: {what} {name} is not documented"));
    let stale = document.difference(code).map(|name| format!("{OPERATING}: {what} {name} does not exist"));
    missing.chain(stale).collect()
}

#[test]
fn metrics_are_documented() {
    assert_clean(compare("metric", &metrics(&read()), &words(&text(OPERATING), "usher_")));
}

#[test]
fn settings_are_documented() {
    assert_clean(compare("setting", &settings(&read()), &words(&text(OPERATING), "USHER_")));
}

#[test]
fn an_undocumented_name_and_a_stale_one_are_found() {
    let workspace = planted(&[
        (
            "engine/src/metrics.rs",
            "const A: &str = \"usher_a_total\"; const B: &str = \"usher_b\"; const L: &str = \"event\";",
        ),
        (
            "api/src/settings.rs",
            "#[arg(env = \"USHER_LISTEN\")] listen: A, // USHER_OLD\n const T: &str = \"USHER_X is bad\";",
        ),
    ]);
    let document = "| `usher_a_total` | and `usher_c` |\n`USHER_DATA_DIR`";
    assert_eq!(
        compare("metric", &metrics(&workspace), &words(document, "usher_")),
        ["docs/operating.md: metric usher_b is not documented", "docs/operating.md: metric usher_c does not exist"]
    );
    assert_eq!(
        compare("setting", &settings(&workspace), &words(document, "USHER_")),
        [
            "docs/operating.md: setting USHER_LISTEN is not documented",
            "docs/operating.md: setting USHER_DATA_DIR does not exist"
        ]
    );
}

/// A migration exists for both backends under the same number and name, and nowhere else.
fn migrations(paths: &[String]) -> Vec<String> {
    let home = "persistence/migrations/";
    let of = |backend: &str| -> BTreeSet<&str> {
        let folder = format!("{home}{backend}/");
        paths.iter().filter_map(|path| path.strip_prefix(&folder)).filter(|name| name.ends_with(".sql")).collect()
    };
    let (sqlite, postgres) = (of("sqlite"), of("postgres"));
    let lonely = sqlite.symmetric_difference(&postgres).map(|name| format!("{home}*/{name}: in one folder only"));
    let known = |path: &str| ["sqlite/", "postgres/"].iter().any(|folder| path.starts_with(&format!("{home}{folder}")));
    let astray = paths
        .iter()
        .filter(|path| path.ends_with(".sql") && !known(path))
        .map(|path| format!("{path}: SQL belongs in {home}"));
    lonely.chain(astray).collect()
}

#[test]
fn migrations_come_in_pairs() {
    assert_clean(migrations(&read().paths));
}

#[test]
fn a_lonely_migration_is_found() {
    let paths = ["sqlite/0001_init.sql", "postgres/0001_init.sql", "sqlite/0002_more.sql"]
        .map(|path| format!("persistence/migrations/{path}"))
        .into_iter()
        .chain(["api/queries/find.sql".to_owned()])
        .collect::<Vec<_>>();
    assert_eq!(
        migrations(&paths),
        [
            "persistence/migrations/*/0002_more.sql: in one folder only",
            "api/queries/find.sql: SQL belongs in persistence/migrations/"
        ]
    );
}

fn is_too_long(readme: &str) -> bool {
    readme.lines().count() >= 120
}

#[test]
fn the_readme_is_read_in_one_go() {
    assert!(!is_too_long(&text("README.md")), "README.md: fewer than 120 lines");
    assert!(is_too_long(&"\n".repeat(120)));
}

/// Links of a document to files of the workspace, relative to its own folder.
fn links(document: &str) -> Vec<&str> {
    document
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.contains("://") && !link.starts_with('#'))
        .map(|link| link.split('#').next().unwrap_or(link))
        .collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let workspace = read();
    let mut broken = Vec::new();
    for path in workspace.paths.iter().filter(|path| path.ends_with(".md")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in links(&text(path)) {
            if !root().join(folder).join(link).exists() {
                broken.push(format!("{path}: {link} does not exist"));
            }
        }
    }
    assert_clean(broken);
}

#[test]
fn links_are_found() {
    let document = "[a](docs/a.md#part) and [b](https://example.com/b) and [c](#here) ![d](../d.svg)";
    assert_eq!(links(document), ["docs/a.md", "../d.svg"]);
}

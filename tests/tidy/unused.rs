//! No dependency without a use: each costs every build, and each is a door that somebody must watch.

use std::collections::BTreeSet;

use toml::Table;

use super::arrows::members;
use super::lexer::Source;
use super::workspace::{Workspace, assert_clean, read, text};

/// Names under which a manifest knows its dependencies: those that sources say, whatever the package is called.
fn declared(manifest: &Table) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for (key, value) in manifest {
        let Some(table) = value.as_table() else { continue };
        match key.as_str() {
            "dependencies" | "dev-dependencies" | "build-dependencies" => {
                names.extend(table.keys().map(String::as_str))
            }
            "target" => names.extend(table.values().filter_map(toml::Value::as_table).flat_map(declared)),
            _ => {}
        }
    }
    names
}

/// A variable of the same name is no use of a crate; a path that begins with it is, and so is an import.
fn names(source: &Source, dependency: &str) -> bool {
    let word = dependency.replace('-', "_");
    source
        .words(&word)
        .any(|at| source.code[at + word.len()..].starts_with("::") || source.code[..at].trim_end().ends_with("use"))
}

fn unused(member: &str, manifest: &Table, workspace: &Workspace) -> Vec<String> {
    let directory = format!("{member}/");
    let sources: Vec<&Source> = workspace.sources.iter().filter(|source| source.path.starts_with(&directory)).collect();
    declared(manifest)
        .into_iter()
        .filter(|name| !sources.iter().any(|source| names(source, name)))
        .map(|name| format!("{member}/Cargo.toml: no source of {member} uses {name}"))
        .collect()
}

fn unclaimed(root: &Table, manifests: &[Table]) -> Vec<String> {
    let claimed: BTreeSet<&str> = manifests.iter().flat_map(declared).collect();
    let listed = root["workspace"]["dependencies"].as_table().unwrap();
    listed
        .keys()
        .filter(|name| !claimed.contains(name.as_str()))
        .map(|name| format!("Cargo.toml: no crate of the workspace uses {name}"))
        .collect()
}

#[test]
fn every_dependency_is_used() {
    let workspace = read();
    let members = members();
    let manifests: Vec<Table> =
        members.iter().map(|member| text(&format!("{member}/Cargo.toml")).parse().unwrap()).collect();
    let mut violations = unclaimed(&text("Cargo.toml").parse().unwrap(), &manifests);
    violations
        .extend(members.iter().zip(&manifests).flat_map(|(member, manifest)| unused(member, manifest, &workspace)));
    assert_clean(violations);
}

#[test]
fn a_dependency_that_nothing_names_is_found() {
    let manifest: Table = "
        [dependencies]\narc-swap = \"1\"\nhex = \"1\"\nbytes = \"1\"\nserde = { package = \"other\" }
        [dev-dependencies]\ntempfile = \"3\"
        [target.'cfg(unix)'.dependencies]\nlibc = \"1\"
    "
    .parse()
    .unwrap();
    let workspace = super::workspace::planted(&[
        ("a/src/lib.rs", "use arc_swap::ArcSwap;\n// hex::encode\nfn f(bytes: u8) { g(\"libc::x\", bytes) }"),
        ("a/tests/b.rs", "use serde;\nfn g() { tempfile::tempdir() }"),
        ("b/src/lib.rs", "fn f() { hex::encode(libc::x, bytes::Bytes) }"),
    ]);
    assert_eq!(
        unused("a", &manifest, &workspace),
        ["bytes", "hex", "libc"].map(|name| format!("a/Cargo.toml: no source of a uses {name}"))
    );
    let root: Table = "[workspace.dependencies]\nhex = \"1\"\nplotters = \"1\"".parse().unwrap();
    assert_eq!(unclaimed(&root, &[manifest]), ["Cargo.toml: no crate of the workspace uses plotters"]);
}

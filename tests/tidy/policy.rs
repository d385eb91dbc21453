//! What is depended on, and that every crate obeys the lints of the workspace.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use super::workspace::{assert_clean, text};

/// Crates present in several versions, less those deny.toml knows the reason of.
fn duplicates(lock: &Table, deny: &Table) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        versions.entry(package["name"].as_str().unwrap()).or_default().insert(package["version"].as_str().unwrap());
    }
    let known: Vec<&str> =
        deny["bans"]["skip"].as_array().unwrap().iter().map(|entry| entry["crate"].as_str().unwrap()).collect();
    versions
        .into_iter()
        .filter(|(name, versions)| versions.len() > 1 && !known.contains(name))
        .map(|(name, versions)| format!("Cargo.lock: {name} in versions {versions:?}; deny.toml does not know why"))
        .collect()
}

/// Packages that come from anywhere but the registry cargo uses by itself.
fn foreign_sources(lock: &Table) -> Vec<String> {
    let mut registries = BTreeSet::new();
    let mut violations = Vec::new();
    for package in lock["package"].as_array().unwrap() {
        let Some(source) = package.get("source").and_then(toml::Value::as_str) else { continue };
        if !source.starts_with("registry+") {
            violations.push(format!("Cargo.lock: {} comes from {source}", package["name"].as_str().unwrap()));
        } else if registries.insert(source) && registries.len() > 1 {
            violations.push(format!("Cargo.lock: a second registry, {source}"));
        }
    }
    violations
}

fn banned(lock: &Table, deny: &Table) -> Vec<String> {
    let banned: Vec<&str> =
        deny["bans"]["deny"].as_array().unwrap().iter().map(|entry| entry["crate"].as_str().unwrap()).collect();
    lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .filter(|name| banned.contains(name))
        .map(|name| format!("Cargo.lock: {name} is kept out by deny.toml"))
        .collect()
}

fn lock() -> Table {
    text("Cargo.lock").parse().unwrap()
}

fn deny() -> Table {
    text("deny.toml").parse().unwrap()
}

#[test]
fn no_crate_is_built_twice_without_a_reason() {
    assert_clean(duplicates(&lock(), &deny()));
}

#[test]
fn every_crate_comes_from_the_ordinary_registry() {
    assert_clean(foreign_sources(&lock()));
}

#[test]
fn what_is_kept_out_stays_out() {
    assert_clean(banned(&lock(), &deny()));
}

#[test]
fn a_duplicate_a_git_source_and_a_banned_crate_are_found() {
    let lock: Table = "
        [[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+one\"
        [[package]]\nname = \"a\"\nversion = \"2.0.0\"\nsource = \"registry+two\"
        [[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"git+somewhere\"
        [[package]]\nname = \"c\"\nversion = \"1.0.0\"
        [[package]]\nname = \"c\"\nversion = \"1.1.0\"
    "
    .parse()
    .unwrap();
    let deny: Table = "[bans]\ndeny = [{ crate = \"b\" }]\nskip = [{ crate = \"c\" }]".parse().unwrap();
    assert_eq!(
        duplicates(&lock, &deny),
        ["Cargo.lock: a in versions {\"1.0.0\", \"2.0.0\"}; deny.toml does not know why"]
    );
    assert_eq!(
        foreign_sources(&lock),
        ["Cargo.lock: a second registry, registry+two", "Cargo.lock: b comes from git+somewhere"]
    );
    assert_eq!(banned(&lock, &deny), ["Cargo.lock: b is kept out by deny.toml"]);
}

/// Without `[lints] workspace = true` a crate is checked by nothing and nobody notices.
fn obeys_workspace(manifest: &Table) -> bool {
    let lints = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
    let edition = manifest["package"].get("edition").and_then(|edition| edition.get("workspace"));
    lints == Some(true) && edition.and_then(toml::Value::as_bool) == Some(true)
}

#[test]
fn every_crate_obeys_the_workspace() {
    let root: Table = text("Cargo.toml").parse().unwrap();
    for member in root["workspace"]["members"].as_array().unwrap() {
        let path = format!("{}/Cargo.toml", member.as_str().unwrap());
        assert!(obeys_workspace(&text(&path).parse().unwrap()), "{path}: lints and edition come from the workspace");
    }
}

#[test]
fn a_crate_with_its_own_rules_is_found() {
    let manifest = |text: &str| text.parse::<Table>().unwrap();
    assert!(obeys_workspace(&manifest("[package]\nedition.workspace = true\n[lints]\nworkspace = true")));
    assert!(!obeys_workspace(&manifest("[package]\nedition.workspace = true")));
    assert!(!obeys_workspace(&manifest("[package]\nedition = \"2021\"\n[lints]\nworkspace = true")));
}

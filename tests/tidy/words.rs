//! Names and sizes: small files with plain nouns.

use super::lexer::identifier_at;
use super::workspace::{Workspace, assert_clean, planted, read};

const LINES_MAX: usize = 400;

fn long_files(workspace: &Workspace) -> Vec<String> {
    workspace
        .sources
        .iter()
        .map(|source| (source, source.text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(source, lines)| format!("{}: {lines} lines, {LINES_MAX} at most", source.path))
        .collect()
}

#[test]
fn files_are_short() {
    assert_clean(long_files(&read()));
}

#[test]
fn a_long_file_is_found() {
    let workspace = planted(&[("api/src/a.rs", &"\n".repeat(401)), ("api/src/b.rs", &"\n".repeat(400))]);
    assert_eq!(long_files(&workspace), ["api/src/a.rs: 401 lines, 400 at most"]);
}

/// Names under which anything fits, so that everything ends up there.
const VAGUE_FILES: [&str; 6] = ["util", "utils", "helper", "helpers", "misc", "stuff"];

fn vague_files(workspace: &Workspace) -> Vec<String> {
    workspace
        .paths
        .iter()
        .filter(|path| path.split('/').any(|part| VAGUE_FILES.contains(&part.strip_suffix(".rs").unwrap_or(part))))
        .map(|path| format!("{path}: name the concept"))
        .collect()
}

#[test]
fn files_are_named_after_what_is_in_them() {
    assert_clean(vague_files(&read()));
}

#[test]
fn a_vague_file_is_found() {
    let workspace =
        planted(&[("api/src/utils.rs", ""), ("engine/src/helpers/a.rs", ""), ("api/src/utilisation.rs", "")]);
    assert_eq!(
        vague_files(&workspace),
        ["api/src/utils.rs: name the concept", "engine/src/helpers/a.rs: name the concept"]
    );
}

const VAGUE_TYPES: [&str; 6] = ["Manager", "Helper", "Util", "Utils", "Processor", "Impl"];

fn vague_types(workspace: &Workspace) -> Vec<String> {
    workspace
        .sources
        .iter()
        .flat_map(|source| {
            ["struct ", "enum ", "trait ", "type "].into_iter().flat_map(move |keyword| {
                source.words(keyword.trim_end()).filter_map(move |at| {
                    let name = identifier_at(&source.code, at + keyword.len());
                    VAGUE_TYPES
                        .iter()
                        .any(|vague| name.ends_with(vague))
                        .then(|| format!("{}: {name} says what it is not", source.place(at)))
                })
            })
        })
        .collect()
}

#[test]
fn types_are_nouns_of_the_domain() {
    assert_clean(vague_types(&read()));
}

#[test]
fn a_vague_type_is_found() {
    let workspace =
        planted(&[("api/src/a.rs", "pub struct HoldManager; enum Utility {} trait StoreHelper {} // struct AManager")]);
    assert_eq!(
        vague_types(&workspace),
        ["api/src/a.rs:1: HoldManager says what it is not", "api/src/a.rs:1: StoreHelper says what it is not"]
    );
}

/// Spelled in halves, so that this file does not find itself.
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("HA", "CK")];

/// A mark of unfinished work without the issue that will finish it: `(#12)` right behind the word.
fn unfinished(workspace: &Workspace) -> Vec<String> {
    workspace
        .sources
        .iter()
        .flat_map(|source| {
            UNFINISHED.iter().flat_map(move |word| {
                source.text.match_indices(word).filter_map(move |(at, _)| {
                    let whole = !source.text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
                    let rest = &source.text[at + word.len()..];
                    let marks = !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
                    let has_issue = rest.starts_with("(#");
                    (whole && marks && !has_issue).then(|| format!("{}: {word} without an issue", source.place(at)))
                })
            })
        })
        .collect()
}

#[test]
fn unfinished_work_names_its_issue() {
    assert_clean(unfinished(&read()));
}

#[test]
fn unfinished_work_without_an_issue_is_found() {
    let word = UNFINISHED[0];
    let workspace = planted(&[("api/src/a.rs", &format!("// {word}: later\n// {word}(#12): then\nfn a{word}() {{}}"))]);
    assert_eq!(unfinished(&workspace), [format!("api/src/a.rs:1: {word} without an issue")]);
}

/// `expect` complains when its reason is gone; its older sister stays for ever.
fn silenced(workspace: &Workspace) -> Vec<String> {
    workspace
        .sources
        .iter()
        .flat_map(|source| {
            ["#[allow(", "#![allow("].into_iter().flat_map(move |attribute| {
                source
                    .code
                    .match_indices(attribute)
                    .map(move |(at, _)| format!("{}: #[expect(…, reason)] instead", source.place(at)))
            })
        })
        .collect()
}

#[test]
fn lints_are_expected_not_silenced() {
    assert_clean(silenced(&read()));
}

#[test]
fn a_silenced_lint_is_found() {
    let workspace =
        planted(&[("api/src/a.rs", "#[allow(dead_code)]\nfn f() {}\n#[expect(dead_code, reason = \"r\")]\nfn g() {}")]);
    assert_eq!(silenced(&workspace), ["api/src/a.rs:1: #[expect(…, reason)] instead"]);
}

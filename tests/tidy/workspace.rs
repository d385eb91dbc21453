//! What the rules look at: every file of the workspace that is text and ours.

use std::fs;
use std::path::{Path, PathBuf};

use super::lexer::{Literal, Source};

pub struct Workspace {
    /// Rust files, by path from the root with forward slashes.
    pub sources: Vec<Source>,
    /// Paths of every file, Rust or not.
    pub paths: Vec<String>,
}

const SKIPPED: [&str; 4] = ["target", ".git", "usher-data", "loadgen-report"];

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub fn read() -> Workspace {
    let mut paths = Vec::new();
    walk(&root(), "", &mut paths);
    paths.sort_unstable();
    let sources =
        paths.iter().filter(|path| path.ends_with(".rs")).map(|path| Source::new(path, &text(path))).collect();
    Workspace { sources, paths }
}

/// The text of a file of the workspace.
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|problem| panic!("{path}: {problem}"))
}

fn walk(directory: &Path, prefix: &str, paths: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        if !entry.file_type().unwrap().is_dir() {
            paths.push(path);
        } else if !SKIPPED.contains(&name.as_str()) {
            walk(&entry.path(), &format!("{path}/"), paths);
        }
    }
}

impl Workspace {
    /// Sources of the server and its tools without their tests, in the given directories.
    pub fn production<'a>(&'a self, directories: &'a [&str]) -> impl Iterator<Item = &'a Source> {
        self.sources.iter().filter(|source| {
            directories.iter().any(|directory| source.path.starts_with(&format!("{directory}/src/")))
                && !source.is_test()
        })
    }

    /// String literals of the same sources.
    pub fn literals<'a>(&'a self, directories: &'a [&str]) -> impl Iterator<Item = (&'a Source, &'a Literal)> {
        self.production(directories).flat_map(|source| {
            source.strings.iter().filter(|literal| !source.in_test(literal.at)).map(move |literal| (source, literal))
        })
    }
}

/// Fails with every violation at once, one a line.
#[track_caller]
pub fn assert_clean(violations: Vec<String>) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// For the tests of rules: a workspace of the given files alone.
pub fn planted(files: &[(&str, &str)]) -> Workspace {
    Workspace {
        sources: files
            .iter()
            .filter(|(path, _)| path.ends_with(".rs"))
            .map(|(path, text)| Source::new(path, text))
            .collect(),
        paths: files.iter().map(|(path, _)| (*path).to_owned()).collect(),
    }
}

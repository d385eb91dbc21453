//! `cargo xtask test`: every suite, on real services, with the binaries the end-to-end suites start.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::services::Services;
use crate::{openid_provider, redis, schemathesis, terminal, workspace};

/// Read by the tests that have a size of their own for it.
const FULL_SIZE: &str = "USHER_TEST_FULL";

pub fn run(args: &[String]) -> Result<()> {
    run_on(&mut Services::for_tests()?, args)
}

pub fn run_on(services: &mut Services, args: &[String]) -> Result<()> {
    // The same targets in the same profile as the runner will ask for, so that nothing is compiled twice.
    services.run("the build", &mut workspace::cargo(&["build", "--workspace", "--lib", "--bins", "--tests"]))?;
    let server = workspace::built_binary("usher")?;
    let loadgen = workspace::built_binary("usher-loadgen")?;
    let fuzzer = schemathesis::installed()?;
    let redis = redis::installed()?;
    let openid = openid_provider::installed()?;
    let with_binaries = |mut command: Command| {
        command.env("USHER_BIN", &server).env("USHER_LOADGEN_BIN", &loadgen).env("USHER_SCHEMATHESIS", &fuzzer);
        command.env("USHER_REDIS_SERVER", &redis).env("USHER_TEST_REQUIRE_REDIS", "1");
        command.env("USHER_OPENID_PYTHON", &openid).env("USHER_TEST_REQUIRE_OPENID", "1");
        command
    };

    if !workspace::has_subcommand("nextest") {
        let command = workspace::cargo(&["test", "--workspace", "--no-fail-fast"]);
        return services.run("cargo test", with_binaries(command).args(args));
    }
    // nextest leaves documentation tests out. They come first, so that its summary is the last thing on the screen.
    let documented = if args.is_empty() { packages_with_doc_tests()? } else { Vec::new() };
    let doc_tests = if documented.is_empty() {
        Ok(())
    } else {
        let mut command = workspace::cargo(&["test", "--doc"]);
        for package in &documented {
            command.args(["--package", package]);
        }
        services.run("documentation tests", &mut command)
    };
    if let Err(problem) = &doc_tests {
        terminal::say(&format!("xtask: {problem:#}"));
    }
    let mut command = workspace::cargo(&["nextest", "run", "--workspace", "--no-fail-fast"]);
    if env::var_os(FULL_SIZE).is_some() {
        command.args(["--profile", "full"]);
    }
    services.run("cargo nextest", with_binaries(command).args(args))?;
    doc_tests
}

/// Packages whose library has a code block in its documentation that is not marked as text.
fn packages_with_doc_tests() -> Result<Vec<String>> {
    let mut packages = Vec::new();
    for entry in fs::read_dir(workspace::root()).context("listing the workspace")? {
        let package = entry?.path();
        let Ok(manifest) = fs::read_to_string(package.join("Cargo.toml")) else { continue };
        let is_library = package.join("src/lib.rs").is_file();
        if is_library && has_doc_test(&package.join("src"))? {
            let name =
                manifest.lines().find_map(|line| line.strip_prefix("name = ")).context("a package has no name")?;
            packages.push(name.trim_matches('"').to_owned());
        }
    }
    packages.sort_unstable();
    Ok(packages)
}

fn has_doc_test(directory: &Path) -> Result<bool> {
    for entry in fs::read_dir(directory).with_context(|| format!("listing {}", directory.display()))? {
        let path = entry?.path();
        let found = if path.is_dir() {
            has_doc_test(&path)?
        } else {
            path.extension().is_some_and(|extension| extension == "rs") && opens_doc_test(&fs::read_to_string(&path)?)
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn opens_doc_test(source: &str) -> bool {
    let mut inside = false;
    source
        .lines()
        .filter_map(|line| {
            let line = line.trim_start();
            line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))
        })
        .filter_map(|line| line.trim().strip_prefix("```"))
        .any(|language| {
            inside = !inside;
            inside && ["", "rust", "no_run", "should_panic", "compile_fail"].contains(&language.trim())
        })
}

#[cfg(test)]
mod tests {
    use super::opens_doc_test;

    #[test]
    fn only_a_block_of_rust_is_a_doc_test() {
        assert!(opens_doc_test("/// Adds.\n/// ```\n/// assert_eq!(1 + 1, 2);\n/// ```\n"));
        assert!(!opens_doc_test("/// ```text\n/// A-12-7\n/// ```\nfn f() {}\n"));
        assert!(!opens_doc_test("let fence = \"```\";\n"));
    }
}

//! The served OpenAPI document against the server that serves it: schemathesis calls every operation with what the document
//! allows and with what it does not, as several callers, about objects that exist and about others. No answer may be a server
//! error, or one that is not written down.
//!
//! `cargo xtask test` installs the program and names it in `USHER_SCHEMATHESIS`; elsewhere it is looked for in
//! `target/schemathesis`. Without it the test fails.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use usher_tests::server::{Session, TestServer};

use crate::access::ids::Ids;
use crate::access::matrix::Document;
use crate::access::rules::{RUNS, SIGNED_IN, Who};
use crate::access::scene::World;

const REQUESTS_MIN: u64 = 20_000;
/// Of fuzzing and of walking along links, which take what they get; the other phases run to their end.
const SECONDS: &str = "70";
const SEED: &str = "20261121";
/// These end the login that asks: they are called as somebody who does nothing else.
const ENDS_LOGIN: &str = "/auth/logout|/me/sessions";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
                      response_headers_conformance";

fn program() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/schemathesis/bin/st");
    let program = std::env::var_os("USHER_SCHEMATHESIS").map_or(beside, PathBuf::from);
    assert!(program.is_file(), "{} is not there: `cargo xtask test` installs it", program.display());
    program
}

/// A server, and its document with ids of objects that it has.
struct Target<'a> {
    server: &'a TestServer,
    document: PathBuf,
    _directory: TempDir,
}

impl<'a> Target<'a> {
    async fn new(server: &'a TestServer, ids: &Ids) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("openapi.json");
        let mut document = Document::of(server).await.whole;
        let named = with_ids(&mut document, ids);
        assert!(named > 80, "only {named} parameters have an example");
        std::fs::write(&path, document.to_string()).unwrap();
        Self { server, document: path, _directory: directory }
    }
}

/// Gives parameters of paths the scene's ids for an example, but for calls that would end what others are about. How many.
fn with_ids(document: &mut Value, ids: &Ids) -> usize {
    let mut named = 0;
    for (path, item) in document["paths"].as_object_mut().expect("paths") {
        let filled = ids.path(path);
        let filled: Vec<&str> = filled.split('?').next().unwrap_or_default().split('/').collect();
        let ends = |method: &str| method == "delete" || path.ends_with("/cancel");
        for (_, operation) in item.as_object_mut().expect("operations").iter_mut().filter(|(method, _)| !ends(method)) {
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
            for parameter in parameters.filter(|parameter| parameter["in"] == "path") {
                let placeholder = format!("{{{}}}", parameter["name"].as_str().expect("a name"));
                let at = path.split('/').position(|segment| segment == placeholder);
                if let Some(id) = at.and_then(|at| filled.get(at)) {
                    parameter["example"] = json!(id);
                    named += 1;
                }
            }
        }
    }
    named
}

/// How many requests it sent.
async fn run(target: &Target<'_>, caller: Option<&Session>, args: &[&str]) -> u64 {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(program());
    command
        .arg("run")
        .arg(&target.document)
        .args(["--url", &target.server.url("")])
        .args(["--checks", CHECKS, "--seed", SEED, "--generation-database", "none", "--continue-on-failure"])
        .args(["--no-color", "--warnings", "off", "--suppress-health-check", "all"])
        .args(args)
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if let Some(caller) = caller {
        command.args(["--header", &format!("Authorization: Bearer {}", caller.access_token)]);
    }
    let output = command.output().await.expect("schemathesis runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let caller = caller.map_or("nobody", |caller| caller.email.as_str());
    assert!(output.status.success(), "as {caller}, {args:?}:\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let generated = text.lines().find_map(|line| line.trim().split_once(" generated"));
    generated.and_then(|(count, _)| count.replace(',', "").parse().ok()).unwrap_or_else(|| panic!("no count: {text}"))
}

const EVERYTHING: [&str; 2] = ["--phases", "examples,coverage"];
const AT_RANDOM: [&str; 6] = ["--phases", "fuzzing,stateful", "--max-examples", "500", "--max-time", SECONDS];
const OTHERS: [&str; 2] = ["--exclude-path-regex", ENDS_LOGIN];

/// Two at once: generating takes more time than answering.
async fn as_somebody(target: &Target<'_>, caller: &Session) -> u64 {
    let (everything, at_random) = ([EVERYTHING.as_slice(), &OTHERS].concat(), [AT_RANDOM.as_slice(), &OTHERS].concat());
    let (all, random) = tokio::join!(run(target, Some(caller), &everything), run(target, Some(caller), &at_random));
    target.server.get(Some(caller), "/me").await.expect(200);
    all + random
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_answered_with_a_server_error_or_with_what_is_not_written_down() {
    let server = TestServer::start().await;
    let world = World::on(&server).await;
    let scene = world.on_sale().await;
    let target = Target::new(&server, &scene.ids).await;
    let organizer = world.session(&scene, RUNS, Who::Right).unwrap();
    let mut sent = as_somebody(&target, organizer).await;
    sent += as_admin().await;

    let buyer = world.session(&scene, SIGNED_IN, Who::Right).unwrap();
    let leaver = server.attendee().await;
    let as_others = [EVERYTHING.as_slice(), &OTHERS].concat();
    let ends = [EVERYTHING.as_slice(), &["--include-path-regex", ENDS_LOGIN]].concat();
    let (buyers, nobodies, leavers) = tokio::join!(
        run(&target, Some(buyer), &as_others),
        run(&target, None, &EVERYTHING),
        run(&target, Some(&leaver), &ends),
    );
    sent += buyers + nobodies + leavers;
    server.stop().await;
    assert!(sent >= REQUESTS_MIN, "only {sent} requests were sent");
}

async fn as_admin() -> u64 {
    let server = match TestServer::start_on_postgres().await {
        Some(server) => server,
        None => TestServer::start().await,
    };
    let world = World::on(&server).await;
    let scene = world.on_sale().await;
    let target = Target::new(&server, &scene.ids).await;
    let sent = as_somebody(&target, &world.admin).await;
    server.stop().await;
    sent
}

//! The served OpenAPI document against the server that serves it: schemathesis calls every operation with what the document
//! allows and with what it does not, as several callers. No answer may be a server error, or one that is not written down.
//!
//! `cargo xtask test` installs the program and names it in `USHER_SCHEMATHESIS`; elsewhere it is looked for in
//! `target/schemathesis`. Without it the test fails.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;
use usher_tests::server::{Session, TestServer};

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

/// How many requests it sent.
async fn run(server: &TestServer, caller: Option<&Session>, args: &[&str]) -> u64 {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(program());
    command
        .arg("run")
        .arg(server.url("/api/docs/openapi.json"))
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
async fn as_somebody(server: &TestServer, caller: &Session) -> u64 {
    let (everything, at_random) = ([EVERYTHING.as_slice(), &OTHERS].concat(), [AT_RANDOM.as_slice(), &OTHERS].concat());
    let (all, random) = tokio::join!(run(server, Some(caller), &everything), run(server, Some(caller), &at_random));
    server.get(Some(caller), "/me").await.expect(200);
    all + random
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_answered_with_a_server_error_or_with_what_is_not_written_down() {
    let server = TestServer::start().await;
    let (organizer, attendee, leaver) = (server.organizer().await, server.attendee().await, server.attendee().await);
    let mut sent = as_somebody(&server, &organizer).await;
    let admins = match TestServer::start_on_postgres().await {
        Some(server) => server,
        None => TestServer::start().await,
    };
    sent += as_somebody(&admins, &admins.admin().await).await;
    admins.stop().await;

    let as_others = [EVERYTHING.as_slice(), &OTHERS].concat();
    let ends = [EVERYTHING.as_slice(), &["--include-path-regex", ENDS_LOGIN]].concat();
    let (attendees, nobodies, leavers) = tokio::join!(
        run(&server, Some(&attendee), &as_others),
        run(&server, None, &EVERYTHING),
        run(&server, Some(&leaver), &ends),
    );
    sent += attendees + nobodies + leavers;
    server.stop().await;
    assert!(sent >= REQUESTS_MIN, "only {sent} requests were sent");
}

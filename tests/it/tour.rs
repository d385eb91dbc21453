//! README's tour, copied verbatim, on a fresh server: the real binary, with the password that it prints.

use std::path::Path;
use std::process::Command;

use usher_tests::process::{ServerProcess, password_of};

/// The shell block under the heading.
fn tour() -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(readme).expect("README.md");
    let section = readme.split("\n## Five-minute tour\n").nth(1).expect("README.md has a tour");
    let block = section.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
    block.expect("the tour has a shell block").to_owned()
}

#[test]
fn the_tour_of_the_readme_works_as_printed() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = ServerProcess::new(vec![("USHER_DATA_DIR", directory.path().join("data").display().to_string())])
        .logging_to(&directory.path().join("log"));
    let printed = server.start_and_read();
    let admin_password = password_of("admin", &printed).expect("the first start prints the administrator's password");
    let walked = Command::new("bash")
        .args(["-eu", "-o", "pipefail", "-c", &tour()])
        .current_dir(directory.path())
        .env("USHER_URL", server.url())
        .env("USHER_ADMIN_PASSWORD", admin_password)
        .env("no_proxy", "*")
        .output()
        .expect("bash runs");
    let (told, complaints) = (String::from_utf8_lossy(&walked.stdout), String::from_utf8_lossy(&walked.stderr));
    assert!(walked.status.success(), "{told}\n{complaints}");
    for expected in ["'free': 25000", r#""result":"admitted""#, r#""reason":"already_redeemed""#] {
        assert!(told.contains(expected), "{expected} is missing:\n{told}\n{complaints}");
    }
    let admitted = told.find("admitted").zip(told.find("already_redeemed"));
    assert!(admitted.is_some_and(|(first, second)| first < second), "{told}");
    let picture = std::fs::read_to_string(directory.path().join("ticket.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.ends_with("</svg>"));
}

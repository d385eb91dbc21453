//! README's tour, copied verbatim, on a fresh server: the real binary, with the password that it prints.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const START_TIMEOUT: Duration = Duration::from_secs(60);

struct Server {
    process: Child,
    url: String,
    admin_password: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `USHER_BIN`, or the binary that was built beside this test.
fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("USHER_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test knows its own path");
    let beside = test.parent().and_then(Path::parent).expect("a target directory").join("usher");
    assert!(beside.exists(), "{} is not built: run `cargo build` first, or set USHER_BIN", beside.display());
    beside
}

fn start(data_dir: &Path) -> Server {
    let mut process = Command::new(binary())
        .args(["--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data_dir)
        .env_remove("USHER_ADMIN_PASSWORD")
        .env_remove("USHER_ADMIN_EMAIL")
        .env_remove("USHER_DATABASE_URL")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server's binary runs");
    let stdout = BufReader::new(process.stdout.take().expect("its output is piped"));
    let (lines, heard) = mpsc::sync_channel(1_000);
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            // The test hears no more once it has what it needs; the pipe must be emptied all the same.
            let _ = lines.try_send(line);
        }
    });
    let mut server = Server { process, url: String::new(), admin_password: String::new() };
    while server.url.is_empty() {
        let line = heard.recv_timeout(START_TIMEOUT).expect("the server says where it listens");
        if let Some(password) = line.strip_prefix("first start: admin admin@usher.local password ") {
            password.clone_into(&mut server.admin_password);
        }
        if let Some(url) = line.strip_prefix("listening on ") {
            url.clone_into(&mut server.url);
        }
    }
    server
}

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
    let server = start(&directory.path().join("data"));
    assert!(!server.admin_password.is_empty(), "the first start prints the administrator's password");
    let walked = Command::new("bash")
        .args(["-eu", "-o", "pipefail", "-c", &tour()])
        .current_dir(directory.path())
        .env("USHER_URL", &server.url)
        .env("USHER_ADMIN_PASSWORD", &server.admin_password)
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

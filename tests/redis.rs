//! Redis for tests: each starts a server of its own, on a socket in a directory of its own, and may stop it whenever it
//! likes. `USHER_REDIS_SERVER` names the program.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PROGRAM: &str = "USHER_REDIS_SERVER";
/// Set to `1` where a skipped test must be a failed one.
const REQUIRED: &str = "USHER_TEST_REQUIRE_REDIS";

/// Killed with its value.
pub struct Redis {
    directory: TempDir,
    process: Option<Child>,
}

impl Redis {
    /// `None`, said loudly, when there is none to test with.
    ///
    /// # Panics
    /// When there must be one and is none, or when it does not start.
    pub fn start() -> Option<Self> {
        if std::env::var_os(PROGRAM).is_none() {
            assert!(std::env::var(REQUIRED).as_deref() != Ok("1"), "{REQUIRED} is 1, but {PROGRAM} is not set");
            shout_skipped();
            return None;
        }
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let mut redis = Self { directory, process: None };
        redis.resume();
        Some(redis)
    }

    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    fn socket(&self) -> std::path::PathBuf {
        self.directory.path().join("redis.sock")
    }

    /// Empty, as nothing of it is ever on a disk.
    ///
    /// # Panics
    /// When it does not start.
    pub fn resume(&mut self) {
        let program = std::env::var_os(PROGRAM).expect("the program was named before");
        let process = Command::new(program)
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(self.socket())
            .arg("--dir")
            .arg(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("Redis starts");
        self.process = Some(process);
        let deadline = Instant::now() + Duration::from_secs(10);
        while std::os::unix::net::UnixStream::connect(self.socket()).is_err() {
            assert!(Instant::now() < deadline, "Redis does not answer");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// As when its machine is gone.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().and_then(|()| process.wait()).expect("Redis can be killed");
            // The socket's file stays behind a killed server.
            std::fs::remove_file(self.socket()).expect("its socket can be removed");
        }
    }

    /// Takes connections and answers nothing, until [`Self::thaw`].
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.process.as_ref().expect("Redis runs").id();
        let sent = Command::new("sh").args(["-c", &format!("kill -s {name} {id}")]).status();
        assert!(sent.is_ok_and(|status| status.success()), "Redis gets its signal");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Gone already, perhaps.
            let _ = process.kill().and_then(|()| process.wait());
        }
    }
}

#[expect(clippy::disallowed_macros, reason = "a skipped test is said on the terminal")]
fn shout_skipped() {
    eprintln!("SKIPPED: set {PROGRAM} to the program of a Redis server to run this test with one");
}

//! The real binaries, started as a user starts them. `USHER_BIN` and `USHER_LOADGEN_BIN` name them (`cargo xtask test`
//! sets both); without them the ones beside the test binary are taken.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_DEADLINE: Duration = Duration::from_secs(60);

/// # Panics
/// When the binary was not built.
pub fn binary(variable: &str, name: &str) -> PathBuf {
    let path = std::env::var_os(variable).map_or_else(
        || {
            let test = std::env::current_exe().expect("a test knows its own path");
            test.ancestors().nth(2).expect("tests run from target/<profile>/deps").join(name)
        },
        PathBuf::from,
    );
    assert!(path.is_file(), "{} is not there: build it, or set {variable}", path.display());
    path
}

/// A server process that can be killed and started again on the same address and store.
pub struct ServerProcess {
    address: (Ipv4Addr, u16),
    settings: Vec<(&'static str, String)>,
    child: Option<Child>,
}

impl ServerProcess {
    /// Not started yet.
    ///
    /// # Panics
    /// When no port is free.
    pub fn new(settings: Vec<(&'static str, String)>) -> Self {
        // The port must outlive the process, so it is chosen here and not by the server.
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = free.local_addr().expect("a bound socket has an address").port();
        Self { address: (Ipv4Addr::LOCALHOST, port), settings, child: None }
    }

    pub fn url(&self) -> String {
        format!("http://{}:{}", self.address.0, self.address.1)
    }

    /// Starts the server and waits until it accepts connections.
    ///
    /// # Panics
    /// When it does not within a minute, or ends before.
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "the server is running");
        let child = Command::new(binary("USHER_BIN", "usher"))
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .env("USHER_LISTEN", format!("{}:{}", self.address.0, self.address.1))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server starts");
        let child = self.child.insert(child);
        let deadline = Instant::now() + START_DEADLINE;
        while TcpStream::connect(self.address).is_err() {
            let ended = child.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "the server ended at its start: {ended:?}");
            assert!(Instant::now() < deadline, "the server does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    ///
    /// # Panics
    /// When it is not running.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the server is running");
        child.kill().expect("a child can be killed");
        child.wait().expect("a killed child is reaped");
    }

    /// Runs another verb of the server's binary on the same settings; `true` when it succeeds.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&self, verb: &str) -> bool {
        let mut command = Command::new(binary("USHER_BIN", "usher"));
        command.arg(verb).envs(self.settings.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command.status().expect("the binary runs").success()
    }
}

/// A `usher worker` that can be killed.
pub struct WorkerProcess(Child);

impl WorkerProcess {
    /// # Panics
    /// When it cannot be started.
    pub fn start(settings: &[(&'static str, String)]) -> Self {
        let mut command = Command::new(binary("USHER_BIN", "usher"));
        command.arg("worker").envs(settings.iter().map(|(name, value)| (name, value)));
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the worker starts"))
    }

    /// Asks it to stop and waits; whether it ended well.
    ///
    /// # Panics
    /// When it cannot be asked.
    pub fn stop(mut self) -> bool {
        let asked = Command::new("kill").arg(self.0.id().to_string()).status().expect("kill runs");
        assert!(asked.success());
        self.0.wait().expect("a child is reaped").success()
    }
}

/// SIGKILL, and then it is reaped.
impl Drop for WorkerProcess {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.0.kill().expect("a child can be killed");
            self.0.wait().expect("a killed child is reaped");
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

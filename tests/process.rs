//! The real binaries, started as a user starts them. `USHER_BIN` and `USHER_LOADGEN_BIN` name them (`cargo xtask test`
//! sets both); without them the ones beside the test binary are taken.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const START_DEADLINE: Duration = Duration::from_secs(60);
/// Lines that a server may print before anybody reads them.
const LINES_MAX: usize = 1_000;
/// Settings of whoever runs the tests that would make another server of it.
const NOT_INHERITED: [&str; 4] = ["USHER_ADMIN_EMAIL", "USHER_ADMIN_PASSWORD", "USHER_DATABASE_URL", "USHER_DATA_DIR"];

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
    flags: &'static [&'static str],
    log: Option<PathBuf>,
    child: Option<Child>,
}

fn server_command(settings: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(binary("USHER_BIN", "usher"));
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command.envs(settings.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
    command
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
        Self { address: (Ipv4Addr::LOCALHOST, port), settings, flags: &[], log: None, child: None }
    }

    pub fn url(&self) -> String {
        format!("http://{}:{}", self.address.0, self.address.1)
    }

    /// From the next start on.
    #[must_use]
    pub const fn with_flags(mut self, flags: &'static [&'static str]) -> Self {
        self.flags = flags;
        self
    }

    /// What it logs is added to a file, not said on the terminal.
    #[must_use]
    pub fn logging_to(mut self, file: &Path) -> Self {
        self.log = Some(file.to_owned());
        self
    }

    /// What starts it, for whoever wants to see it end.
    ///
    /// # Panics
    /// When the file of its log cannot be opened.
    pub fn command(&self) -> Command {
        let mut command = server_command(&self.settings);
        command.env("USHER_LISTEN", format!("{}:{}", self.address.0, self.address.1));
        command.args(self.flags).stdout(Stdio::null());
        if let Some(log) = &self.log {
            command.stderr(File::options().create(true).append(true).open(log).expect("a file for the log"));
        }
        command
    }

    /// Starts the server and waits until it accepts connections.
    ///
    /// # Panics
    /// When it does not within a minute, or ends before.
    pub fn start(&mut self) {
        let mut command = self.command();
        self.spawn(&mut command);
        let deadline = Instant::now() + START_DEADLINE;
        while TcpStream::connect(self.address).is_err() {
            let ended = self.child.as_mut().map(|child| child.try_wait().expect("a child can be asked"));
            assert!(ended.flatten().is_none(), "the server ended at its start: {ended:?}");
            assert!(Instant::now() < deadline, "the server does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts the server and waits until it says where it listens; what it has printed until then.
    ///
    /// # Panics
    /// When it does not say so within a minute, or ends before.
    pub fn start_and_read(&mut self) -> Vec<String> {
        let mut command = self.command();
        let stdout = self.spawn(command.stdout(Stdio::piped())).stdout.take().expect("its output is piped");
        let (lines, heard) = mpsc::sync_channel(LINES_MAX);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Nobody hears more once the server listens; the pipe must be emptied all the same.
                let _ = lines.try_send(line);
            }
        });
        let mut printed: Vec<String> = Vec::new();
        while !printed.last().is_some_and(|line| line.starts_with("listening on ")) {
            printed.push(heard.recv_timeout(START_DEADLINE).expect("the server says where it listens"));
        }
        printed
    }

    fn spawn(&mut self, command: &mut Command) -> &mut Child {
        assert!(self.child.is_none(), "the server is running");
        self.child.insert(command.spawn().expect("the server starts"))
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
        server_command(&self.settings).arg(verb).status().expect("the binary runs").success()
    }
}

/// A `usher worker` that can be killed.
pub struct WorkerProcess(Child);

impl WorkerProcess {
    /// # Panics
    /// When it cannot be started.
    pub fn start(settings: &[(&'static str, String)]) -> Self {
        Self(server_command(settings).arg("worker").stdout(Stdio::null()).spawn().expect("the worker starts"))
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

/// What a first start has printed as the password of the account with this role.
pub fn password_of<'a>(role: &str, printed: &'a [String]) -> Option<&'a str> {
    let start = format!("first start: {role} ");
    let line = printed.iter().rev().find_map(|line| line.strip_prefix(&start))?;
    line.split_once(" password ").map(|(_, password)| password)
}

//! An S3 server of our own: moto, from PyPI, in a virtual environment below the target directory. It keeps everything in
//! memory and ends with the pipe to its stdin.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::{python, terminal};

/// Pinned, because a test that fails should fail by a change of ours.
const PACKAGES: [&str; 3] = ["moto[s3]==5.2.5", "flask==3.1.2", "flask-cors==6.0.1"];

/// Picks its port itself, so that nobody can be faster, and says it.
const PROGRAM: &str = "\
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger('werkzeug').disabled = True
server = ThreadedMotoServer('127.0.0.1', 0, verbose=False)
server.start()
print('http://%s:%d' % server.get_host_and_port(), flush=True)
sys.stdin.read()
";

const BY_HAND: &str = "install Python 3 with venv (Debian: apt-get install python3-venv) or set TEST_S3_URL";

pub struct ObjectStorage {
    process: Child,
    url: String,
}

impl ObjectStorage {
    pub fn start() -> Result<ObjectStorage> {
        let python = python::environment("object-storage", &PACKAGES, BY_HAND)?;
        let mut process = Command::new(python)
            .args(["-c", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the S3 server")?;
        let output = process.stdout.take().context("the S3 server has no stdout")?;
        let mut storage = ObjectStorage { process, url: String::new() };
        // No deadline: it says its address or ends.
        BufReader::new(output).read_line(&mut storage.url).context("reading the address of the S3 server")?;
        storage.url.truncate(storage.url.trim_end().len());
        ensure!(storage.url.starts_with("http://"), "the S3 server did not start");
        Ok(storage)
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for ObjectStorage {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        if let Err(problem) = self.process.kill().and_then(|()| self.process.wait()) {
            terminal::say(&format!("xtask: the S3 server could not be stopped: {problem}"));
        }
    }
}

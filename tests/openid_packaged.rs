//! A provider of OpenID Connect that others have written: `oidc-provider-mock` from PyPI, on authlib. That of [`crate::openid`]
//! lies on demand; this one shows that signing in works with somebody else's reading of the specification.
//! `USHER_OPENID_PYTHON` names an interpreter that has it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = "USHER_OPENID_PYTHON";
/// Set to `1` where a skipped test must be a failed one.
const REQUIRED: &str = "USHER_TEST_REQUIRE_OPENID";

/// Whom it knows: the form of its page is answered with this name.
pub const SUBJECT: &str = "ada-1";
pub const EMAIL: &str = "ada@example.org";

/// Picks its port itself, so that nobody can be faster, and says it. Ends with its stdin.
const SCRIPT: &str = "\
import logging, sys, warnings
warnings.simplefilter('ignore')
from oidc_provider_mock import User, run_server_in_thread
logging.getLogger('werkzeug').disabled = True
claims = {'email': sys.argv[2], 'email_verified': True, 'name': 'Ada Lovelace'}
with run_server_in_thread(user_claims=[User(sub=sys.argv[1], claims=claims)]) as server:
    print('http://localhost:%d' % server.server_port, flush=True)
    sys.stdin.read()
";

/// Stops with its value.
pub struct PackagedProvider {
    process: Child,
    issuer: String,
}

impl PackagedProvider {
    /// `None`, said loudly, when there is none to test with.
    ///
    /// # Panics
    /// When there must be one and is none, or when it does not start.
    pub fn start() -> Option<Self> {
        let Some(python) = std::env::var_os(PROGRAM) else {
            assert!(std::env::var(REQUIRED).as_deref() != Ok("1"), "{REQUIRED} is 1, but {PROGRAM} is not set");
            shout_skipped();
            return None;
        };
        let mut process = Command::new(python)
            .args(["-c", SCRIPT, SUBJECT, EMAIL])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python starts");
        let output = process.stdout.take().expect("its stdout is a pipe");
        let mut provider = Self { process, issuer: String::new() };
        // No deadline: it says its address or ends.
        BufReader::new(output).read_line(&mut provider.issuer).expect("it says its address");
        provider.issuer.truncate(provider.issuer.trim_end().len());
        assert!(provider.issuer.starts_with("http://"), "the provider does not start");
        Some(provider)
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl Drop for PackagedProvider {
    fn drop(&mut self) {
        // Gone already, perhaps.
        let _ = self.process.kill().and_then(|()| self.process.wait());
    }
}

#[expect(clippy::disallowed_macros, reason = "a skipped test is said on the terminal")]
fn shout_skipped() {
    eprintln!("SKIPPED: set {PROGRAM} to a Python that has oidc-provider-mock to run this test with it");
}

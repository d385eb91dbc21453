//! What the user of the command line sees. The only place that prints; all else is logged.
//!
//! A reader who has gone (`usher config | head`) is no failure: what he does not want to read is dropped.

use std::io::Write;
use std::net::SocketAddr;

use crate::config::Setting;

/// Scripts read this line.
pub fn listening(address: SocketAddr) {
    line(&format!("listening on http://{address}"));
}

/// The password of an account made at the first start, shown this once.
///
/// # Errors
/// It was not written: nobody would ever know it.
pub fn password(role: &str, email: &str, password: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "first start: {role} {email} password {password}")?;
    stdout.flush()
}

pub fn settings(settings: &[Setting]) {
    let width = settings.iter().map(|setting| setting.key.len()).max().unwrap_or(0);
    for setting in settings {
        line(&format!("{:width$}  {:40}  ({})", setting.key, setting.value, setting.source.name()));
    }
}

pub fn line(text: &str) {
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}

pub fn failure(error: &anyhow::Error) {
    drop(writeln!(std::io::stderr().lock(), "usher: {error:#}"));
}

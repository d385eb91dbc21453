//! What the user of the command line sees. The only place that prints; all else is logged.

use std::net::SocketAddr;

use crate::config::Setting;

/// Scripts read this line.
#[expect(clippy::disallowed_macros, reason = "the terminal's own module")]
pub fn listening(address: SocketAddr) {
    println!("listening on http://{address}");
}

/// The password of an account made at the first start, shown this once.
#[expect(clippy::disallowed_macros, reason = "the terminal's own module")]
pub fn password(role: &str, email: &str, password: &str) {
    println!("first start: {role} {email} password {password}");
}

#[expect(clippy::disallowed_macros, reason = "the terminal's own module")]
pub fn settings(settings: &[Setting]) {
    let width = settings.iter().map(|setting| setting.key.len()).max().unwrap_or(0);
    for setting in settings {
        println!("{:width$}  {:40}  ({})", setting.key, setting.value, setting.source.name());
    }
}

#[expect(clippy::disallowed_macros, reason = "the terminal's own module")]
pub fn line(text: &str) {
    println!("{text}");
}

#[expect(clippy::disallowed_macros, reason = "the terminal's own module")]
pub fn failure(error: &anyhow::Error) {
    eprintln!("usher: {error:#}");
}

//! The one place that writes to the terminal. Writing must not fail a run: the keeper outlives a terminal that was closed.

use std::io::Write as _;

/// Results, for a reader or a pipe.
pub fn print(text: &str) {
    // A closed terminal is no reason to stop cleaning up.
    let _closed = writeln!(std::io::stdout(), "{text}").and_then(|()| std::io::stdout().flush());
}

/// Progress and problems.
pub fn say(text: &str) {
    let _closed = writeln!(std::io::stderr(), "{text}");
}

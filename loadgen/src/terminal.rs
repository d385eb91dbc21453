//! The only place that writes to the terminal: progress on stderr while it runs, results on stdout.

use std::io::{self, Write};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::measure::Measurements;

const BAR: &str = "{prefix:>9} {wide_bar:.cyan} {pos}/{len} {msg}";

/// One bar, of one stage after another. Quiet: nothing.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(8) };
        let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(0), target).with_style(style);
        Self { bar }
    }

    pub fn begin(&self, stage: &'static str, steps: u64) {
        self.bar.reset();
        self.bar.set_length(steps);
        self.bar.set_prefix(stage);
        self.bar.set_message("");
    }

    pub fn step(&self) {
        self.bar.inc(1);
    }

    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Shows where a sale stands. `passed` is the time since the last call, `arrived` all buyers so far.
    pub fn sale(&self, arrived: u64, rate: f64, measured: &Measurements) {
        self.bar.set_position(arrived);
        self.bar.set_message(format!(
            "{rate:.0}/s  held {}  sold {}  hold p99 {:.1?}  errors {}",
            measured.held.load(Relaxed),
            measured.sold.load(Relaxed),
            Duration::from_micros(measured.hold_p99_us()),
            measured.errors.load(Relaxed),
        ));
    }
}

/// A reader that has gone away, such as `head`, has seen what it wanted.
pub fn result(text: &str) {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => failure(&format!("writing the result: {error}")),
        Ok(()) | Err(_) => {}
    }
}

#[expect(clippy::disallowed_macros, reason = "the terminal's own module")]
pub fn failure(text: &str) {
    eprintln!("{text}");
}

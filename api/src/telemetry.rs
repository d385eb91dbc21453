use std::io::IsTerminal;

use thiserror::Error;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::util::TryInitError;

use crate::config::{LogFormat, Logs};

#[derive(Debug, Error)]
pub enum TelemetryError {
    #[error("setting `log_filter` is not a filter")]
    Filter(#[source] ParseError),
    #[error("logging is set up already")]
    Installed(#[source] TryInitError),
}

/// Logs go to standard error: standard output is for what the user asked to see.
///
/// # Errors
/// A filter that cannot be read, or a second call.
pub fn install(logs: &Logs) -> Result<(), TelemetryError> {
    let filter: Targets = logs.filter.parse().map_err(TelemetryError::Filter)?;
    let is_json = match logs.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let installed = if is_json {
        registry.with(lines.json().flatten_event(true)).try_init()
    } else {
        registry.with(lines.with_target(false)).try_init()
    };
    installed.map_err(TelemetryError::Installed)?;
    log_panics();
    Ok(())
}

fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let text = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(place, "panicked at {place}: {text}");
    }));
}

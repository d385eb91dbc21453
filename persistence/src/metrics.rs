//! Every metric of this crate: its name, labels and the one place that records it.

use std::time::Duration;

/// Seconds of one journal commit, from its own connection being free to the answer. Histogram.
pub const APPEND_SECONDS: &str = "usher_store_append_seconds";
/// Bytes of records in one journal commit. Histogram.
pub const APPEND_BYTES: &str = "usher_store_append_bytes";
/// Batches that a newer owner or a gap refused. Counter.
pub const APPEND_FENCED_TOTAL: &str = "usher_store_append_fenced_total";
/// Commits without a good end, by [`OUTCOME`]. Counter.
pub const APPEND_FAILED_TOTAL: &str = "usher_store_append_failed_total";
/// Connections opened for appends: one at start, one after each failure. Counter.
pub const APPEND_CONNECTED_TOTAL: &str = "usher_store_append_connected_total";

/// Label: `unreachable`, `unknown` or `damaged`.
pub const OUTCOME: &str = "outcome";

pub(crate) fn observe_append(took: Duration, bytes: usize, fenced: usize) {
    metrics::histogram!(APPEND_SECONDS).record(took.as_secs_f64());
    metrics::histogram!(APPEND_BYTES).record(bytes as f64);
    if fenced > 0 {
        metrics::counter!(APPEND_FENCED_TOTAL).increment(fenced as u64);
    }
}

pub(crate) fn count_append_failed(error: &engine::JournalError) {
    let outcome = match error {
        engine::JournalError::Unreachable(_) => "unreachable",
        engine::JournalError::Unknown(_) => "unknown",
        engine::JournalError::OwnedElsewhere(_) => "owned_elsewhere",
        engine::JournalError::Damaged { .. } => "damaged",
    };
    metrics::counter!(APPEND_FAILED_TOTAL, OUTCOME => outcome).increment(1);
}

pub(crate) fn count_append_connected() {
    metrics::counter!(APPEND_CONNECTED_TOTAL).increment(1);
}

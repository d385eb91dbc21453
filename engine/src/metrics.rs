//! Every metric of the engine: its name, its unit and the one function that feeds it.

use std::time::Duration;

pub const COMMIT_SECONDS: &str = "usher_journal_commit_seconds";
pub const COMMIT_RECORDS: &str = "usher_journal_commit_records";
pub const COMMIT_BYTES: &str = "usher_journal_commit_bytes";
pub const COMMIT_EVENTS: &str = "usher_journal_commit_events";
pub const COMMITS_FAILED: &str = "usher_journal_commits_failed_total";
pub const FENCED: &str = "usher_journal_fenced_total";
pub const RENEWALS_FAILED: &str = "usher_lease_renewals_failed_total";
pub const MAILBOX_DELAY_SECONDS: &str = "usher_event_mailbox_delay_seconds";
pub const MAILBOX_MESSAGES: &str = "usher_event_mailbox_messages";
pub const PARKED_REPLIES: &str = "usher_event_parked_replies";
pub const TURN_SECONDS: &str = "usher_event_turn_seconds";
pub const REFUSED_MAILBOX_FULL: &str = "usher_event_mailbox_full_total";
pub const EVENTS_RUNNING: &str = "usher_events_running";
pub const RECOVERIES: &str = "usher_event_recoveries_total";
pub const RECOVERY_SECONDS: &str = "usher_event_recovery_seconds";
pub const RECOVERY_RECORDS: &str = "usher_event_recovery_records";
pub const SNAPSHOTS: &str = "usher_event_snapshots_total";
pub const SNAPSHOT_BYTES: &str = "usher_event_snapshot_bytes";
pub const TAPS_LAGGED: &str = "usher_event_taps_lagged_total";
pub const REPLY_SECONDS: &str = "usher_event_reply_seconds";
pub const PANICS: &str = "usher_event_panics_total";

/// One append, over all events.
pub(crate) fn observe_commit(took: Duration, records: usize, bytes: usize, events: usize) {
    metrics::histogram!(COMMIT_SECONDS).record(took);
    metrics::histogram!(COMMIT_RECORDS).record(records as f64);
    metrics::histogram!(COMMIT_BYTES).record(bytes as f64);
    metrics::histogram!(COMMIT_EVENTS).record(events as f64);
}

pub(crate) fn observe_commit_failed() {
    metrics::counter!(COMMITS_FAILED).increment(1);
}

pub(crate) fn observe_fenced() {
    metrics::counter!(FENCED).increment(1);
}

/// Several in a row, and events stop answering.
pub(crate) fn observe_renewal_failed() {
    metrics::counter!(RENEWALS_FAILED).increment(1);
}

/// From the sending of a tick to its turn: what every command waited at that moment.
pub(crate) fn observe_mailbox_delay(delay: Duration) {
    metrics::histogram!(MAILBOX_DELAY_SECONDS).record(delay);
}

/// The state of one event at one tick.
pub(crate) fn observe_event(mailbox_messages: usize, parked_replies: usize) {
    metrics::histogram!(MAILBOX_MESSAGES).record(mailbox_messages as f64);
    metrics::histogram!(PARKED_REPLIES).record(parked_replies as f64);
}

/// One turn of every [`crate::actor::TURNS_PER_SAMPLE`].
pub(crate) fn observe_turn(took: Duration) {
    metrics::histogram!(TURN_SECONDS).record(took);
}

pub(crate) fn observe_mailbox_full() {
    metrics::counter!(REFUSED_MAILBOX_FULL).increment(1);
}

pub(crate) fn observe_events_running(events: usize) {
    metrics::gauge!(EVENTS_RUNNING).set(events as f64);
}

/// `outcome` is `ok`, `retried`, `owned_elsewhere` or `damaged`.
pub(crate) fn observe_recovery(outcome: &'static str, took: Duration, records: u64) {
    metrics::counter!(RECOVERIES, "outcome" => outcome).increment(1);
    metrics::histogram!(RECOVERY_SECONDS).record(took);
    metrics::histogram!(RECOVERY_RECORDS).record(records as f64);
}

/// `outcome` is `written`, `failed` or `skipped`.
pub(crate) fn observe_snapshot(outcome: &'static str, bytes: usize) {
    metrics::counter!(SNAPSHOTS, "outcome" => outcome).increment(1);
    metrics::histogram!(SNAPSHOT_BYTES).record(bytes as f64);
}

/// A tap was not emptied in time and was closed.
pub(crate) fn observe_tap_lagged() {
    metrics::counter!(TAPS_LAGGED).increment(1);
}

/// From a command's arrival in the mailbox to its durable answer. Not of every command: see
/// [`crate::pace`].
pub(crate) fn observe_reply(took: Duration) {
    metrics::histogram!(REPLY_SECONDS).record(took);
}

/// An actor died of a panic: most likely an invariant that did not hold (one owner per seat, free + held + sold + blocked
/// = capacity). Anything but 0 is a bug.
pub(crate) fn observe_panic() {
    metrics::counter!(PANICS).increment(1);
}

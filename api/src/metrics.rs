//! Every metric of this crate: its name, labels and the one place that records it.

use std::sync::OnceLock;
use std::time::Duration;

use http::StatusCode;
use inventory::EventId;
use metrics::{Counter, Gauge, Histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use persistence::WorkKind;
use wire::AdmissionLimit;

use crate::audit_log::Action;
use crate::rate_limit::Lane;

/// Requests answered, by [`LANE`] and [`STATUS`]. Counter.
pub const REQUESTS_TOTAL: &str = "usher_http_requests_total";
/// Seconds from a request's head to its answer, by [`LANE`]. Histogram.
pub const REQUEST_SECONDS: &str = "usher_http_request_seconds";
/// Connections open now. Gauge.
pub const CONNECTIONS: &str = "usher_http_connections";
/// Connections refused because there were too many. Counter.
pub const CONNECTIONS_REFUSED_TOTAL: &str = "usher_http_connections_refused_total";

/// Entries that the audit log could not keep and that are in the log instead. Counter.
pub const AUDIT_LOST_TOTAL: &str = "usher_audit_lost_total";
/// Refused logins, tokens, accesses and floods, each counted, by [`ACTION`]. Counter.
pub const SECURITY_EVENTS_TOTAL: &str = "usher_security_events_total";

/// Places that a waiting room calls per minute at present, by [`EVENT`]. Gauge.
pub const ADMISSION_RATE: &str = "usher_admission_rate";
/// 1 for what limits admission at present, 0 for all else, by [`EVENT`] and [`REASON`]. Gauge.
pub const ADMISSION_LIMIT: &str = "usher_admission_limit";
/// Seconds within which 99 of 100 commands were answered lately, as admission is steered by it, by [`EVENT`]. Gauge.
pub const ADMISSION_P99_SECONDS: &str = "usher_admission_p99_seconds";
/// Seconds above which it slows down, by [`EVENT`]. Gauge.
pub const ADMISSION_TARGET_SECONDS: &str = "usher_admission_target_seconds";
/// What is left of the organizer's rate by that, from 0.02 to 1, by [`EVENT`]. Gauge.
pub const ADMISSION_SHARE: &str = "usher_admission_share";
/// Places given out in waiting rooms. Counter.
pub const WAITING_PLACES_TOTAL: &str = "usher_waiting_places_total";
/// Seconds in which one batch of joins became durable. Histogram.
pub const JOIN_BATCH_SECONDS: &str = "usher_waiting_join_batch_seconds";
/// Joins in one batch. Histogram.
pub const JOIN_BATCH_JOINS: &str = "usher_waiting_join_batch_joins";

/// Refused scans that came too fast to be written down. Counter.
pub const GATE_REFUSALS_DROPPED_TOTAL: &str = "usher_gate_refusals_dropped_total";

/// What became of mails, by [`RESULT`]. Counter.
pub const MAILS_TOTAL: &str = "usher_mails_total";

/// What became of refunds at providers, by [`RESULT`]. Counter.
pub const PAYMENT_REFUNDS_TOTAL: &str = "usher_payment_refunds_total";
/// Notices of payment providers, by [`RESULT`]. Counter.
pub const PAYMENT_NOTICES_TOTAL: &str = "usher_payment_notices_total";
/// Work of the outbox, by [`RESULT`]: `done`, `deferred` or `failed`. Counter.
pub const OUTBOX_TOTAL: &str = "usher_outbox_total";
/// Attempts to send webhooks, by [`RESULT`]: `delivered`, `deferred` or `failed`. Counter.
pub const WEBHOOKS_TOTAL: &str = "usher_webhooks_total";

/// Work that may be done and that nobody is at, by [`WORK`]. Gauge.
pub const WORK_DUE: &str = "usher_work_due";
/// Seconds since the oldest of that was queued, by [`WORK`]. Gauge.
pub const WORK_OLDEST_SECONDS: &str = "usher_work_oldest_seconds";
/// Work that was given up, by [`WORK`]. Gauge.
pub const WORK_GIVEN_UP: &str = "usher_work_given_up";

/// Pages of events, by [`RESULT`]: `kept` for a moment, `read` from the store, or `bypassed` and read. Counter.
pub const EVENT_PAGES_TOTAL: &str = "usher_event_pages_total";
/// Calls of Redis that failed or took too long. Counter.
pub const REDIS_FAILED_TOTAL: &str = "usher_redis_failed_total";

/// Label: `login`, `booking`, `browsing`, `queue` or `live`.
pub const LANE: &str = "lane";
/// Label: `2xx` (also of a live feed that was opened), `3xx`, `4xx`, `5xx`.
pub const STATUS: &str = "status";
/// Label: `login.failed`, `login.locked`, `refresh.reused`, `token.refused`, `access.denied` or `rate.limited`.
pub const ACTION: &str = "action";
/// Label: the event's id, of active waiting rooms only.
pub const EVENT: &str = "event";
/// Label of mails: `queued`, `sent`, `deferred` (to be tried again) or `failed` (given up); of pages: `kept`, `read` or
/// `bypassed`; of refunds: `done`, `deferred` or `failed`; of notices: `taken`, `repeated`, `foreign` or `refused`.
pub const RESULT: &str = "result";
/// Label: `mails`, `outbox`, `refunds` or `webhooks`.
pub const WORK: &str = "work";
/// Label: `demand`, `rate`, `shoppers`, `latency`, `paused` or `closed`.
pub const REASON: &str = "reason";

const LANES: [(Lane, &str); 5] = [
    (Lane::Login, "login"),
    (Lane::Booking, "booking"),
    (Lane::Browsing, "browsing"),
    (Lane::Queue, "queue"),
    (Lane::Live, "live"),
];
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// Seconds. From a cached read to past every deadline.
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Bytes. From one record to a large event's snapshot, in powers of four.
const BYTES: [f64; 11] = powers_of_four(256.0);
/// Records, events, joins, messages: of a batch, a mailbox, a recovery.
const COUNTS: [f64; 11] = powers_of_four(1.0);

const fn powers_of_four<const N: usize>(first: f64) -> [f64; N] {
    let mut bounds = [first; N];
    let mut ix = 1;
    while ix < N {
        bounds[ix] = bounds[ix - 1] * 4.0;
        ix += 1;
    }
    bounds
}

/// Looked up once: finding a metric by name and labels costs more than counting.
struct Handles {
    requests: [[Counter; CLASSES.len()]; LANES.len()],
    seconds: [Histogram; LANES.len()],
    connections: Gauge,
    refused: Counter,
}

fn handles() -> &'static Handles {
    static HANDLES: OnceLock<Handles> = OnceLock::new();
    HANDLES.get_or_init(|| Handles {
        requests: LANES
            .map(|(_, lane)| CLASSES.map(|status| metrics::counter!(REQUESTS_TOTAL, LANE => lane, STATUS => status))),
        seconds: LANES.map(|(_, lane)| metrics::histogram!(REQUEST_SECONDS, LANE => lane)),
        connections: metrics::gauge!(CONNECTIONS),
        refused: metrics::counter!(CONNECTIONS_REFUSED_TOTAL),
    })
}

pub fn observe_request(lane: Lane, status: StatusCode, took: Duration) {
    let lane = match lane {
        Lane::Login => 0,
        Lane::Booking => 1,
        Lane::Browsing => 2,
        Lane::Queue => 3,
        Lane::Live => 4,
    };
    let class = usize::from(status.as_u16() / 100).saturating_sub(2).min(CLASSES.len() - 1);
    handles().requests[lane][class].increment(1);
    handles().seconds[lane].record(took.as_secs_f64());
}

pub fn observe_connections(open: usize) {
    #[expect(clippy::cast_precision_loss, reason = "counts of connections are far below 2^52")]
    handles().connections.set(open as f64);
}

pub fn count_connection_refused() {
    handles().refused.increment(1);
}

pub fn count_audit_lost(entries: u64) {
    metrics::counter!(AUDIT_LOST_TOTAL).increment(entries);
}

pub fn count_incident(action: Action) {
    metrics::counter!(SECURITY_EVENTS_TOTAL, ACTION => action.name()).increment(1);
}

pub fn count_gate_refusal_dropped() {
    metrics::counter!(GATE_REFUSALS_DROPPED_TOTAL).increment(1);
}

/// `new`: places that nobody had before.
pub fn observe_joins(joins: usize, new: u32, took: Duration) {
    metrics::counter!(WAITING_PLACES_TOTAL).increment(u64::from(new));
    metrics::histogram!(JOIN_BATCH_SECONDS).record(took.as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "a batch has a thousand joins at most")]
    metrics::histogram!(JOIN_BATCH_JOINS).record(joins as f64);
}

const LIMITS: [(AdmissionLimit, &str); 6] = [
    (AdmissionLimit::Demand, "demand"),
    (AdmissionLimit::Rate, "rate"),
    (AdmissionLimit::Shoppers, "shoppers"),
    (AdmissionLimit::Latency, "latency"),
    (AdmissionLimit::Paused, "paused"),
    (AdmissionLimit::Closed, "closed"),
];

pub fn observe_admission(event: EventId, rate_per_min: u32, limited_by: AdmissionLimit) {
    metrics::gauge!(ADMISSION_RATE, EVENT => event.to_string()).set(f64::from(rate_per_min));
    for (limit, reason) in LIMITS {
        let is_it = if limit == limited_by { 1.0 } else { 0.0 };
        metrics::gauge!(ADMISSION_LIMIT, EVENT => event.to_string(), REASON => reason).set(is_it);
    }
}

/// Why the rate is what it is, each second of an open line.
pub fn observe_steering(event: EventId, p99_us: u64, target_us: u64, share: f64) {
    let seconds = |us| Duration::from_micros(us).as_secs_f64();
    metrics::gauge!(ADMISSION_P99_SECONDS, EVENT => event.to_string()).set(seconds(p99_us));
    metrics::gauge!(ADMISSION_TARGET_SECONDS, EVENT => event.to_string()).set(seconds(target_us));
    metrics::gauge!(ADMISSION_SHARE, EVENT => event.to_string()).set(share);
}

/// The room is off.
pub fn forget_admission(event: EventId) {
    for name in [ADMISSION_P99_SECONDS, ADMISSION_TARGET_SECONDS, ADMISSION_SHARE] {
        metrics::gauge!(name, EVENT => event.to_string()).set(0.0);
    }
    metrics::gauge!(ADMISSION_RATE, EVENT => event.to_string()).set(0.0);
    for (_, reason) in LIMITS {
        metrics::gauge!(ADMISSION_LIMIT, EVENT => event.to_string(), REASON => reason).set(0.0);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailResult {
    Queued,
    Sent,
    Deferred,
    Failed,
}

pub fn count_mail(result: MailResult) {
    let result = match result {
        MailResult::Queued => "queued",
        MailResult::Sent => "sent",
        MailResult::Deferred => "deferred",
        MailResult::Failed => "failed",
    };
    metrics::counter!(MAILS_TOTAL, RESULT => result).increment(1);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundResult {
    Done,
    Deferred,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxResult {
    Done,
    Deferred,
    Failed,
}

pub fn count_refund(result: RefundResult) {
    let result = match result {
        RefundResult::Done => "done",
        RefundResult::Deferred => "deferred",
        RefundResult::Failed => "failed",
    };
    metrics::counter!(PAYMENT_REFUNDS_TOTAL, RESULT => result).increment(1);
}

pub fn count_payment_notice(result: &'static str) {
    metrics::counter!(PAYMENT_NOTICES_TOTAL, RESULT => result).increment(1);
}

pub fn count_outbox(result: OutboxResult) {
    let result = match result {
        OutboxResult::Done => "done",
        OutboxResult::Deferred => "deferred",
        OutboxResult::Failed => "failed",
    };
    metrics::counter!(OUTBOX_TOTAL, RESULT => result).increment(1);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookResult {
    Delivered,
    Deferred,
    Failed,
}

pub fn count_webhook(result: WebhookResult) {
    let result = match result {
        WebhookResult::Delivered => "delivered",
        WebhookResult::Deferred => "deferred",
        WebhookResult::Failed => "failed",
    };
    metrics::counter!(WEBHOOKS_TOTAL, RESULT => result).increment(1);
}

const fn work(kind: WorkKind) -> &'static str {
    match kind {
        WorkKind::Mails => "mails",
        WorkKind::Outbox => "outbox",
        WorkKind::Refunds => "refunds",
        WorkKind::Webhooks => "webhooks",
    }
}

/// `oldest`: how long the oldest has waited; zero when none does.
pub fn observe_backlog(kind: WorkKind, due: u64, oldest: Duration, given_up: u64) {
    let kind = work(kind);
    #[expect(clippy::cast_precision_loss, reason = "they are counted up to a bound far below 2^52")]
    let (due, given_up) = (due as f64, given_up as f64);
    metrics::gauge!(WORK_DUE, WORK => kind).set(due);
    metrics::gauge!(WORK_OLDEST_SECONDS, WORK => kind).set(oldest.as_secs_f64());
    metrics::gauge!(WORK_GIVEN_UP, WORK => kind).set(given_up);
}

pub fn count_event_page(result: &'static str) {
    metrics::counter!(EVENT_PAGES_TOTAL, RESULT => result).increment(1);
}

pub fn count_redis_failed() {
    metrics::counter!(REDIS_FAILED_TOTAL).increment(1);
}

/// The process' recorder. Later calls get the first one's: several servers of one test process share it.
///
/// # Errors
/// When another library has installed a recorder.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    static INSTALLED: OnceLock<PrometheusHandle> = OnceLock::new();
    static INSTALLING: parking_lot::Mutex<()> = parking_lot::Mutex::new(());
    let _one_at_a_time = INSTALLING.lock();
    if let Some(handle) = INSTALLED.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), &BYTES)?
        .set_buckets(&COUNTS)?
        .install_recorder()?;
    Ok(INSTALLED.get_or_init(|| handle).clone())
}

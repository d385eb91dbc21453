//! Every metric of the live feed.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram};

use super::bye::Bye;
use super::feed::Next;

/// Sockets open now. Gauge.
pub const SOCKETS: &str = "usher_live_sockets";
/// Frames written to sockets, by [`FRAME`]. Counter.
pub const FRAMES_TOTAL: &str = "usher_live_frames_total";
/// Sockets that had fallen too far behind for deltas and got a snapshot. Counter.
pub const LAGGED_TOTAL: &str = "usher_live_lagged_total";
/// Sockets that have ended, by [`REASON`]: the code of the last frame, or `GONE`. Counter.
pub const CLOSED_TOTAL: &str = "usher_live_closed_total";
/// Seconds from a change that is durable to the delta that tells of it. Histogram.
pub const DELAY_SECONDS: &str = "usher_live_delay_seconds";
/// Seconds of writing to sockets, of all cores together, between two deltas. Histogram.
pub const WRITING_SECONDS: &str = "usher_live_writing_seconds";
/// Seconds between two turns of a socket, as chosen. Histogram.
pub const PERIOD_SECONDS: &str = "usher_live_period_seconds";

/// Label: `snapshot`, `delta`, `notice` (counts, sale, line, heartbeat) or `private`.
pub const FRAME: &str = "frame";
/// Label.
pub const REASON: &str = "reason";

struct Handles {
    sockets: Gauge,
    snapshots: Counter,
    deltas: Counter,
    notices: Counter,
    private: Counter,
    lagged: Counter,
    delay: Histogram,
    writing: Histogram,
    period: Histogram,
}

fn handles() -> &'static Handles {
    static HANDLES: OnceLock<Handles> = OnceLock::new();
    let frames = |frame: &'static str| metrics::counter!(FRAMES_TOTAL, FRAME => frame);
    HANDLES.get_or_init(|| Handles {
        sockets: metrics::gauge!(SOCKETS),
        snapshots: frames("snapshot"),
        deltas: frames("delta"),
        notices: frames("notice"),
        private: frames("private"),
        lagged: metrics::counter!(LAGGED_TOTAL),
        delay: metrics::histogram!(DELAY_SECONDS),
        writing: metrics::histogram!(WRITING_SECONDS),
        period: metrics::histogram!(PERIOD_SECONDS),
    })
}

pub fn observe_opened() {
    handles().sockets.increment(1.0);
}

/// `None`: the peer left, by itself or because its connection broke.
pub fn observe_closed(bye: Option<Bye>) {
    handles().sockets.decrement(1.0);
    metrics::counter!(CLOSED_TOTAL, REASON => bye.map_or("GONE", Bye::code)).increment(1);
}

pub fn count_frame(frame: &Next) {
    let handles = handles();
    match frame {
        Next::Snapshot(_) => handles.snapshots.increment(1),
        Next::Delta(_) => handles.deltas.increment(1),
        Next::Notice(_) => handles.notices.increment(1),
        Next::Nothing | Next::Bye(_) => {}
    }
}

pub fn count_private() {
    handles().private.increment(1);
}

pub fn count_lagged() {
    handles().lagged.increment(1);
}

/// `writing` is that since the delta before.
pub fn observe_delta(delay_us: i64, writing: Duration, period: Duration) {
    let delay = Duration::from_micros(u64::try_from(delay_us).unwrap_or(0));
    handles().delay.record(delay.as_secs_f64());
    handles().writing.record(writing.as_secs_f64());
    handles().period.record(period.as_secs_f64());
}

//! What is left of a watched booking: figures for the file, and the sheet for reading.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::Run;
use super::booking::BookingLine;
use super::tally::{MEASURED, Phase, Second, Shard};
use crate::audit::Verdict;
use crate::clock::Clock;
use crate::ms;
use crate::process::Usage;
use crate::report::{Chart, LatencyLine, SCHEMA, Series, Sheet, Table, Unit};

#[derive(Clone, Debug, Serialize)]
pub struct WatchReport {
    pub schema: u32,
    pub generator: &'static str,
    pub preset: &'static str,
    pub url: String,
    pub event: Uuid,
    pub started_at: DateTime<Utc>,
    pub watchers: u32,
    pub binary: bool,
    pub sampled: u32,
    pub stalled: u32,
    pub duration_s: f64,
    pub booking: Vec<BookingLine>,
    /// Flat out: the rate of changes while all watch, over that before and after.
    pub booking_rate_kept: Option<f64>,
    pub feed: FeedLine,
    /// `delivery`: from the moment the event heard that the oldest change of a delta is durable to its last byte at a
    /// watcher. Between the commit and that lies a hand-over, which is not in it.
    pub latency: Vec<LatencyLine>,
    /// Sockets that the server closed, by reason.
    pub closes: BTreeMap<String, u64>,
    /// Handshakes that were not answered by a socket.
    pub refusals: BTreeMap<String, u64>,
    pub server: Option<ServerLine>,
    pub timeline: Vec<SecondLine>,
    pub audit: Verdict,
}

/// While all watched and seats changed; storms and stalls are not in it.
#[derive(Clone, Debug, Serialize)]
pub struct FeedLine {
    pub frames: u64,
    pub frames_per_s: f64,
    pub deltas_per_s_and_socket: f64,
    pub bytes_per_frame: f64,
    pub gaps: u64,
    /// Deltas dated after their arrival.
    pub early: u64,
    pub snapshots_again: u64,
    /// Came back and went on without a snapshot.
    pub resumed: u64,
    pub stalled_closed: u64,
    pub stalled_open: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct ServerLine {
    /// Before anything was booked.
    pub rss_before_bytes: u64,
    /// After the booking that nobody watched.
    pub rss_booked_bytes: u64,
    pub rss_idle_bytes: u64,
    pub rss_after_bytes: u64,
    /// Since before anything was booked: what the booking took and did not give back is in it, an upper bound.
    pub rss_per_socket_idle_bytes: f64,
    /// Since that booking: what it left free may have been used again, a lower bound.
    pub rss_per_socket_idle_beyond_booking_bytes: f64,
    pub rss_per_socket_after_bytes: f64,
    /// Processor time over time: 1 is one core.
    pub cores_before: f64,
    pub cores_watched: f64,
    /// Beyond what as many holds cost before anybody watched.
    pub cpu_us_per_frame: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct SecondLine {
    pub second: usize,
    pub frames: u64,
    pub deltas: u64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// Readings of the server's process, where its number is known.
#[derive(Clone, Debug, Default)]
pub struct ServerReadings {
    pub before: Option<Usage>,
    pub booked: Option<Usage>,
    pub idle: Option<Usage>,
    pub after: Option<Usage>,
    /// Processor time of each stretch of booking, and its length.
    stretches: BTreeMap<&'static str, (Duration, Duration)>,
}

impl ServerReadings {
    pub fn booked(&mut self, phase: &'static str, before: Option<Usage>, after: Option<Usage>, took: Duration) {
        if let (Some(before), Some(after)) = (before, after) {
            self.stretches.insert(phase, (after.cpu.saturating_sub(before.cpu), took));
        }
    }

    fn line(&self, sockets: u32, frames: u64, bookings: &[BookingLine]) -> Option<ServerLine> {
        let (before, booked, idle, after) = (self.before?, self.booked?, self.idle?, self.after?);
        let (cpu_before, took_before) = *self.stretches.get("before")?;
        let (cpu_watched, took_watched) = *self.stretches.get("watched")?;
        let holds = |phase: &str| bookings.iter().find(|line| line.phase == phase).map(|line| line.holds.max(1) as f64);
        let of_booking = cpu_before.as_secs_f64() * holds("watched")? / holds("before")?;
        let per_socket =
            |from: Usage, to: Usage| (to.rss_bytes as f64 - from.rss_bytes as f64) / f64::from(sockets.max(1));
        Some(ServerLine {
            rss_before_bytes: before.rss_bytes,
            rss_booked_bytes: booked.rss_bytes,
            rss_idle_bytes: idle.rss_bytes,
            rss_after_bytes: after.rss_bytes,
            rss_per_socket_idle_bytes: per_socket(before, idle),
            rss_per_socket_idle_beyond_booking_bytes: per_socket(booked, idle),
            rss_per_socket_after_bytes: per_socket(before, after),
            cores_before: cpu_before.as_secs_f64() / took_before.as_secs_f64(),
            cores_watched: cpu_watched.as_secs_f64() / took_watched.as_secs_f64(),
            cpu_us_per_frame: (cpu_watched.as_secs_f64() - of_booking) * 1e6 / frames.max(1) as f64,
        })
    }
}

impl WatchReport {
    pub(super) fn new(run: &Run<'_>, clock: Clock, audit: Verdict) -> Self {
        let (options, seen) = (run.options, run.crowd.tally.sum());
        let watched = run.bookings.iter().find(|line| line.phase == "watched");
        let seconds = watched.map_or(1.0, |line| line.took_s);
        let sampled = options.sampled.min(options.watchers);
        Self {
            schema: SCHEMA,
            generator: env!("CARGO_PKG_VERSION"),
            preset: "watch",
            url: options.server.url.clone(),
            event: run.arena.event.id,
            started_at: clock.started_at,
            watchers: options.watchers,
            binary: options.binary,
            sampled,
            stalled: run.watchers.iter().filter(|one| matches!(one.role, super::Role::Stalling)).count() as u32,
            duration_s: options.duration,
            feed: FeedLine::of(&seen, options.watchers, seconds),
            latency: latency(&seen)
                .into_iter()
                .chain(run.bookings.iter().flat_map(|line| line.latency.clone()))
                .collect(),
            server: run.server.line(options.watchers, seen.frames[0], &run.bookings),
            booking: run.bookings.clone(),
            booking_rate_kept: rate_kept(&run.bookings),
            timeline: seen.seconds.iter().enumerate().map(SecondLine::of).collect(),
            closes: seen.closes,
            refusals: seen.refusals,
            audit,
        }
    }

    pub fn sheet(&self) -> Sheet {
        let series = |name, of: fn(&SecondLine) -> f64| Series { name, values: self.timeline.iter().map(of).collect() };
        let counts =
            |all: &BTreeMap<String, u64>| all.iter().map(|(what, n)| vec![what.clone(), n.to_string()]).collect();
        Sheet {
            title: format!("watch: {} sockets on one event", self.watchers),
            subtitle: format!(
                "{}, {} read in full, {} stalled, {:.0} s, {}",
                if self.binary { "binary" } else { "JSON" },
                self.sampled,
                self.stalled,
                self.duration_s,
                self.started_at.format("%FT%TZ")
            ),
            tiles: self.tiles(),
            charts: vec![
                Chart {
                    title: "Frames",
                    unit: Unit::Number,
                    series: vec![
                        series("frames/s", |line| line.frames as f64),
                        series("deltas/s", |line| line.deltas as f64),
                    ],
                },
                Chart {
                    title: "Delivery of deltas",
                    unit: Unit::Ms,
                    series: vec![series("p50", |line| line.p50_ms), series("p99", |line| line.p99_ms)],
                },
            ],
            latency: self.latency.clone(),
            tables: vec![
                booking_table(&self.booking),
                Table {
                    title: "Closed by the server",
                    texts: 1,
                    heads: vec!["reason", "count"],
                    rows: counts(&self.closes),
                },
                Table {
                    title: "Handshakes refused",
                    texts: 1,
                    heads: vec!["answer", "count"],
                    rows: counts(&self.refusals),
                },
            ],
            notes: Vec::new(),
            audit: self.audit.clone(),
            footer: format!("usher-loadgen {}, {}, event {}", self.generator, self.url, self.event),
        }
    }

    fn tiles(&self) -> Vec<(String, String)> {
        let tile = |figure: String, name: &str| (figure, name.to_owned());
        let delivery = self.latency.iter().find(|line| line.step == "delivery");
        let feed = &self.feed;
        let mut tiles = vec![
            tile(delivery.map_or_else(|| "–".to_owned(), |line| format!("{:.0} ms", line.p50_ms)), "delivery p50"),
            tile(delivery.map_or_else(|| "–".to_owned(), |line| format!("{:.0} ms", line.p99_ms)), "delivery p99"),
            tile(format!("{:.1}", feed.deltas_per_s_and_socket), "deltas per s and socket"),
            tile(format!("{:.0}/s", feed.frames_per_s), "frames"),
            tile(format!("{:.0} B", feed.bytes_per_frame), "per frame"),
        ];
        if let Some(kept) = self.booking_rate_kept {
            tiles.push(tile(format!("{:.0} %", kept * 100.0), "of the booking rate without watchers"));
        }
        if let Some(server) = &self.server {
            tiles.extend([
                tile(format!("{:.1} KiB", server.rss_per_socket_idle_bytes / 1024.0), "server memory per idle socket"),
                tile(
                    format!("{:.1} KiB", server.rss_per_socket_after_bytes / 1024.0),
                    "server memory per socket after",
                ),
                tile(format!("{:.1} µs", server.cpu_us_per_frame), "server CPU per frame and socket"),
                tile(format!("{:.2}", server.cores_watched), "server's cores while watched"),
            ]);
        }
        tiles
    }
}

fn rate_kept(bookings: &[BookingLine]) -> Option<f64> {
    let rate = |phase: &str| bookings.iter().find(|line| line.phase == phase).map(|line| line.seats_per_s);
    Some(2.0 * rate("watched")? / (rate("before")? + rate("after")?))
}

fn booking_table(lines: &[BookingLine]) -> Table {
    let row = |line: &BookingLine| {
        vec![
            line.phase.to_owned(),
            line.seats_per_s_asked.map_or_else(|| "flat out".to_owned(), |rate| format!("{rate:.0}")),
            format!("{:.0}", line.seats_per_s),
            line.holds.to_string(),
            line.releases.to_string(),
            line.refused.to_string(),
            line.unsent.to_string(),
        ]
    };
    Table {
        title: "Seats changed per second",
        texts: 1,
        heads: vec!["phase", "asked", "changed", "holds", "releases", "refused", "unsent"],
        rows: lines.iter().map(row).collect(),
    }
}

fn latency(seen: &Shard) -> Vec<LatencyLine> {
    let delivery = MEASURED.iter().map(|(phase, name)| (*name, seen.delivery(*phase)));
    [("connect", &seen.connect), ("first frame", &seen.first), ("back again", &seen.back)]
        .into_iter()
        .chain(delivery)
        .filter(|(_, histogram)| !histogram.is_empty())
        .map(|(name, histogram)| LatencyLine::of(name, histogram))
        .collect()
}

impl FeedLine {
    fn of(seen: &Shard, sockets: u32, seconds: f64) -> Self {
        let (frames, bytes) = (seen.frames[0], seen.bytes[0]);
        let deltas = seen.delivery(Phase::Booking).len() as f64;
        Self {
            frames,
            frames_per_s: frames as f64 / seconds,
            deltas_per_s_and_socket: deltas / seconds / f64::from(sockets.max(1)),
            bytes_per_frame: bytes as f64 / frames.max(1) as f64,
            gaps: seen.gaps,
            early: seen.early,
            snapshots_again: seen.snapshots_again,
            resumed: seen.resumed,
            stalled_closed: seen.stalled_closed,
            stalled_open: seen.stalled_open,
        }
    }
}

impl SecondLine {
    fn of((second, counted): (usize, &Second)) -> Self {
        let at = |quantile| ms(counted.delivery.value_at_quantile(quantile));
        Self { second, frames: counted.frames, deltas: counted.deltas, p50_ms: at(0.5), p99_ms: at(0.99) }
    }
}

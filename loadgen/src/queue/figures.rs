//! What is left of a run through the waiting room: figures for the file, and the sheet for reading.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;
use wire::{AdmissionLimit, WaitingRoomSettings};

use super::bots::BypassLine;
use super::joins::JoinLine;
use super::memory::MemoryLine;
use super::record::Record;
use super::restart::RestartLine;
use super::sockets::SeenBySockets;
use super::squat::most_at_once;
use super::storm::StormLine;
use super::verdict::{PURCHASES_MIN, STRETCH_S_MIN, nobody_is_let_in_before_another};
use super::waiter::{End, Kind};
use crate::audit::Verdict;
use crate::cli::QueueOptions;
use crate::measure::{Measurements, Step};
use crate::report::{AnswerLine, Chart, LatencyLine, SCHEMA, Series, Sheet, Table, Unit};

#[derive(Clone, Debug, Serialize)]
pub struct QueueReport {
    pub schema: u32,
    pub generator: &'static str,
    pub preset: &'static str,
    pub url: String,
    pub seed: u64,
    pub event: Uuid,
    pub started_at: DateTime<Utc>,
    pub waiters: u32,
    pub settings: WaitingRoomSettings,
    pub joins: JoinLine,
    pub memory: Option<MemoryLine>,
    pub restart: Option<RestartLine>,
    pub admission: AdmissionLine,
    pub promises: PromiseLine,
    pub shares: ShareLine,
    pub storm: StormLine,
    pub sockets: SocketLine,
    /// How the waiters' visits ended; who still waits is in none.
    pub ends: BTreeMap<End, u64>,
    pub bypass: Vec<BypassLine>,
    pub latency: Vec<LatencyLine>,
    pub answers: Vec<AnswerLine>,
    pub timeline: Vec<SecondLine>,
    pub audit: Verdict,
}

#[derive(Clone, Debug, Serialize)]
pub struct AdmissionLine {
    pub admitted: u64,
    pub called: u32,
    /// While only the rate limited: seconds, places called per second, and as the rate says.
    pub steady_s: f64,
    pub called_per_s: f64,
    pub rate_per_s: f64,
    /// Of the stretches of 10 s and more, the furthest from its rate, in percent.
    pub rate_error_max_percent: Option<f64>,
    /// Answers that told somebody to wait when a later rank was known to be inside, of how many that were looked at.
    pub inversions: u64,
    pub inversions_looked_at: u64,
    /// Seconds by what limited.
    pub limited_s: BTreeMap<String, f64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PromiseLine {
    /// Whose time came.
    pub made: u64,
    /// Of those, made and kept in a line that only the rate limited.
    pub steady: u64,
    pub steady_right: u64,
    /// Seconds between the promised wait and the actual one, over all.
    pub error_p50_s: f64,
    pub error_p90_s: f64,
    pub error_p99_s: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct ShareLine {
    pub purchases: u64,
    pub units_honest: u64,
    pub units_bots: u64,
    pub hoarders: u64,
    pub bots: u64,
    /// Units that these bots would buy if nothing held them back.
    pub units_wanted_by_bots: u64,
    /// Accounts whose bots hold and never buy, their holds, and the most units that one account held at once.
    pub squatters: u64,
    pub squats: u64,
    pub squatted_at_once_max: u32,
}

#[derive(Clone, Debug, Serialize)]
pub struct SocketLine {
    pub sockets: u32,
    /// Told by a frame.
    pub turns: u64,
    pub turns_untold: u64,
    pub refusals: BTreeMap<String, u64>,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct SecondLine {
    pub second: usize,
    pub joined: u64,
    pub admitted: u64,
    pub purchases: u64,
    /// As last told in this second.
    pub rate_per_s: f64,
    pub shoppers: u32,
}

pub struct Around<'a> {
    pub options: &'a QueueOptions,
    pub event: Uuid,
    pub started_at: DateTime<Utc>,
    pub measured: &'a Measurements,
    pub sockets: &'a SeenBySockets,
}

impl QueueReport {
    pub fn new(around: &Around<'_>, record: &Record, audit: Verdict) -> Self {
        let Around { options, event, started_at, measured, sockets } = *around;
        let mut ends = BTreeMap::new();
        for end in record.waiters.iter().filter_map(|waited| waited.seen.end) {
            *ends.entry(end).or_default() += 1;
        }
        let of_steps = measured.steps();
        let steps = of_steps.iter().filter(|(step, _)| !matches!(step, Step::Setup | Step::Audit));
        let latency = record.joins.latency.iter().cloned();
        let latency = latency.chain(steps.map(|(step, histogram)| LatencyLine::of(step.name(), histogram)));
        let latency = latency.chain([LatencyLine::of("back again", &sockets.back)]);
        Self {
            schema: SCHEMA,
            generator: env!("CARGO_PKG_VERSION"),
            preset: "queue",
            url: options.server.url.clone(),
            seed: options.seed,
            event,
            started_at,
            waiters: options.waiters,
            settings: record.settings.clone(),
            joins: record.joins.clone(),
            memory: record.memory,
            restart: record.restart.clone(),
            admission: AdmissionLine::of(record),
            promises: PromiseLine::of(record),
            shares: ShareLine::of(record),
            storm: StormLine::of(record, options.refresh_per_s),
            sockets: SocketLine {
                sockets: options.sockets,
                turns: sockets.turns,
                turns_untold: sockets.untold,
                refusals: sockets.refusals.clone(),
            },
            ends,
            bypass: record.bypass.clone(),
            latency: latency.filter(|line| line.count > 0).collect(),
            answers: AnswerLine::all(measured),
            timeline: timeline(record),
            audit,
        }
    }

    pub fn sheet(&self) -> Sheet {
        let series = |name, of: fn(&SecondLine) -> f64| Series { name, values: self.timeline.iter().map(of).collect() };
        let chart = |title, series| Chart { title, unit: Unit::Number, series };
        Sheet {
            title: format!("queue: {} waiters", self.waiters),
            subtitle: format!(
                "{} places a minute at most, {} shoppers, {}",
                self.settings.rate_per_minute.unwrap_or_default(),
                self.settings.shoppers_max.unwrap_or_default(),
                self.started_at.format("%FT%TZ")
            ),
            tiles: self.tiles(),
            charts: vec![
                chart("Joins", vec![series("joins/s", |line| line.joined as f64)]),
                chart(
                    "Admission",
                    vec![
                        series("admitted/s", |line| line.admitted as f64),
                        series("purchases/s", |line| line.purchases as f64),
                        series("rate in force/s", |line| line.rate_per_s),
                    ],
                ),
                chart("Shoppers inside", vec![series("shoppers", |line| f64::from(line.shoppers))]),
            ],
            latency: self.latency.clone(),
            tables: self.tables(),
            notes: Vec::new(),
            audit: self.audit.clone(),
            footer: format!("usher-loadgen {}, seed {}, {}, event {}", self.generator, self.seed, self.url, self.event),
        }
    }

    fn tiles(&self) -> Vec<(String, String)> {
        let (joins, admission, storm, shares) = (&self.joins, &self.admission, &self.storm, &self.shares);
        let through: u64 = self.bypass.iter().map(|line| line.through).sum();
        let tries: u64 = self.bypass.iter().map(|line| line.tries).sum();
        let units = shares.units_honest + shares.units_bots;
        let mut tiles = vec![
            (format!("{through} of {tries}"), "bypass tries got through".to_owned()),
            (format!("{}", admission.admitted), "admitted".to_owned()),
            (format!("{} of {}", admission.inversions, admission.inversions_looked_at), "inversions".to_owned()),
            (format!("{:.1}/s", admission.called_per_s), format!("called, of {:.1}/s allowed", admission.rate_per_s)),
            (format!("{:.1} s", self.promises.error_p90_s), "error of a promised wait, p90".to_owned()),
            (
                format!("{:.1} %", 100.0 * shares.units_honest as f64 / units.max(1) as f64),
                "of units to honest buyers".to_owned(),
            ),
        ];
        if joins.slices > 0 {
            tiles.push((
                format!("{:.0}/s", joins.joins_per_s),
                format!("joins, beside {:.0}/s no-ops", joins.no_op_per_s),
            ));
            tiles.push((format!("{:.1} µs", joins.beyond_no_op_us), "a join beyond a no-op".to_owned()));
        }
        if let Some(memory) = self.memory {
            tiles.push((format!("{:.0} B", memory.per_waiter_bytes), "of server memory per waiter".to_owned()));
        }
        if let Some(restart) = &self.restart {
            let kept = restart.places - restart.lost - restart.changed;
            tiles.push((format!("{kept} of {}", restart.places), "places kept over a restart".to_owned()));
        }
        if storm.baseline.purchases >= PURCHASES_MIN {
            let share = 100.0 * storm.purchases_kept;
            tiles.push((format!("{share:.0} %"), format!("of purchases kept at {:.1} × the load", storm.overload)));
        }
        tiles
    }

    fn tables(&self) -> Vec<Table> {
        let bypass = self.bypass.iter().map(|line| {
            let codes: Vec<String> = line.codes.iter().map(|(code, count)| format!("{code} {count}")).collect();
            vec![line.what.to_owned(), codes.join(", "), line.tries.to_string(), line.through.to_string()]
        });
        let answers = self.answers.iter().filter(|line| !matches!(line.step, Step::Setup | Step::Audit)).map(|line| {
            vec![line.step.name().to_owned(), line.class.to_string(), line.code.clone(), line.count.to_string()]
        });
        let limits =
            self.admission.limited_s.iter().map(|(limit, seconds)| vec![limit.clone(), format!("{seconds:.1}")]);
        let ends = self.ends.iter().map(|(end, count)| vec![format!("{end:?}").to_lowercase(), count.to_string()]);
        vec![
            Table { title: "Visits", texts: 1, heads: vec!["ended", "count"], rows: ends.collect() },
            Table {
                title: "What limited admission",
                texts: 1,
                heads: vec!["limit", "seconds"],
                rows: limits.collect(),
            },
            self.storm.table(),
            Table {
                title: "Past the line",
                texts: 2,
                heads: vec!["try", "answers", "tries", "through"],
                rows: bypass.collect(),
            },
            Table {
                title: "Answers",
                texts: 3,
                heads: vec!["step", "class", "code", "count"],
                rows: answers.collect(),
            },
        ]
    }
}

impl AdmissionLine {
    fn of(record: &Record) -> Self {
        let stretches = record.history.stretches();
        let steady_s: f64 = stretches.iter().map(|stretch| stretch.seconds).sum();
        let called: u32 = stretches.iter().map(|stretch| stretch.called).sum();
        let due: f64 =
            stretches.iter().map(|stretch| stretch.seconds * f64::from(stretch.rate_per_minute) / 60.0).sum();
        let long = stretches.iter().filter(|stretch| stretch.seconds >= STRETCH_S_MIN);
        let errors = long.map(|stretch| 100.0 * stretch.error());
        let order = nobody_is_let_in_before_another(record);
        let mut limited_s = BTreeMap::new();
        for pair in record.history.0.windows(2) {
            *limited_s.entry(name(pair[0].room.limited_by).to_owned()).or_default() +=
                (pair[1].at - pair[0].at).as_secs_f64();
        }
        Self {
            admitted: record.waiters.iter().filter(|waited| waited.seen.admitted_at.is_some()).count() as u64,
            called: record.history.0.last().map_or(0, |last| last.room.called),
            steady_s,
            called_per_s: f64::from(called) / steady_s.max(1e-9),
            rate_per_s: due / steady_s.max(1e-9),
            rate_error_max_percent: errors.reduce(f64::max),
            inversions: order.violations_total,
            inversions_looked_at: order.looked_at,
            limited_s,
        }
    }
}

fn name(limit: AdmissionLimit) -> &'static str {
    match limit {
        AdmissionLimit::Demand => "demand",
        AdmissionLimit::Rate => "rate",
        AdmissionLimit::Shoppers => "shoppers",
        AdmissionLimit::Latency => "latency",
        AdmissionLimit::Paused => "paused",
        AdmissionLimit::Closed => "closed",
    }
}

impl PromiseLine {
    fn of(record: &Record) -> Self {
        let (errors, steady) = record.promises();
        let at = |quantile| Duration::from_micros(errors.value_at_quantile(quantile)).as_secs_f64();
        Self {
            made: errors.len(),
            steady: steady.len() as u64,
            steady_right: steady.iter().filter(|kept| kept.is_honest()).count() as u64,
            error_p50_s: at(0.5),
            error_p90_s: at(0.9),
            error_p99_s: at(0.99),
        }
    }
}

impl ShareLine {
    fn of(record: &Record) -> Self {
        let (units_honest, units_bots) = record.shares();
        let hoarders = record.hoarders();
        let purchases = record.log.bought.len() as u64;
        Self {
            purchases,
            units_honest,
            units_bots,
            hoarders,
            bots: hoarders * u64::from(record.bots_per_hoarder),
            units_wanted_by_bots: record.units_wanted_by_bots(),
            squatters: record.count(Kind::Squatter),
            squats: record.log.squats.len() as u64,
            squatted_at_once_max: most_at_once(&record.log.squats),
        }
    }
}

fn timeline(record: &Record) -> Vec<SecondLine> {
    let mut lines: Vec<SecondLine> = Vec::new();
    let mut note = |at: Instant, change: &dyn Fn(&mut SecondLine)| {
        let second = at.saturating_duration_since(record.started).as_secs() as usize;
        while lines.len() <= second {
            lines.push(SecondLine { second: lines.len(), ..SecondLine::default() });
        }
        change(&mut lines[second]);
    };
    for seen in record.waiters.iter().map(|waited| &waited.seen) {
        if let Some((_, answered)) = seen.joined {
            note(answered, &|line| line.joined += 1);
        }
        if let Some(at) = seen.admitted_at {
            note(at, &|line| line.admitted += 1);
        }
    }
    for (at, ..) in &record.log.bought {
        note(*at, &|line| line.purchases += 1);
    }
    for pushed in &record.history.0 {
        note(pushed.at, &|line| {
            line.rate_per_s = f64::from(pushed.room.rate_per_minute) / 60.0;
            line.shoppers = pushed.room.shoppers;
        });
    }
    lines
}

//! What is left of a run. The JSON form is a contract: fields are added, never renamed; `schema` grows when that fails.

pub mod html;
mod sheet;
pub mod table;
mod view;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wire::Counts;

pub use sheet::{Chart, Series, Sheet, Table, Unit};
pub use view::View;

use crate::answer::Class;
use crate::audit::{Asked, Found, Verdict};
use crate::buyer::Sale;
use crate::cli::Options;
use crate::curve::Curve;
use crate::measure::{Leaving, Measurements, Second, Step};
use crate::mix::{Habits, Mix};
use crate::ms;
use crate::preset::Plan;

pub const SCHEMA: u32 = 1;

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub schema: u32,
    /// Version of the load generator.
    pub generator: &'static str,
    pub preset: &'static str,
    pub url: String,
    pub seed: u64,
    pub started_at: DateTime<Utc>,
    /// From the first arrival's second to the last buyer's leaving.
    pub took_s: f64,
    pub event: EventLine,
    pub plan: PlanLine,
    pub rates: Rates,
    pub buyers: Vec<LeavingLine>,
    /// Milliseconds from the intended start, repetitions and waiting for a connection included.
    pub latency: Vec<LatencyLine>,
    pub answers: Vec<AnswerLine>,
    /// What a reader of the figures must know.
    pub notes: Vec<String>,
    /// One for each second of the run.
    pub timeline: Vec<SecondLine>,
    pub audit: Verdict,
}

#[derive(Clone, Debug, Serialize)]
pub struct EventLine {
    pub id: Uuid,
    pub title: String,
    pub capacity: u32,
    pub before: Counts,
    pub after: Counts,
}

#[derive(Clone, Debug, Serialize)]
pub struct PlanLine {
    pub buyers: u32,
    pub curve: Curve,
    pub duration_s: f64,
    pub mix: Mix,
    /// Shares from 0 to 1.
    pub habits: Habits,
    pub accounts: u32,
    pub connections: u32,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rates {
    pub holds: u64,
    pub holds_per_s: f64,
    pub holds_per_s_peak: u64,
    pub purchases: u64,
    pub units_sold: u64,
    pub purchases_per_s: f64,
    pub purchases_per_s_peak: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct LeavingLine {
    pub leaving: Leaving,
    pub count: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LatencyLine {
    pub step: String,
    pub count: u64,
    pub mean_ms: f64,
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
    /// Upper ends, growing by a quarter of a power of ten, with the counts up to them; empty ones left out.
    pub histogram: Vec<(f64, u64)>,
}

#[derive(Clone, Debug, Serialize)]
pub struct AnswerLine {
    pub step: Step,
    pub class: Class,
    pub code: String,
    pub count: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct SecondLine {
    pub second: usize,
    pub arrived: u64,
    pub holds: u64,
    pub purchases: u64,
    pub units_sold: u64,
    pub rejected: u64,
    pub not_now: u64,
    pub unknown: u64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Report {
    pub fn new(
        plan: &Plan,
        options: &Options,
        sale: &Sale,
        asked: &Asked,
        found: &Found,
        audit: Verdict,
        took: Duration,
    ) -> Self {
        let measured = &sale.client.measured;
        let timeline = measured.timeline(SecondLine::of);
        let event = &sale.arena.event;
        Self {
            schema: SCHEMA,
            generator: env!("CARGO_PKG_VERSION"),
            preset: plan.preset,
            url: options.server.url.clone(),
            seed: options.seed,
            started_at: asked.run.started_at,
            took_s: took.as_secs_f64(),
            event: EventLine {
                id: event.id,
                title: event.title.clone(),
                capacity: sale.arena.capacity(),
                before: asked.run.before.totals,
                after: found.after.totals,
            },
            plan: PlanLine {
                buyers: plan.buyers,
                curve: plan.curve,
                duration_s: plan.duration.as_secs_f64(),
                mix: plan.mix,
                habits: plan.habits,
                accounts: sale.accounts.all().len() as u32,
                connections: plan.connections,
            },
            rates: Rates::of(&timeline, took),
            buyers: measured.leavings().into_iter().map(|(leaving, count)| LeavingLine { leaving, count }).collect(),
            latency: measured.steps().iter().map(|(step, histogram)| LatencyLine::of(step.name(), histogram)).collect(),
            answers: AnswerLine::all(measured),
            notes: notes(&measured.answers()),
            timeline,
            audit,
        }
    }
}

impl AnswerLine {
    pub fn all(measured: &Measurements) -> Vec<Self> {
        let line = |((step, class, code), count)| Self { step, class, code, count };
        measured.answers().into_iter().map(line).collect()
    }
}

fn notes(answers: &BTreeMap<(Step, Class, String), u64>) -> Vec<String> {
    let limited =
        answers.iter().filter(|((_, _, code), _)| code == "RATE_LIMITED").map(|(_, count)| count).sum::<u64>();
    let note = format!(
        "The server's rate limits turned {limited} requests away, and the wait for them is in the latencies: a load test \
         wants a server with USHER_RATE_LIMIT=off."
    );
    (limited > 0).then_some(note).into_iter().collect()
}

impl Rates {
    fn of(timeline: &[SecondLine], took: Duration) -> Self {
        let sum = |of: fn(&SecondLine) -> u64| timeline.iter().map(of).sum::<u64>();
        let peak = |of: fn(&SecondLine) -> u64| timeline.iter().map(of).max().unwrap_or(0);
        let per_s = |count: u64| count as f64 / took.as_secs_f64().max(1e-3);
        let (holds, purchases) = (sum(|line| line.holds), sum(|line| line.purchases));
        Self {
            holds,
            holds_per_s: per_s(holds),
            holds_per_s_peak: peak(|line| line.holds),
            purchases,
            units_sold: sum(|line| line.units_sold),
            purchases_per_s: per_s(purchases),
            purchases_per_s_peak: peak(|line| line.purchases),
        }
    }
}

impl LatencyLine {
    pub fn of(step: &str, histogram: &Histogram<u64>) -> Self {
        let at = |quantile| ms(histogram.value_at_quantile(quantile));
        Self {
            step: step.to_owned(),
            count: histogram.len(),
            mean_ms: histogram.mean() / 1e3,
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: ms(histogram.max()),
            histogram: bins(histogram),
        }
    }
}

/// From 0.1 ms to 1,000 s in quarters of a power of ten.
fn bins(histogram: &Histogram<u64>) -> Vec<(f64, u64)> {
    let mut bins = Vec::new();
    let mut below = 0;
    for quarter in 0..=28 {
        let end_ms = 0.1 * 10f64.powf(f64::from(quarter) / 4.0);
        let upto = histogram.count_between(0, (end_ms * 1e3) as u64);
        if upto > below {
            bins.push((end_ms, upto - below));
        }
        below = below.max(upto);
    }
    bins
}

impl SecondLine {
    fn of((second, counted): (usize, &Second)) -> Self {
        let at = |quantile| ms(counted.latency.value_at_quantile(quantile));
        Self {
            second,
            arrived: counted.arrived,
            holds: counted.held,
            purchases: counted.purchases,
            units_sold: counted.units_sold,
            rejected: counted.rejected,
            not_now: counted.not_now,
            unknown: counted.unknown,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_line_keeps_every_sample_in_its_bins() {
        let mut histogram = crate::measure::histogram();
        for us in [50, 900, 1_100, 40_000, 40_000, 3_000_000] {
            histogram.record(us).unwrap();
        }
        let line = LatencyLine::of("hold", &histogram);
        assert_eq!(line.histogram.iter().map(|(_, count)| count).sum::<u64>(), 6);
        assert!(line.histogram.is_sorted_by(|one, two| one.0 < two.0));
        assert!((line.p50_ms - 1.1).abs() < 0.01 && (line.max_ms - 3_000.0).abs() < 5.0, "{line:?}");
    }
}

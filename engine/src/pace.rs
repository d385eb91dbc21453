//! How fast an event answers: the time from a command's arrival in the mailbox to its durable answer, over the last two
//! seconds, from one command in a few, or from every one while there are few. What admission is steered by.
//!
//! A disk that stands still for a moment, whoever asks it for how much, is no reason to let fewer in: that passes, and what a
//! load has done to a sale stays. As with the minimum delay by which CoDel tells a queue that stands from a burst (RFC 8289,
//! section 3), what counts is how slow the answers still were in the better half of the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::metrics;

/// Commands per measured one: reading the time twice costs about as much as handing a command over.
pub(crate) const COMMANDS_PER_SAMPLE: u32 = 16;

/// Measured without exception after each look at the pace. Whoever steers by it looks every second: an event that answers
/// few commands, maybe because each takes long, is measured by all of them.
const EVERY_ONE_MAX: u32 = 32;

const SLICE: Duration = Duration::from_millis(500);
const SLICES: usize = 4;
/// Buckets per doubling: bounds are at most an eighth apart.
const STEPS: u32 = 8;
/// Shorter times fall into the first bucket, 2⁶ = 64 µs.
const MIN_LOG2: u32 = 6;
/// Longer times fall into the last bucket: no command is answered later than `submit_deadline`.
const MAX_LOG2: u32 = 24;
const BUCKETS: usize = ((MAX_LOG2 - MIN_LOG2) * STEPS) as usize + 1;

/// How fast an event answers accepted commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// 99 of 100 answers took no longer, to an eighth upwards, in at least half of the half seconds in which any came. While
    /// commands have waited for half a second or longer for a journal that gives no sign of life it is how long, if that is
    /// more. 0 when nothing was asked.
    pub p99_us: u64,
    /// Measured answers of the last two seconds. Few make a crude 99th percentile.
    pub samples: u32,
}

/// One event's measurements. Kept by its slot, written by whoever answers.
pub(crate) struct Meter {
    since: Instant,
    commands: AtomicU32,
    /// Of [`EVERY_ONE_MAX`], what is left since the last look.
    every_one: AtomicU32,
    /// µs after `since` at which the journal last gave a sign of life with commands waiting. [`NOBODY_WAITS`] otherwise.
    ///
    /// Only the event's actor writes it, in [`Meter::wait`] and [`Meter::hear`], so that looking first and writing then is
    /// no race. Readers take one number and nothing that would have to agree with it.
    waiting_since_us: AtomicU64,
    window: Mutex<Window>,
}

const NOBODY_WAITS: u64 = u64::MAX;

impl Meter {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            since: Instant::now(),
            commands: AtomicU32::new(0),
            every_one: AtomicU32::new(0),
            waiting_since_us: AtomicU64::new(NOBODY_WAITS),
            window: Mutex::new(Window::default()),
        })
    }

    /// For a command that arrives now; `None` for those that are not measured.
    pub(crate) fn stopwatch(self: &Arc<Self>) -> Option<Stopwatch> {
        let command = self.commands.fetch_add(1, Ordering::Relaxed);
        let is_measured = command.is_multiple_of(COMMANDS_PER_SAMPLE) || self.is_one_of_few();
        is_measured.then(|| Stopwatch { meter: Arc::clone(self), arrived: Instant::now() })
    }

    /// Two at a time may take the same of what is left: one measured too many does no harm.
    fn is_one_of_few(&self) -> bool {
        let left = self.every_one.load(Ordering::Relaxed);
        if left > 0 {
            self.every_one.store(left - 1, Ordering::Relaxed);
        }
        left > 0
    }

    pub(crate) fn record(&self, took: Duration) {
        self.window.lock().record(self.since.elapsed(), took);
    }

    /// Commands wait for the journal, from now on unless they did already.
    pub(crate) fn wait(&self) {
        if self.waiting_since_us.load(Ordering::Relaxed) == NOBODY_WAITS {
            self.waiting_since_us.store(us(self.since.elapsed()), Ordering::Relaxed);
        }
    }

    /// The journal has said something.
    pub(crate) fn hear(&self, still_waits: bool) {
        let since_us = if still_waits { us(self.since.elapsed()) } else { NOBODY_WAITS };
        self.waiting_since_us.store(since_us, Ordering::Relaxed);
    }

    pub(crate) fn pace(&self) -> Pace {
        self.every_one.store(EVERY_ONE_MAX, Ordering::Relaxed);
        let now = self.since.elapsed();
        let mut pace = self.window.lock().pace(now);
        let waiting_us = us(now).saturating_sub(self.waiting_since_us.load(Ordering::Relaxed));
        if waiting_us >= us(SLICE) {
            pace.p99_us = pace.p99_us.max(waiting_us);
        }
        pace
    }
}

/// Runs while one command is under way.
pub(crate) struct Stopwatch {
    meter: Arc<Meter>,
    arrived: Instant,
}

impl Stopwatch {
    /// The command has its durable answer.
    pub(crate) fn stop(self) {
        let took = self.arrived.elapsed();
        self.meter.record(took);
        metrics::observe_reply(took);
    }
}

/// The last few slices of time, each a histogram.
#[derive(Default)]
struct Window([Slice; SLICES]);

struct Slice {
    number: u64,
    counts: [u16; BUCKETS],
}

impl Default for Slice {
    fn default() -> Self {
        Self { number: 0, counts: [0; BUCKETS] }
    }
}

impl Window {
    fn record(&mut self, now: Duration, took: Duration) {
        let number = slice(now);
        let slice = &mut self.0[number as usize % SLICES];
        if slice.number != number {
            *slice = Slice { number, ..Slice::default() };
        }
        let count = &mut slice.counts[bucket(us(took))];
        *count = count.saturating_add(1);
    }

    fn pace(&self, now: Duration) -> Pace {
        let oldest = slice(now).saturating_sub(SLICES as u64 - 1);
        let recent = self.0.iter().filter(|slice| slice.number >= oldest);
        let (mut samples, mut p99s_us) = (0, Vec::with_capacity(SLICES));
        for slice in recent {
            samples += slice.samples();
            p99s_us.extend(slice.p99_us());
        }
        p99s_us.sort_unstable();
        let half = p99s_us.len().div_ceil(2);
        let p99_us = half.checked_sub(1).map_or(0, |slowest_of_half| p99s_us[slowest_of_half]);
        Pace { p99_us, samples }
    }
}

impl Slice {
    fn samples(&self) -> u32 {
        self.counts.iter().map(|&count| u32::from(count)).sum()
    }

    /// `None` when nothing was measured.
    fn p99_us(&self) -> Option<u64> {
        let mut slower = self.samples() / 100;
        for (bucket, &count) in self.counts.iter().enumerate().rev() {
            let count = u32::from(count);
            if count > slower {
                return Some(upper_us(bucket));
            }
            slower -= count;
        }
        None
    }
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn slice(now: Duration) -> u64 {
    us(now) / us(SLICE)
}

fn bucket(us: u64) -> usize {
    let us = us.min((1 << MAX_LOG2) - 1);
    if us < 1 << MIN_LOG2 {
        return 0;
    }
    let log2 = us.ilog2();
    let step = (us >> (log2 - STEPS.ilog2())) as u32 - STEPS;
    ((log2 - MIN_LOG2) * STEPS + step) as usize + 1
}

/// Where the bucket ends.
const fn upper_us(bucket: usize) -> u64 {
    let (log2, step) = (bucket as u32 / STEPS, bucket as u32 % STEPS);
    (((STEPS + step) as u64) << (MIN_LOG2 + log2)) / STEPS as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn every_time_lies_below_its_buckets_bound_and_not_below_the_one_before() {
        for us in (0..5_000).chain((5_000..20_000_000).step_by(997)) {
            let at = bucket(us);
            assert!(at < BUCKETS, "{us}");
            assert!(us < upper_us(at) || us >= 1 << MAX_LOG2, "{us} µs in bucket {at}");
            assert!(at == 0 || us >= upper_us(at - 1), "{us} µs in bucket {at}");
        }
        assert_eq!(upper_us(BUCKETS - 1), 1 << MAX_LOG2);
    }

    #[test]
    fn one_slow_answer_in_a_hundred_is_not_the_99th_percentile_and_two_are() {
        let mut window = Window::default();
        (0..99).for_each(|_| window.record(ms(0), ms(1)));
        window.record(ms(0), ms(80));
        let pace = window.pace(ms(0));
        assert_eq!(pace.samples, 100);
        assert!((1_000..1_130).contains(&pace.p99_us), "{pace:?}");
        window.record(ms(0), ms(80));
        assert!((80_000..90_000).contains(&window.pace(ms(0)).p99_us));
    }

    #[test]
    fn a_stall_that_passes_does_not_count_and_slowness_that_stays_does() {
        let mut window = Window::default();
        let mut second = |from: u64, slow_in: &[u64]| {
            for at in (from..from + 2_000).step_by(10) {
                let is_slow = slow_in.contains(&((at - from) / 500)) && at % 500 < 200;
                window.record(ms(at), ms(if is_slow { 150 } else { 2 }));
            }
            window.pace(ms(from + 1_999)).p99_us
        };
        assert!(second(0, &[]) < 2_500);
        assert!(second(2_000, &[1]) < 2_500, "one stall");
        assert!(second(4_000, &[1, 2]) < 2_500, "one that lasted into the next half second");
        assert!(second(6_000, &[0, 1, 3]) > 150_000, "more often than not");
        assert!(second(8_000, &[0, 1, 2, 3]) > 150_000, "always");
    }

    #[test]
    fn answers_are_forgotten_after_two_seconds() {
        let mut window = Window::default();
        window.record(ms(100), ms(80));
        assert_eq!(window.pace(ms(1_999)).samples, 1);
        assert_eq!(window.pace(ms(2_000)), Pace { p99_us: 0, samples: 0 });
        // The same slice again, a round later.
        window.record(ms(2_100), ms(1));
        assert_eq!(window.pace(ms(2_100)).samples, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn one_command_in_sixteen_is_measured_from_its_arrival() {
        let meter = Meter::new();
        let watches: Vec<Stopwatch> = (0..2 * COMMANDS_PER_SAMPLE).filter_map(|_| meter.stopwatch()).collect();
        assert_eq!(watches.len(), 2);
        tokio::time::advance(ms(10)).await;
        watches.into_iter().for_each(Stopwatch::stop);
        let pace = meter.pace();
        assert_eq!(pace.samples, 2);
        assert!((10_000..11_300).contains(&pace.p99_us), "{pace:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_commands_after_a_look_are_all_measured() {
        let meter = Meter::new();
        meter.pace();
        let measured = |commands: u32| (0..commands).filter_map(|_| meter.stopwatch()).count();
        assert_eq!(measured(3), 3, "a sale of three commands a second is seen");
        // The first of all and 62 more are of every sixteenth.
        assert_eq!(measured(1_000), EVERY_ONE_MAX as usize - 2 + 62, "and many are not measured each");
        meter.pace();
        assert_eq!(measured(20), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn a_journal_that_stands_still_shows_without_any_answer() {
        let meter = Meter::new();
        meter.wait();
        tokio::time::advance(ms(499)).await;
        meter.wait();
        assert_eq!(meter.pace(), Pace { p99_us: 0, samples: 0 }, "it may be a moment");
        tokio::time::advance(ms(201)).await;
        assert_eq!(meter.pace(), Pace { p99_us: 700_000, samples: 0 });
        meter.hear(true);
        tokio::time::advance(ms(600)).await;
        assert_eq!(meter.pace().p99_us, 600_000);
        meter.hear(false);
        tokio::time::advance(ms(600)).await;
        assert_eq!(meter.pace().p99_us, 0);
    }
}

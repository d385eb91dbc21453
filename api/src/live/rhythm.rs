//! How often deltas are cut and how fast they go out: as often as the sockets can be served beside everything else, each
//! of them between 20 and 4 times in a second.
//!
//! The crew reports how long it has been writing, and to how many sockets. What one socket costs follows from that, in
//! wall-clock time, with whatever else keeps the machine busy in it.
//!
//! Few sockets are written to as soon as a delta is cut. With many that would keep all cores busy for a while, again and
//! again, and the last ones would wait for as long on top of the period. So their turns are spread over the period, deltas
//! are cut at the highest rate nevertheless, and each socket is told at its turn what has come since the last.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::crew::CREW;

const PERIOD_MIN: Duration = Duration::from_millis(50);
const PERIOD_MAX: Duration = Duration::from_millis(250);
/// Of the crew's time, in percent, that writing to all sockets may take at most. The rest is for everything else.
const SHARE_PERCENT: u32 = 55;
/// Where more than this share is left to others by a period of at most [`PERIOD_EASY`], it is: between 20 and 10 deltas per
/// second few eyes see the difference, and whoever books does. Longer periods are spread.
const EASY_SHARE_PERCENT: u32 = 5;
const PERIOD_EASY: Duration = Duration::from_millis(100);
/// What a new measurement weighs against what was known, as 1 / n.
const WEIGHT: f64 = 8.0;

pub struct Rhythm {
    write_cost_s: f64,
    /// Writes at the same time.
    hands: u32,
    period: Duration,
}

impl Rhythm {
    /// Of a crew on so many threads.
    pub fn new(threads: usize) -> Self {
        let hands = u32::try_from(threads.clamp(1, CREW)).unwrap_or(1);
        Self { write_cost_s: 0.0, hands, period: PERIOD_MIN }
    }

    /// Between two turns of one socket.
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// Between two cuts.
    pub fn cut_period(&self) -> Duration {
        if self.spread().is_zero() { self.period } else { PERIOD_MIN }
    }

    /// What a round through all sockets is to be spread over; zero: it goes as fast as it can.
    pub fn spread(&self) -> Duration {
        if self.period > PERIOD_EASY { self.period } else { Duration::ZERO }
    }

    /// After so many writes took so long altogether, with so many watchers now.
    pub fn measured(&mut self, busy: Duration, writes: u32, watchers: usize) {
        if writes == 0 {
            return;
        }
        let cost_s = busy.as_secs_f64() / f64::from(writes);
        self.write_cost_s += (cost_s - self.write_cost_s) / WEIGHT;
        #[expect(clippy::cast_precision_loss, reason = "counts of sockets are far below 2^52")]
        let round_s = self.write_cost_s * watchers as f64 / f64::from(self.hands);
        let for_share = |percent: u32| round_s * 100.0 / f64::from(percent);
        let easy_s = for_share(EASY_SHARE_PERCENT).min(PERIOD_EASY.as_secs_f64());
        let period_s = for_share(SHARE_PERCENT).max(easy_s);
        self.period = Duration::from_secs_f64(period_s.min(PERIOD_MAX.as_secs_f64())).max(PERIOD_MIN);
    }
}

/// What publisher and crew tell each other.
#[derive(Default)]
pub struct Pace {
    spread_us: AtomicU64,
    busy_us: AtomicU64,
    writes: AtomicU32,
}

impl Pace {
    pub fn spread(&self) -> Duration {
        Duration::from_micros(self.spread_us.load(Ordering::Relaxed))
    }

    pub fn set_spread(&self, spread: Duration) {
        self.spread_us.store(us(spread), Ordering::Relaxed);
    }

    /// So many sockets have been written to without having to wait for a peer.
    pub fn worked(&self, busy: Duration, writes: u32) {
        if writes > 0 {
            self.busy_us.fetch_add(us(busy), Ordering::Relaxed);
            self.writes.fetch_add(writes, Ordering::Relaxed);
        }
    }

    /// All of it since the last time. Work that is added between the two swaps is counted with its time now and its writes
    /// the next time, or the other way round; nothing of it is lost, and what is made of it is an average.
    pub fn take_work(&self) -> (Duration, u32) {
        let busy_us = self.busy_us.swap(0, Ordering::Relaxed);
        (Duration::from_micros(busy_us), self.writes.swap(0, Ordering::Relaxed))
    }
}

fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITE: Duration = Duration::from_micros(12);

    fn settled(watchers: usize, write: Duration) -> Rhythm {
        let mut rhythm = Rhythm::new(2);
        let writes = u32::try_from(watchers).unwrap();
        for _ in 0..100 {
            rhythm.measured(write * writes, writes, watchers);
        }
        rhythm
    }

    #[test]
    fn the_period_follows_watchers_and_cost_within_its_bounds() {
        let period = |watchers| settled(watchers, WRITE).period();
        assert_eq!([1, 400].map(period), [PERIOD_MIN; 2]);
        assert!((70..=74).contains(&period(600).as_millis()));
        assert_eq!([1_000, 5_000].map(period), [PERIOD_EASY; 2]);
        let many = period(10_000).as_millis();
        assert!((107..=111).contains(&many), "{many} ms");
        assert_eq!(period(100_000), PERIOD_MAX);
        assert!(settled(10_000, WRITE / 2).period() < period(10_000));
    }

    #[test]
    fn turns_of_many_are_spread_and_cuts_go_on_at_the_highest_rate() {
        let (few, many) = (settled(5_000, WRITE), settled(10_000, WRITE));
        assert_eq!((few.cut_period(), few.spread()), (few.period(), Duration::ZERO));
        assert_eq!((many.cut_period(), many.spread()), (PERIOD_MIN, many.period()));
    }

    #[test]
    fn sockets_that_were_not_written_to_do_not_count_as_fast() {
        let mut half = Rhythm::new(2);
        half.measured(Duration::from_millis(60), 5_000, 10_000);
        let mut all = Rhythm::new(2);
        all.measured(Duration::from_millis(120), 10_000, 10_000);
        assert_eq!(half.period(), all.period());
        all.measured(Duration::from_millis(5), 0, 10_000);
        assert_eq!(half.period(), all.period());
    }

    #[test]
    fn work_is_taken_once() {
        let pace = Pace::default();
        (0..3).for_each(|_| pace.worked(Duration::from_millis(2), 100));
        pace.worked(Duration::from_secs(1), 0);
        assert_eq!(pace.take_work(), (Duration::from_millis(6), 300));
        assert_eq!(pace.take_work(), (Duration::ZERO, 0));
    }
}

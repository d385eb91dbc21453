//! How often deltas go out: as often as the sockets can be served beside everything else, between 20 and 4 times in a
//! second.
//!
//! The crew reports how many sockets have been written a delta. From when it began and when the last of them was, the cost
//! of a frame follows: wall-clock time, with whatever else keeps the machine busy in it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

const PERIOD_MIN: Duration = Duration::from_millis(50);
const PERIOD_MAX: Duration = Duration::from_millis(250);
/// Of each period, in percent, that writing one delta to all sockets may take. The rest is for everything else: a delta is
/// on average half a period and half a fan-out old when it arrives, so a longer pause makes it later, too.
const FANOUT_SHARE_PERCENT: u32 = 75;
/// Where more than this share is left to others by a period of at most [`PERIOD_EASY`], it is: between 20 and 10 deltas per
/// second few eyes see the difference, and whoever books does.
const EASY_SHARE_PERCENT: u32 = 10;
const PERIOD_EASY: Duration = Duration::from_millis(100);
/// What a new measurement weighs against what was known, as 1 / n.
const WEIGHT: f64 = 4.0;

pub struct Rhythm {
    frame_cost_s: f64,
    period: Duration,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { frame_cost_s: 0.0, period: PERIOD_MIN }
    }
}

impl Rhythm {
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// After a delta was written `frames` times within `took`, with so many watchers now.
    pub fn measured(&mut self, took: Duration, frames: u32, watchers: usize) {
        if frames == 0 {
            return;
        }
        let cost_s = took.as_secs_f64() / f64::from(frames);
        self.frame_cost_s += (cost_s - self.frame_cost_s) / WEIGHT;
        #[expect(clippy::cast_precision_loss, reason = "counts of sockets are far below 2^52")]
        let fanout_s = self.frame_cost_s * watchers as f64;
        let for_share = |percent: u32| fanout_s * 100.0 / f64::from(percent);
        let easy_s = for_share(EASY_SHARE_PERCENT).min(PERIOD_EASY.as_secs_f64());
        let period_s = for_share(FANOUT_SHARE_PERCENT).max(easy_s);
        self.period = Duration::from_secs_f64(period_s.min(PERIOD_MAX.as_secs_f64())).max(PERIOD_MIN);
    }
}

/// One fan-out as the crew reports it.
pub struct Fanout {
    born: Instant,
    started_us: AtomicU64,
    last_us: AtomicU64,
    frames: AtomicU32,
}

impl Fanout {
    pub fn new() -> Self {
        let (started_us, last_us, frames) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU32::new(0));
        Self { born: Instant::now(), started_us, last_us, frames }
    }

    /// Of the one before: how long it took, and how many frames it was.
    pub fn start(&self, now: Instant) -> (Duration, u32) {
        let now_us = self.us(now);
        let frames = self.frames.swap(0, Ordering::Relaxed);
        let last_us = self.last_us.swap(now_us, Ordering::Relaxed);
        let started_us = self.started_us.swap(now_us, Ordering::Relaxed);
        (Duration::from_micros(last_us.saturating_sub(started_us)), frames)
    }

    /// So many deltas were written without having to wait for a peer.
    pub fn written(&self, deltas: u32, now: Instant) {
        if deltas > 0 {
            self.last_us.fetch_max(self.us(now), Ordering::Relaxed);
            self.frames.fetch_add(deltas, Ordering::Relaxed);
        }
    }

    fn us(&self, now: Instant) -> u64 {
        u64::try_from(now.duration_since(self.born).as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_micros(12);

    fn settled(watchers: usize, frame: Duration) -> Duration {
        let mut rhythm = Rhythm::default();
        let frames = u32::try_from(watchers).unwrap();
        for _ in 0..50 {
            rhythm.measured(frame * frames, frames, watchers);
        }
        rhythm.period()
    }

    #[test]
    fn the_period_follows_watchers_and_cost_within_its_bounds() {
        assert_eq!(settled(1, FRAME), PERIOD_MIN);
        assert_eq!(settled(400, FRAME), PERIOD_MIN);
        assert!((58..=62).contains(&settled(500, FRAME).as_millis()));
        assert_eq!(settled(1_000, FRAME), PERIOD_EASY);
        assert_eq!(settled(5_000, FRAME), PERIOD_EASY);
        let many = settled(10_000, FRAME).as_millis();
        assert!((155..=165).contains(&many), "{many} ms");
        assert_eq!(settled(100_000, FRAME), PERIOD_MAX);
        assert!(settled(10_000, FRAME / 2) < settled(10_000, FRAME));
    }

    #[test]
    fn sockets_that_wrote_nothing_do_not_count_as_fast() {
        let mut rhythm = Rhythm::default();
        rhythm.measured(Duration::from_millis(60), 5_000, 10_000);
        let half = rhythm.period();
        let mut rhythm = Rhythm::default();
        rhythm.measured(Duration::from_millis(120), 10_000, 10_000);
        assert_eq!(rhythm.period(), half);
        rhythm.measured(Duration::ZERO, 0, 10_000);
        assert_eq!(rhythm.period(), half);
    }

    #[tokio::test]
    async fn a_fanout_ends_with_its_last_frame() {
        let fanout = Fanout::new();
        let start = fanout.born;
        let after = |ms| start + Duration::from_millis(ms);
        fanout.start(start);
        (1..=3).for_each(|batch| fanout.written(20, after(batch * 10)));
        fanout.written(0, after(40));
        assert_eq!(fanout.start(after(500)), (Duration::from_millis(30), 60));
        assert_eq!(fanout.start(after(550)), (Duration::ZERO, 0));
    }
}

//! What all sockets of a crowd have seen. Split by socket number, so that sockets on different cores do not wait for each
//! other: a frame takes one lock that is nearly always free.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::clock::Clock;
use crate::live::head::{Head, Kind};
use crate::measure::{histogram, of_a_second};

const SHARDS: usize = 8;
/// Of the timeline: two hours.
const SECONDS_MAX: usize = 7_200;
/// The two processes read one clock; this is what reading it may cost.
const CLOCK_SLACK_US: u64 = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Sockets are being opened, or nothing is booked.
    Quiet,
    Booking,
    /// Booking, and some sockets have stopped reading.
    Stalled,
    /// Booking, and all sockets have come back at once.
    Storm,
}

pub const MEASURED: [(Phase, &str); 3] =
    [(Phase::Booking, "delivery"), (Phase::Stalled, "delivery, stalled"), (Phase::Storm, "delivery, storm")];

pub struct Tally {
    clock: Clock,
    started_us: u64,
    phase: AtomicU8,
    shards: Vec<Mutex<Shard>>,
    pub open: AtomicU64,
    pub opened: AtomicU64,
}

pub struct Shard {
    pub connect: Histogram<u64>,
    pub first: Histogram<u64>,
    /// From the moment all sockets dropped to a socket's next frame.
    pub back: Histogram<u64>,
    delivery: [Histogram<u64>; MEASURED.len()],
    pub seconds: Vec<Second>,
    pub frames: [u64; MEASURED.len()],
    pub bytes: [u64; MEASURED.len()],
    pub gaps: u64,
    pub backwards: u64,
    pub early: u64,
    /// Snapshots that came to a socket that had one.
    pub snapshots_again: u64,
    pub resumed: u64,
    pub closes: BTreeMap<String, u64>,
    pub refusals: BTreeMap<String, u64>,
    pub stalled_closed: u64,
    pub stalled_open: u64,
}

pub struct Second {
    pub frames: u64,
    pub deltas: u64,
    pub delivery: Histogram<u32>,
}

impl Tally {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            started_us: clock.started_at.timestamp_micros().unsigned_abs(),
            phase: AtomicU8::new(Phase::Quiet as u8),
            shards: (0..SHARDS).map(|_| Mutex::new(Shard::new())).collect(),
            open: AtomicU64::new(0),
            opened: AtomicU64::new(0),
        }
    }

    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
    }

    /// µs since 1970.
    pub fn now_us(&self) -> u64 {
        self.started_us + self.clock.passed().as_micros() as u64
    }

    pub fn shard(&self, socket: u32) -> MutexGuard<'_, Shard> {
        self.shards[socket as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of a socket that stalls: what it did not read for a while is late by its own doing.
    pub fn frame_of_stalling(&self, socket: u32, head: Head, bytes: u64, last: u64, now_us: u64) {
        if self.phase.load(Relaxed) != Phase::Stalled as u8 {
            self.frame(socket, head, bytes, last, now_us);
        }
    }

    /// A frame of `bytes` has come whole at `now_us`. `last` is the socket's state before it, 0 when it has none.
    pub fn frame(&self, socket: u32, head: Head, bytes: u64, last: u64, now_us: u64) {
        let phase = self.phase.load(Relaxed);
        let measured = MEASURED.iter().position(|(one, _)| *one as u8 == phase);
        let second = Duration::from_micros(now_us.saturating_sub(self.started_us)).as_secs();
        let mut shard = self.shard(socket);
        let shard = &mut *shard;
        if let Some(measured) = measured {
            shard.frames[measured] += 1;
            shard.bytes[measured] += bytes;
        }
        let second = shard.second(second);
        second.frames += 1;
        match head.kind {
            Kind::Delta => {
                second.deltas += 1;
                let took_us = now_us.saturating_sub(head.at_us).max(1);
                second.delivery.saturating_record(took_us);
                shard.early += u64::from(head.at_us > now_us + CLOCK_SLACK_US);
                shard.gaps += u64::from(head.prev > last);
                shard.backwards += u64::from(head.seq < last);
                if let Some(measured) = measured {
                    shard.delivery[measured].saturating_record(took_us);
                }
            }
            Kind::Snapshot => {
                shard.snapshots_again += u64::from(last > 0);
                shard.backwards += u64::from(head.seq < last);
            }
            Kind::Line | Kind::Bye | Kind::Other => {}
        }
    }

    pub fn count(&self, socket: u32, of: fn(&mut Shard) -> &mut BTreeMap<String, u64>, what: &str) {
        let mut shard = self.shard(socket);
        *of(&mut shard).entry(what.to_owned()).or_default() += 1;
    }

    pub fn took(&self, socket: u32, of: fn(&mut Shard) -> &mut Histogram<u64>, since: Instant) {
        let us = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        of(&mut self.shard(socket)).saturating_record(us);
    }

    /// All shards as one.
    pub fn sum(&self) -> Shard {
        let mut sum = Shard::new();
        for shard in &self.shards {
            sum.add(&shard.lock().unwrap_or_else(PoisonError::into_inner));
        }
        sum
    }
}

impl Shard {
    fn new() -> Self {
        Self {
            connect: histogram(),
            first: histogram(),
            back: histogram(),
            delivery: MEASURED.map(|_| histogram()),
            seconds: Vec::new(),
            frames: [0; MEASURED.len()],
            bytes: [0; MEASURED.len()],
            gaps: 0,
            backwards: 0,
            early: 0,
            snapshots_again: 0,
            resumed: 0,
            closes: BTreeMap::new(),
            refusals: BTreeMap::new(),
            stalled_closed: 0,
            stalled_open: 0,
        }
    }

    pub fn delivery(&self, phase: Phase) -> &Histogram<u64> {
        let at = MEASURED.iter().position(|(one, _)| *one == phase);
        &self.delivery[at.unwrap_or_else(|| unreachable!("only measured phases are asked for"))]
    }

    fn second(&mut self, index: u64) -> &mut Second {
        let index = usize::try_from(index).unwrap_or(SECONDS_MAX).min(SECONDS_MAX - 1);
        while self.seconds.len() <= index {
            self.seconds.push(Second { frames: 0, deltas: 0, delivery: of_a_second() });
        }
        &mut self.seconds[index]
    }

    fn add(&mut self, other: &Self) {
        let pairs =
            [(&mut self.connect, &other.connect), (&mut self.first, &other.first), (&mut self.back, &other.back)];
        for (sum, one) in pairs.into_iter().chain(self.delivery.iter_mut().zip(&other.delivery)) {
            sum.add(one).unwrap_or_else(|_| unreachable!("all have the same bounds"));
        }
        for (at, one) in other.seconds.iter().enumerate() {
            let sum = self.second(at as u64);
            sum.frames += one.frames;
            sum.deltas += one.deltas;
            sum.delivery.add(&one.delivery).unwrap_or_else(|_| unreachable!("it grows as needed"));
        }
        for at in 0..MEASURED.len() {
            self.frames[at] += other.frames[at];
            self.bytes[at] += other.bytes[at];
        }
        self.gaps += other.gaps;
        self.backwards += other.backwards;
        self.early += other.early;
        self.snapshots_again += other.snapshots_again;
        self.resumed += other.resumed;
        self.stalled_closed += other.stalled_closed;
        self.stalled_open += other.stalled_open;
        for (sum, one) in [(&mut self.closes, &other.closes), (&mut self.refusals, &other.refusals)] {
            one.iter().for_each(|(what, count)| *sum.entry(what.clone()).or_default() += count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_counts_where_and_when_it_came() {
        let tally = Tally::new(Clock::start());
        let now = tally.now_us();
        let delta = |prev, seq, at_us| Head { kind: Kind::Delta, prev, seq, at_us };
        tally.frame(1, Head { kind: Kind::Snapshot, prev: 0, seq: 5, at_us: 0 }, 900, 0, now);
        tally.frame(1, delta(5, 6, now - 20_000), 100, 5, now);
        tally.enter(Phase::Booking);
        tally.frame(1, delta(6, 8, now - 30_000), 100, 6, now);
        tally.frame(2, delta(7, 8, now + 5_000), 50, 6, now);
        tally.enter(Phase::Stalled);
        tally.frame_of_stalling(2, delta(8, 9, now - 9_000_000), 50, 8, now);
        tally.enter(Phase::Storm);
        tally.frame(2, delta(4, 5, now - 1_000), 50, 8, now);
        tally.frame(2, Head { kind: Kind::Snapshot, prev: 0, seq: 9, at_us: 0 }, 900, 8, now);
        let sum = tally.sum();
        assert_eq!((sum.frames, sum.bytes), ([2, 0, 2], [150, 0, 950]));
        assert_eq!((sum.gaps, sum.backwards, sum.early, sum.snapshots_again), (1, 1, 1, 1));
        assert_eq!(sum.delivery(Phase::Booking).len(), 2);
        assert!((29_900..30_100).contains(&sum.delivery(Phase::Booking).max()));
        assert_eq!((sum.delivery(Phase::Storm).len(), sum.delivery(Phase::Stalled).len()), (1, 0));
        assert_eq!((sum.seconds[0].frames, sum.seconds[0].deltas), (6, 4));
    }
}

//! The last deltas, for those who come back or have fallen behind a little.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::forms::{Form, Forms};

const AGE_MAX: Duration = Duration::from_secs(60);
const BYTES_MAX: usize = 1 << 20;

pub struct Ring {
    deltas: VecDeque<Delta>,
    bytes: usize,
    /// Where the oldest delta goes on from: who knows at least this much can be served.
    from: u64,
    /// Where the newest one ends.
    seq: u64,
}

struct Delta {
    seq: u64,
    prev: u64,
    at: Instant,
    forms: Forms,
}

/// What comes after a state that somebody knows.
#[derive(Debug, PartialEq, Eq)]
pub enum After<'a> {
    Nothing,
    Delta {
        seq: u64,
        frame: &'a Bytes,
    },
    /// It is too old, or never was: a snapshot is needed.
    Unknown,
}

impl Ring {
    /// Empty, at `seq`.
    pub const fn new(seq: u64) -> Self {
        Self { deltas: VecDeque::new(), bytes: 0, from: seq, seq }
    }

    /// Goes on where the last one ended.
    pub fn push(&mut self, seq: u64, forms: Forms, now: Instant) {
        self.bytes += forms.bytes();
        self.deltas.push_back(Delta { seq, prev: self.seq, at: now, forms });
        self.seq = seq;
        self.prune(now);
    }

    pub fn prune(&mut self, now: Instant) {
        let is_over = |bytes: usize, at: Instant| bytes > BYTES_MAX || now.duration_since(at) > AGE_MAX;
        while let Some(oldest) = self.deltas.pop_front_if(|oldest| is_over(self.bytes, oldest.at)) {
            self.bytes -= oldest.forms.bytes();
            self.from = oldest.seq;
        }
    }

    /// A state in the middle of a delta does not do: what has changed and changed back around it is in none.
    ///
    /// `bytes_max`: what the deltas to be sent may sum up to before a snapshot is cheaper.
    pub fn after(&self, seq: u64, form: Form, bytes_max: usize) -> After<'_> {
        if seq == self.seq {
            return After::Nothing;
        }
        if seq < self.from || seq > self.seq {
            return After::Unknown;
        }
        let next = self.deltas.partition_point(|delta| delta.seq <= seq);
        let Some(delta) = self.deltas.get(next) else { return After::Unknown };
        if delta.prev != seq {
            return After::Unknown;
        }
        let frame = delta.forms.of(form);
        let is_last = next + 1 == self.deltas.len();
        if !is_last && self.deltas.range(next..).map(|delta| delta.forms.of(form).len()).sum::<usize>() > bytes_max {
            return After::Unknown;
        }
        After::Delta { seq: delta.seq, frame }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(bytes: usize) -> Forms {
        Forms { json: Bytes::from(vec![b'j'; bytes]), binary: Bytes::from(vec![b'b'; bytes / 2]) }
    }

    fn seqs(ring: &Ring, mut seq: u64) -> Option<Vec<u64>> {
        let mut told = Vec::new();
        loop {
            match ring.after(seq, Form::Json, usize::MAX) {
                After::Nothing => return Some(told),
                After::Unknown => return None,
                After::Delta { seq: next, .. } => {
                    told.push(next);
                    seq = next;
                }
            }
        }
    }

    #[tokio::test]
    async fn who_is_behind_gets_every_delta_once_and_who_is_too_far_behind_none() {
        let now = Instant::now();
        let mut ring = Ring::new(10);
        assert_eq!(seqs(&ring, 10), Some(vec![]));
        assert_eq!((seqs(&ring, 9), seqs(&ring, 11)), (None, None));
        for seq in [13, 14, 20] {
            ring.push(seq, forms(100), now);
        }
        assert_eq!(seqs(&ring, 10), Some(vec![13, 14, 20]));
        assert_eq!((seqs(&ring, 11), seqs(&ring, 17)), (None, None), "in the middle of a delta");
        assert_eq!(seqs(&ring, 13), Some(vec![14, 20]));
        assert_eq!(seqs(&ring, 20), Some(vec![]));
        assert_eq!((seqs(&ring, 9), seqs(&ring, 21)), (None, None));
    }

    #[tokio::test]
    async fn it_is_bounded_by_bytes_and_by_age() {
        let now = Instant::now();
        let mut ring = Ring::new(0);
        for seq in 1..=40 {
            ring.push(seq, forms(BYTES_MAX / 15), now);
        }
        assert!(ring.bytes <= BYTES_MAX, "{}", ring.bytes);
        assert_eq!(ring.bytes, ring.deltas.iter().map(|delta| delta.forms.bytes()).sum::<usize>());
        assert_eq!((seqs(&ring, 29), seqs(&ring, 30)), (None, Some((31..=40).collect())));
        ring.prune(now + AGE_MAX + Duration::from_secs(1));
        assert_eq!((ring.bytes, seqs(&ring, 39), seqs(&ring, 40)), (0, None, Some(vec![])));
    }

    #[tokio::test]
    async fn a_snapshot_is_preferred_to_more_bytes_of_deltas() {
        let now = Instant::now();
        let mut ring = Ring::new(0);
        for seq in 1..=10 {
            ring.push(seq, forms(100), now);
        }
        assert_eq!(ring.after(4, Form::Json, 599), After::Unknown);
        assert!(matches!(ring.after(4, Form::Json, 600), After::Delta { seq: 5, .. }));
        assert!(matches!(ring.after(4, Form::Binary, 300), After::Delta { seq: 5, .. }));
        assert!(matches!(ring.after(9, Form::Json, 0), After::Delta { seq: 10, .. }), "the newest is always cheapest");
    }
}

//! The end of the log: torn by crashes, cut off by repairs, and lied about by planted bugs.

use engine::{Batch, Chunk};
use inventory::{Change, LineChange, Place, Record, SeatIx};

use super::{Entry, Inner};
use crate::bug::Bug;

impl Inner {
    /// Only the beginning of the commit reaches the disk.
    pub(super) fn tear(&mut self, batches: Vec<Batch>, now_us: i64) {
        if !batches.iter().all(|batch| self.accepts(batch)) {
            return;
        }
        self.ids += 1;
        let (commit, commit_batches) = (self.ids, batches.len());
        let whole = self.rng.below(commit_batches as u64) as usize;
        for (at, batch) in batches.into_iter().take(whole + 1).enumerate() {
            let mut records = batch.records;
            if at == whole {
                records.truncate(self.rng.below(records.len() as u64) as usize);
            }
            let chunk = Chunk { first_lsn: batch.first_lsn, last_lsn: batch.last_lsn, records };
            self.log.push(Entry { event: batch.event, chunk, landed_at_us: now_us, commit, commit_batches });
        }
    }

    /// Cuts a torn commit off the end.
    pub(super) fn repair(&mut self) {
        let Some(last) = self.log.last() else { return };
        let (commit, commit_batches) = (last.commit, last.commit_batches);
        let of_commit = self.log.iter().rev().take_while(|entry| entry.commit == commit);
        let is_whole = of_commit.clone().count() == commit_batches && of_commit.clone().all(is_readable);
        if !is_whole {
            self.reached.note("torn_tail_cut");
            self.log.retain(|entry| entry.commit != commit);
        }
    }

    pub(super) fn drop_last_commit(&mut self) {
        let Some(last) = self.log.last() else { return };
        let commit = last.commit;
        self.log.retain(|entry| entry.commit != commit);
        for (event, owned) in &mut self.events {
            let of_event = self.log.iter().filter(|entry| entry.event == *event);
            owned.last_lsn = of_event.map(|entry| entry.chunk.last_lsn.0).max().unwrap_or(0);
            owned.snapshots.retain(|snapshot| snapshot.lsn.0 <= owned.last_lsn);
        }
    }

    /// The records as the planted bug writes them.
    pub(super) fn falsified(&mut self, records: Vec<u8>) -> Vec<u8> {
        if !matches!(self.bug, Bug::SeatSwapped | Bug::ItemDropped) || !self.rng.percent(20) {
            return records;
        }
        let mut falsified = Vec::new();
        let mut at = 0;
        while let Ok(Some(mut record)) = Record::decode(&records, &mut at) {
            if let Change::HoldPlaced(placed) = &mut record.change {
                let placed = std::sync::Arc::make_mut(placed);
                if self.bug == Bug::ItemDropped && placed.items.len() > 1 {
                    placed.items.pop();
                }
                if let (Bug::SeatSwapped, Some(item)) = (self.bug, placed.items.first_mut())
                    && let Place::Seat(seat) = item.place
                {
                    item.place = Place::Seat(SeatIx(seat.0 ^ 1));
                }
            }
            record.encode(&mut falsified);
        }
        falsified
    }
}

/// The records as a planted bug reads them: nobody has come in.
pub fn without_sessions(records: &[u8]) -> Vec<u8> {
    let mut falsified = Vec::new();
    let mut at = 0;
    while let Ok(Some(mut record)) = Record::decode(records, &mut at) {
        match &mut record.change {
            Change::Line(LineChange::SessionStarted { user, .. }) => {
                record.change = Change::Line(LineChange::Left { user: *user, session: false, place: None });
            }
            Change::Line(LineChange::Left { session, .. }) => *session = false,
            _ => {}
        }
        record.encode(&mut falsified);
    }
    falsified
}

fn is_readable(entry: &Entry) -> bool {
    let mut at = 0;
    let mut last = None;
    loop {
        match Record::decode(&entry.chunk.records, &mut at) {
            Ok(Some(record)) => last = Some(record.lsn),
            Ok(None) => return last == Some(entry.chunk.last_lsn),
            Err(_) => return false,
        }
    }
}

//! Arranges the batches of one commit for the database: consecutive batches of one event become one, and a round holds
//! an event at most once, so that one statement can check and store a whole round.

use engine::{Appended, Batch};
use inventory::{EventId, Row};
use uuid::Uuid;

pub(crate) struct Plan {
    rounds: Vec<Round>,
    answers: Vec<Appended>,
}

#[derive(Default)]
pub(crate) struct Round {
    batches: Vec<Planned>,
}

pub(crate) struct Planned {
    pub event: EventId,
    pub epoch: i64,
    pub first_lsn: i64,
    pub last_lsn: i64,
    pub records: Vec<u8>,
    rows: Vec<Row>,
    /// Positions in the caller's list.
    members: Vec<usize>,
}

impl Plan {
    pub fn new(batches: Vec<Batch>) -> Self {
        // Refused until the database says otherwise. That is also the answer to a batch whose numbers no journal can
        // continue with.
        let answers = vec![Appended::Fenced; batches.len()];
        let mut plan = Self { rounds: Vec::new(), answers };
        for (index, batch) in batches.into_iter().enumerate() {
            if let Some(planned) = Planned::new(index, batch) {
                plan.add(planned);
            }
        }
        plan
    }

    fn add(&mut self, next: Planned) {
        let latest = self
            .rounds
            .iter()
            .enumerate()
            .rev()
            .find_map(|(round, content)| content.position(next.event).map(|position| (round, position)));
        let Some((round, position)) = latest else {
            return self.push(0, next);
        };
        let earlier = &mut self.rounds[round].batches[position];
        if earlier.epoch == next.epoch && earlier.last_lsn.checked_add(1) == Some(next.first_lsn) {
            earlier.absorb(next);
        } else {
            self.push(round + 1, next);
        }
    }

    fn push(&mut self, round: usize, planned: Planned) {
        if self.rounds.len() == round {
            self.rounds.push(Round::default());
        }
        self.rounds[round].batches.push(planned);
    }

    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// Whether lists of events show something else afterwards, apart from what is left of them.
    pub fn changes_catalogue(&self) -> bool {
        let mut rows = self.rounds.iter().flat_map(Round::rows);
        rows.any(|row| matches!(row, Row::EventStatus { .. } | Row::Offer(_)))
    }

    pub fn bytes(&self) -> usize {
        self.rounds.iter().flat_map(|round| &round.batches).map(|batch| batch.records.len()).sum()
    }

    /// The database stored the batches of these events and refused the rest of the round.
    pub fn settle(&mut self, round: usize, durable: &[Uuid]) {
        for batch in &self.rounds[round].batches {
            if durable.contains(&batch.event.uuid()) {
                for &member in &batch.members {
                    self.answers[member] = Appended::Durable;
                }
            }
        }
    }

    pub fn into_answers(self) -> Vec<Appended> {
        self.answers
    }
}

impl Round {
    pub fn batches(&self) -> &[Planned] {
        &self.batches
    }

    /// Of all batches, in the order in which they were given.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.batches.iter().flat_map(|batch| &batch.rows)
    }

    /// Whether any batch has rows that are written by statements of their own.
    pub fn has_rare_rows(&self) -> bool {
        self.rows().any(|row| match row {
            Row::Offer(_) | Row::SoldOut { .. } | Row::Conflict(_) | Row::BoxOfficeSale(_) | Row::Waitlist(_) => true,
            Row::Order(_)
            | Row::Ticket(_)
            | Row::Payment(_)
            | Row::Outbox(_)
            | Row::Ledger(_)
            | Row::EventStatus { .. } => false,
        })
    }

    /// Of the batches of these events.
    pub fn rows_of(&self, events: &[Uuid]) -> impl Iterator<Item = &Row> {
        self.batches.iter().filter(|batch| events.contains(&batch.event.uuid())).flat_map(|batch| &batch.rows)
    }

    fn position(&self, event: EventId) -> Option<usize> {
        self.batches.iter().position(|batch| batch.event == event)
    }
}

impl Planned {
    /// `None`: no journal has such an epoch or continues with such LSNs.
    fn new(index: usize, batch: Batch) -> Option<Self> {
        let epoch = i64::try_from(batch.epoch.0).ok()?;
        let first_lsn = i64::try_from(batch.first_lsn.0).ok()?;
        let last_lsn = i64::try_from(batch.last_lsn.0).ok()?;
        (1 <= first_lsn && first_lsn <= last_lsn).then_some(Self {
            event: batch.event,
            epoch,
            first_lsn,
            last_lsn,
            records: batch.records,
            rows: batch.rows,
            members: vec![index],
        })
    }

    fn absorb(&mut self, next: Self) {
        self.last_lsn = next.last_lsn;
        self.records.extend_from_slice(&next.records);
        self.rows.extend(next.rows);
        self.members.extend(next.members);
    }
}

#[cfg(test)]
mod tests {
    use engine::Epoch;
    use inventory::Lsn;

    use super::*;

    fn batch(event: u8, epoch: u64, first: u64, last: u64) -> Batch {
        Batch {
            event: EventId::from_bytes([event; 16]),
            epoch: Epoch(epoch),
            first_lsn: Lsn(first),
            last_lsn: Lsn(last),
            records: vec![event; usize::try_from(last.saturating_sub(first) + 1).unwrap_or(1).min(8)],
            rows: Vec::new(),
        }
    }

    fn shape(plan: &Plan) -> Vec<Vec<(u8, i64, i64)>> {
        let batches =
            |round: &Round| round.batches.iter().map(|b| (b.event.bytes()[0], b.first_lsn, b.last_lsn)).collect();
        plan.rounds.iter().map(batches).collect()
    }

    #[test]
    fn consecutive_batches_of_an_event_are_stored_as_one() {
        let mut plan = Plan::new(vec![batch(1, 1, 1, 2), batch(2, 1, 7, 7), batch(1, 1, 3, 4)]);
        assert_eq!(shape(&plan), [[(1, 1, 4), (2, 7, 7)]]);
        assert_eq!(plan.rounds[0].batches[0].records, [1; 4]);
        plan.settle(0, &[EventId::from_bytes([1; 16]).uuid()]);
        assert_eq!(plan.into_answers(), [Appended::Durable, Appended::Fenced, Appended::Durable]);
    }

    #[test]
    fn batches_that_do_not_continue_each_other_are_checked_one_after_the_other() {
        let plan = Plan::new(vec![batch(1, 1, 1, 2), batch(1, 1, 1, 2), batch(1, 1, 4, 4), batch(1, 2, 5, 5)]);
        assert_eq!(shape(&plan), [vec![(1, 1, 2)], vec![(1, 1, 2)], vec![(1, 4, 4)], vec![(1, 5, 5)]]);
    }

    #[test]
    fn numbers_that_no_journal_can_hold_are_fenced_without_asking_the_database() {
        let beyond = 1 << 63;
        let plan = Plan::new(vec![
            batch(1, beyond, 1, 1),
            batch(1, 1, beyond, beyond),
            batch(1, 1, 1, beyond),
            batch(1, 1, 0, 1),
            batch(1, 1, 2, 1),
        ]);
        assert_eq!(plan.rounds.len(), 0);
        assert_eq!(plan.into_answers(), [Appended::Fenced; 5]);
    }
}

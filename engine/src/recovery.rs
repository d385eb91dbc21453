//! From the journal to a running inventory: take the event over, restore the newest snapshot that verifies, apply the
//! records after it. Whatever does not add up is damage, and damage is never served.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use inventory::{EventId, Inventory, Lsn, Record};
use thiserror::Error;
use tokio::time::{Instant, timeout};

use crate::lease::{self, Lease};
use crate::{Chunk, EngineConfig, Epoch, Journal, JournalError, Owned, Snapshot};

pub(crate) struct Recovered {
    pub(crate) inventory: Inventory,
    pub(crate) epoch: Epoch,
    pub(crate) lease: Option<Lease>,
    /// Of the snapshot it was built on; [`Lsn::ZERO`] without one.
    pub(crate) snapshot: Lsn,
    pub(crate) records: u64,
}

#[derive(Debug, Error)]
pub(crate) enum RecoveryError {
    /// Worth another attempt.
    #[error("the journal did not answer")]
    Journal(#[source] JournalError),
    #[error("the journal did not answer within {0:?}")]
    TooSlow(Duration),
    /// Another node serves the event.
    #[error("another node owns the event")]
    OwnedElsewhere,
    /// An operator must look.
    #[error("the journal is damaged: {0}")]
    Damaged(String),
}

pub(crate) async fn recover<J: Journal>(
    journal: &J,
    event: EventId,
    config: &EngineConfig,
) -> Result<Recovered, RecoveryError> {
    let asked_at = Instant::now();
    let opened = within(config, journal.open(event)).await?;
    let (epoch, last) = (opened.epoch, opened.last_lsn);
    let lease = opened.lease.map(|term| Lease::new(term, asked_at));
    let (inventory, snapshot) = tokio::select! {
        biased;
        rebuilt = rebuild_from_newest(journal, event, opened.snapshot, last, config) => rebuilt?,
        () = lease::keep(journal, Owned { event, epoch }, lease.as_ref()) => return Err(RecoveryError::OwnedElsewhere),
    };
    let records = last.0.saturating_sub(snapshot.0);
    Ok(Recovered { inventory, epoch, lease, snapshot, records })
}

/// The newest snapshot that is good, and its LSN.
async fn rebuild_from_newest<J: Journal>(
    journal: &J,
    event: EventId,
    mut snapshot: Option<Snapshot>,
    last: Lsn,
    config: &EngineConfig,
) -> Result<(Inventory, Lsn), RecoveryError> {
    loop {
        let base = snapshot.as_ref().map(|snapshot| snapshot.lsn);
        match rebuild(journal, event, snapshot.take(), last, config).await? {
            Ok(inventory) => return Ok((inventory, base.unwrap_or(Lsn::ZERO))),
            Err(problem) => {
                let Some(base) = base else { return Err(RecoveryError::Damaged(problem)) };
                tracing::error!(%event, snapshot_lsn = base.0, problem, "event.snapshot does not verify");
                snapshot = within(config, journal.snapshot_below(event, base)).await?;
            }
        }
    }
}

async fn within<T>(
    config: &EngineConfig,
    call: impl Future<Output = Result<T, JournalError>>,
) -> Result<T, RecoveryError> {
    match timeout(config.journal_deadline, call).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(JournalError::OwnedElsewhere(_))) => Err(RecoveryError::OwnedElsewhere),
        Ok(Err(JournalError::Damaged { problem, .. })) => Err(RecoveryError::Damaged(problem)),
        Ok(Err(error)) => Err(RecoveryError::Journal(error)),
        Err(_) => Err(RecoveryError::TooSlow(config.journal_deadline)),
    }
}

/// The inner error is a problem of this snapshot or of the records after it.
async fn rebuild<J: Journal>(
    journal: &J,
    event: EventId,
    snapshot: Option<Snapshot>,
    last: Lsn,
    config: &EngineConfig,
) -> Result<Result<Inventory, String>, RecoveryError> {
    let mut inventory = match restore(event, snapshot) {
        Ok(inventory) => inventory,
        Err(problem) => return Ok(Err(problem)),
    };
    let base = inventory.lsn();
    while inventory.lsn() < last {
        let chunks = within(config, journal.read(event, inventory.lsn().next(), config.recovery_read_bytes)).await?;
        let reached = inventory.lsn();
        for chunk in chunks {
            inventory = match apply_chunk(inventory, &chunk, last) {
                Ok(inventory) => inventory,
                Err(problem) => return Ok(Err(problem)),
            };
            tokio::task::consume_budget().await;
        }
        if inventory.lsn() == reached {
            return Ok(Err(format!("the journal ends at {reached} and not at {last}")));
        }
    }
    if inventory.lsn() == base && base > Lsn::ZERO {
        // Restoring a snapshot has verified it.
        return Ok(Ok(inventory));
    }
    match catch_unwind(AssertUnwindSafe(|| inventory.verify())) {
        Ok(Ok(())) => Ok(Ok(inventory)),
        Ok(Err(violation)) => Ok(Err(format!("the state at {last}: {violation}"))),
        Err(_) => Ok(Err(format!("the state at {last} cannot be checked"))),
    }
}

fn restore(event: EventId, snapshot: Option<Snapshot>) -> Result<Inventory, String> {
    let Some(snapshot) = snapshot else { return Ok(Inventory::new(event)) };
    let inventory = catch_unwind(|| Inventory::restore(&snapshot.bytes))
        .map_err(|_| "restoring it panics".to_owned())?
        .map_err(|error| error.to_string())?;
    if inventory.lsn() != snapshot.lsn {
        return Err(format!("it holds the state at {}, not at {}", inventory.lsn(), snapshot.lsn));
    }
    Ok(inventory)
}

fn apply_chunk(inventory: Inventory, chunk: &Chunk, last: Lsn) -> Result<Inventory, String> {
    let mut inventory = inventory;
    let mut at = 0;
    loop {
        let record = match Record::decode(&chunk.records, &mut at) {
            Ok(Some(record)) => record,
            Ok(None) => return Ok(inventory),
            Err(error) => return Err(format!("records {} to {}: {error}", chunk.first_lsn, chunk.last_lsn)),
        };
        // The chunk may begin inside the snapshot, and after a takeover end behind what this epoch may know.
        if record.lsn <= inventory.lsn() || record.lsn > last {
            continue;
        }
        if record.lsn != inventory.lsn().next() {
            return Err(format!("record {} follows record {}", record.lsn, inventory.lsn()));
        }
        // An inventory that has panicked is dropped with its error.
        catch_unwind(AssertUnwindSafe(|| inventory.apply(&record)))
            .map_err(|_| format!("record {} breaks an invariant", record.lsn))?;
    }
}

#[cfg(test)]
mod tests {
    use inventory::{
        Command, Currency, HoldId, Origin, PlaceHold, Policy, RowSpec, SeatIx, SeatMapSpec, SeatSpec, SectionKind,
        SectionSpec, TierId, TierSpec, TimeUs, UserId, Verb, Want,
    };

    use super::*;
    use crate::{Appended, Batch, MemoryJournal};

    const EVENT: EventId = EventId::from_bytes([7; 16]);

    /// An event on sale with one hold per seat, all in the journal, in batches of `per_batch` records.
    async fn journaled(journal: &MemoryJournal, holds: u8, per_batch: usize) -> Inventory {
        let epoch = journal.open(EVENT).await.unwrap().epoch;
        let mut inventory = Inventory::new(EVENT);
        let verbs: Vec<Verb> = configuration().into_iter().chain((0..holds).map(hold)).collect();
        for verbs in verbs.chunks(per_batch) {
            let first_lsn = inventory.lsn().next();
            let mut records = Vec::new();
            for verb in verbs {
                let command = Command { origin: Origin::ENGINE, verb: verb.clone() };
                let at = TimeUs(1_000 + i64::try_from(inventory.lsn().0).unwrap());
                let change = inventory.decide(at, &command).unwrap();
                let record = Record { lsn: inventory.lsn().next(), at, origin: command.origin, change };
                inventory.apply(&record);
                record.encode(&mut records);
            }
            let batch = Batch { event: EVENT, epoch, first_lsn, last_lsn: inventory.lsn(), records, rows: vec![] };
            assert_eq!(journal.append(vec![batch]).await.unwrap(), [Appended::Durable]);
        }
        inventory
    }

    fn configuration() -> [Verb; 4] {
        let seat = |number: u8| {
            Some(SeatSpec {
                number: number.to_string(),
                category: None,
                accessible: false,
                companion: false,
                block: None,
            })
        };
        let row = RowSpec { id: "1".into(), seats: (0..100).map(seat).collect() };
        let kind = SectionKind::Rows(vec![row]);
        let section = SectionSpec { id: "A".into(), name: "A".into(), position: (0, 0), block: None, kind };
        let tier = TierSpec::new(TierId::from_bytes([1; 16]), "Full".into(), 5_000);
        [
            Verb::SetSeatMap(Box::new(SeatMapSpec { sections: vec![section], focal_point: (0, 0) })),
            Verb::SetTier(Box::new(tier)),
            Verb::SetPolicy(Box::new(Policy::new(Currency::new("EUR").unwrap()))),
            Verb::Publish,
        ]
    }

    fn hold(seat: u8) -> Verb {
        Verb::PlaceHold(PlaceHold {
            hold: HoldId::from_bytes([seat; 16]),
            customer: UserId::from_bytes([seat; 16]),
            wants: vec![Want::Seat { seat: SeatIx(seat.into()), tier: None }],
            access_codes: vec![],
            discount_codes: Box::default(),
            box_office: None,
        })
    }

    async fn recovered(journal: &MemoryJournal) -> Result<Recovered, RecoveryError> {
        let config = EngineConfig { recovery_read_bytes: 500, ..EngineConfig::default() };
        recover(journal, EVENT, &config).await
    }

    async fn put_snapshot(journal: &MemoryJournal, snapshot: Snapshot) {
        let epoch = journal.open(EVENT).await.unwrap().epoch;
        journal.put_snapshot(EVENT, epoch, snapshot).await.unwrap();
    }

    /// The state at an LSN in the middle of a batch, where no batch ends.
    async fn snapshot_at_40() -> Snapshot {
        let earlier = journaled(&MemoryJournal::default(), 36, 7).await;
        Snapshot { lsn: earlier.lsn(), bytes: earlier.snapshot() }
    }

    #[tokio::test]
    async fn an_event_that_nobody_has_touched_is_an_empty_draft() {
        let recovered = recovered(&MemoryJournal::default()).await.unwrap();
        assert_eq!((recovered.inventory.lsn(), recovered.epoch), (Lsn::ZERO, Epoch(1)));
        assert_eq!(recovered.inventory.digest(), Inventory::new(EVENT).digest());
    }

    #[tokio::test]
    async fn replay_reaches_the_digest_of_the_state_that_was_lost() {
        let journal = MemoryJournal::default();
        let lost = journaled(&journal, 90, 7).await;
        let recovered = recovered(&journal).await.unwrap();
        assert_eq!(recovered.inventory.digest(), lost.digest());
        assert_eq!((recovered.epoch, recovered.snapshot, recovered.records), (Epoch(2), Lsn::ZERO, 94));
    }

    #[tokio::test]
    async fn a_snapshot_inside_a_batch_and_the_records_after_it_reach_the_same_digest() {
        let journal = MemoryJournal::default();
        let lost = journaled(&journal, 90, 7).await;
        put_snapshot(&journal, snapshot_at_40().await).await;
        let recovered = recovered(&journal).await.unwrap();
        assert_eq!(recovered.inventory.digest(), lost.digest());
        assert_eq!((recovered.snapshot, recovered.records), (Lsn(40), 54));
    }

    #[tokio::test]
    async fn a_snapshot_that_does_not_verify_gives_way_to_the_one_before_it() {
        let journal = MemoryJournal::default();
        let lost = journaled(&journal, 90, 7).await;
        put_snapshot(&journal, snapshot_at_40().await).await;
        let mut bytes = lost.snapshot();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        put_snapshot(&journal, Snapshot { lsn: lost.lsn(), bytes }).await;
        let recovered = recovered(&journal).await.unwrap();
        assert_eq!((recovered.inventory.digest(), recovered.snapshot), (lost.digest(), Lsn(40)));
    }

    #[tokio::test]
    async fn without_a_good_snapshot_everything_is_replayed() {
        let journal = MemoryJournal::default();
        let lost = journaled(&journal, 90, 7).await;
        put_snapshot(&journal, Snapshot { lsn: lost.lsn(), bytes: vec![0; 100] }).await;
        let recovered = recovered(&journal).await.unwrap();
        assert_eq!((recovered.inventory.digest(), recovered.snapshot), (lost.digest(), Lsn::ZERO));
    }

    #[tokio::test]
    async fn a_gap_a_flipped_bit_and_a_wrong_change_are_damage() {
        let gap = MemoryJournal::default();
        journaled(&gap, 20, 7).await;
        gap.trim(EVENT, Lsn(7)).await.unwrap();

        let flipped = MemoryJournal::default();
        let state = journaled(&flipped, 20, 7).await;
        let mut records = Vec::new();
        let change = inventory::Change::HoldReleased { hold: HoldId::from_bytes([3; 16]) };
        let lsn = state.lsn().next();
        let record = Record { lsn, at: TimeUs(2_000), origin: Origin::ENGINE, change };
        record.encode(&mut records);
        let mut damaged = records.clone();
        *damaged.last_mut().unwrap() ^= 1;

        let twice = MemoryJournal::default();
        journaled(&twice, 20, 7).await;
        let mut repeated = records.clone();
        Record { lsn: lsn.next(), ..record }.encode(&mut repeated);

        for (journal, records, last_lsn) in [(&flipped, damaged, lsn), (&twice, repeated, lsn.next())] {
            let epoch = journal.open(EVENT).await.unwrap().epoch;
            let batch = Batch { event: EVENT, epoch, first_lsn: lsn, last_lsn, records, rows: vec![] };
            assert_eq!(journal.append(vec![batch]).await.unwrap(), [Appended::Durable]);
        }
        for (journal, expected) in [(&gap, "follows"), (&flipped, "checksum"), (&twice, "breaks an invariant")] {
            match recovered(journal).await {
                Err(RecoveryError::Damaged(problem)) => assert!(problem.contains(expected), "{problem}"),
                other => panic!("{expected}: {:?}", other.map(|recovered| recovered.inventory.lsn())),
            }
        }
    }
}

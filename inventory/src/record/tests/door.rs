use super::{currency, decoded, encoded, records_of};
use crate::record::HEAD_BYTES;
use crate::{Change, Direction, DoorChange, Policy, RefusedScan, TicketId, TimeUs, UndoReason};

/// What the door remembers and the limit of entries, which came with version 4.
const GOLDEN: &[u8] = include_bytes!("../../../golden/record-v4-door.bin");

fn door_changes() -> Vec<Change> {
    let (ticket, nonce, scanned_at) = (TicketId::from_bytes([3; 16]), u64::MAX, TimeUs(1_800_000_600_000_000));
    let queued = |direction, forced| DoorChange::ScanQueued { ticket, direction, nonce, scanned_at, forced };
    let conflicted = |reason| DoorChange::ScanConflicted {
        ticket,
        direction: Direction::Entry,
        nonce,
        scanned_at,
        forced: true,
        reason,
    };
    let reasons = [
        RefusedScan::Invalid,
        RefusedScan::Canceled,
        RefusedScan::Revoked,
        RefusedScan::InvalidTime { opens_at: TimeUs(-1) },
        RefusedScan::AlreadyRedeemed { at: scanned_at },
        RefusedScan::NotInside,
        RefusedScan::NoReentry,
        RefusedScan::Product,
        RefusedScan::Rules,
        RefusedScan::Undone,
    ];
    let undone = [UndoReason::Mistake, UndoReason::WrongPerson, UndoReason::TurnedAway, UndoReason::Other];
    let undone = undone.map(|reason| DoorChange::ScanUndone { ticket, nonce, reason });
    let changes = [queued(Direction::Entry, true), queued(Direction::Exit, false)];
    let changes = changes.into_iter().chain(reasons.map(conflicted)).chain(undone).map(Change::Door);
    let policy = Policy { entries_max: Some(70_000), ..Policy::new(currency()) };
    changes.chain([Change::PolicySetInFull(Box::new(policy))]).collect()
}

#[test]
fn version_4_of_the_door_is_written_and_read_as_ever() {
    let records = records_of(door_changes());
    assert_eq!(decoded(GOLDEN).unwrap(), records);
    assert!(encoded(&records) == GOLDEN, "the encoding of version 4 has changed: make it another version");
    assert_eq!(GOLDEN[HEAD_BYTES], 4);
}

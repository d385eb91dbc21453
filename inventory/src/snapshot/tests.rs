use super::{HEAD_BYTES, SnapshotError, VERSION};
use crate::stage::Stage;
use crate::{Change, EventId, Inventory, LineChange};

/// Snapshots as released builds wrote them. These files are never written again.
const GOLDEN: &[u8] = include_bytes!("../../golden/snapshot-v1.bin");
const GOLDEN_LINE: &[u8] = include_bytes!("../../golden/snapshot-v2.bin");
const GOLDEN_TERMS: &[u8] = include_bytes!("../../golden/snapshot-v3.bin");
const GOLDEN_REFUND_STEPS: &[u8] = include_bytes!("../../golden/snapshot-v4-refund-steps.bin");
const GOLDEN_DOOR: &[u8] = include_bytes!("../../golden/snapshot-v4-door.bin");
const GOLDEN_DISCOUNTS: &[u8] = include_bytes!("../../golden/snapshot-v4-discounts.bin");
const GOLDEN_WAITLIST: &[u8] = include_bytes!("../../golden/snapshot-v5-waitlist.bin");

/// Some of everything that a snapshot holds.
fn stage() -> Stage {
    let mut stage = Stage::draft("A 1000 !vip | oooo_oooo | PPac\nF 2000 area 9");
    stage.play(
        "policy doors=1s                    -> ok
         tier full quotas=q/20 customer=9   -> ok
         tier fans code=x sections=F        -> ok
         publish                            -> ok
         hold h1 ann A-1-1 A-1-2 F*2 key=k1/a -> A-1-1 A-1-2 F*2
         hold h2 bob A-1-6 A-1-7            -> A-1-6 A-1-7
         hold h3 bob A-1-4                  -> A-1-4
         hold h4 eve F*1:fans code=x        -> F*1
         withhold vip                       -> ok
         release h3 bob                     -> released
         order o1 h1 ann                    -> pending until 600s
         order o2 h2 bob                    -> pending until 600s
         start o2 bob p9                    -> started until 900s
         pay o1 p1 4000 key=k2/a            -> paid 4 tickets A-1-1 A-1-2 F*2
         pay o1 p2 4000                     -> payment refused
         tick 1s
         in o1.1 nonce=5                    -> in at 1s
         transfer o1.2 ann bob              -> generation 2
         void o1.3                          -> voided
         refund o1 10 o1.4                  -> partially_refunded 10",
    );
    stage
}

/// The same, and a waiting room.
fn stage_with_line() -> Stage {
    let mut stage = stage();
    stage.play(
        "room from=2s opens=3s beacon=x rate=600 max=3 session=1m claim=10s secret=9 -> ok
         leave sue 2                        -> left
         tick 3s",
    );
    // Without a closing of its own, as builds of that time opened a line whose value came first.
    stage.recorded(Change::Line(LineChange::Opened { joined: 9, shuffled: 9, beacon_value: Some("abc".into()) }));
    stage.play(
        "tick 1s
         # One of the first has left.
         call 12                            -> called 4
         enter ann pass=p/2                 -> session 1 until 65s",
    );
    stage
}

/// Terms of tiers and access codes, in a hold, in an order, and in an answer that outlives its hold.
fn stage_with_terms() -> Stage {
    let mut stage = Stage::draft("A 1000 | oooooooooo\nF 2000 area 9");
    stage.play(
        "tier full steps=500/3,700/2@1h sections=A about=all refund=50 position=2 -> ok
         tier pit needs-code sections=F     -> ok
         tier old steps=5/5                 -> ok
         delete-tier old                    -> ok
         code fan tiers=pit max=6 until=1h  -> ok
         code crew closed                   -> ok
         publish                            -> ok
         hold h1 ann best*4 F*2:pit code=fan key=k1/a -> F*2 A-1-4 A-1-5 A-1-6 A-1-7
         order o1 h1 ann                    -> pending until 600s
         pay o1 p1 4200                     -> paid 6 tickets F*2 A-1-4 A-1-5 A-1-6 A-1-7
         refund o1 500 o1.1 o1.5            -> partially_refunded 500
         hold h2 bob F*3:pit code=fan       -> F*3
         hold h3 bob F*1:pit code=fan key=k2/a -> F*1
         release h3 bob                     -> released",
    );
    stage
}

/// Steps of refunds that a tier promises, and others that an order was promised.
fn stage_with_refund_steps() -> Stage {
    let mut stage = Stage::draft("F 2000 area 9");
    stage.play(
        "tier full refund=100/14d,50/2d|20d -> ok
         tier pit refund=30                 -> ok
         publish                            -> ok
         hold h1 ann F*3:full F*1:pit       -> F*3 F*1
         order o1 h1 ann                    -> pending until 600s
         pay o1 p1 4000                     -> paid 4 tickets F*3 F*1
         refund o1 ann@10d o1.1 wallet      -> partially_refunded 500
         patch-tier full refund=80/1d       -> ok",
    );
    stage
}

/// Entries that count though they are forgotten, undone scans, conflicts, a rule, and an answer that says so.
fn stage_with_door() -> Stage {
    let mut stage = Stage::on_sale("A 1000 | oooo");
    stage.play(
        "policy entries=6               -> ok
         hold h1 ann A-1-1 A-1-2        -> A-1-1 A-1-2
         order o1 h1 ann                -> pending until 600s
         pay o1 p1 2000                 -> paid 2 tickets A-1-1 A-1-2",
    );
    for _ in 0..5 {
        stage.play("in o1.1 -> in at 0s\nout o1.1 -> out at 0s");
    }
    stage.play(
        "in o1.2 nonce=1                -> in at 0s
         undo o1.2 nonce=1              -> undone in at 0s
         in o1.2 nonce=2 queued=0s      -> in at 0s
         tick 5s
         in o1.2 nonce=3 queued=1s key=k1/a -> conflict already_redeemed at 1s
         out o1.2 nonce=4               -> out at 5s",
    );
    stage
}

/// Discount codes, in a hold, in an order that is refunded in part, and in an answer that outlives its hold.
fn stage_with_discounts() -> Stage {
    let mut stage = Stage::draft("A 1000 | oooooooooo\nF 2000 area 9");
    stage.play(
        "tier full steps=900/3              -> ok
         tier pit needs-code sections=F     -> ok
         code fan                           -> ok
         discount half uses=3 max=8 customer=2 until=1h -> ok
         discount less off=250 tiers=pit    -> ok
         publish                            -> ok
         hold h1 ann best*2:full F*3:pit code=fan off=half,less key=k1/a -> F*3 A-1-5 A-1-6
         order o1 h1 ann                    -> pending until 600s
         pay o1 p1 2400                     -> paid 5 tickets F*3 A-1-5 A-1-6
         refund o1 worth o1.1 o1.5          -> partially_refunded 950
         hold h2 bob F*3:pit code=fan off=less -> F*3
         hold h3 bob A-1-1:full off=half key=k2/a -> A-1-1
         release h3 bob                     -> released",
    );
    stage
}

/// Somebody who waits, with and without priority, and somebody who has an offer.
fn stage_with_waitlist() -> Stage {
    let mut stage = Stage::on_sale("A 1000 | oooo\nF 2000 area 2");
    stage.play(
        "waitlist offer=2h closes=2d        -> ok
         hold h1 sue A-1-1 A-1-2            -> A-1-1 A-1-2
         order o1 h1 sue                    -> pending until 600s
         hold h2 pat F*2                    -> F*2
         tick 10m
         expire                             -> expired 2
         hold h3 pat best*4                 -> A-1-1 A-1-2 A-1-3 A-1-4
         hold h4 pat F*2                    -> F*2
         join ann 1 area=F                  -> entry 1
         join bob 3                         -> entry 2
         pay o1 p1 2000                     -> payment refused
         release h4 pat                     -> released
         serve                              -> offer 1 F*1 until 7800s",
    );
    stage
}

#[test]
fn a_restored_list_goes_on_where_the_other_stopped() {
    let mut stage = stage_with_waitlist();
    stage.check();
    stage.inventory = Inventory::restore(&stage.inventory.snapshot()).unwrap();
    stage.play(
        "join ann 1                         -> WAITLIST_JOINED 1
         release h3 pat                     -> released
         hold h9 eve best*1                 -> WAITLIST_FIRST
         serve                              -> offer 3 A-1-1 A-1-2 until 7800s
         serve                              -> WAITLIST_IDLE
         quit sue                           -> released
         serve                              -> offer 2 A-1-1 A-1-2 A-1-3 until 7800s",
    );
    stage.check();
}

#[test]
fn a_restored_promise_is_kept() {
    let mut stage = stage_with_refund_steps();
    stage.check();
    stage.inventory = Inventory::restore(&stage.inventory.snapshot()).unwrap();
    stage.play(
        "refund o1 ann@14d o1.2             -> partially_refunded 1000
         refund o1 ann@1d o1.3              -> REFUND_NOT_PROMISED
         refund o1 ann@1d                   -> partially_refunded 300
         hold h2 bob F*1:full               -> F*1
         order o2 h2 bob                    -> pending until 600s
         pay o2 p2 1000                     -> paid 1 tickets F*1
         refund o2 bob@1d                   -> refunded 800",
    );
    stage.check();
}

#[test]
fn a_restored_door_goes_on_where_the_other_stopped() {
    let mut stage = stage_with_door();
    stage.check();
    stage.inventory = Inventory::restore(&stage.inventory.snapshot()).unwrap();
    stage.play(
        "in o1.2 nonce=3 queued=1s key=k1/a -> conflict already_redeemed at 1s
         in o1.2 nonce=3 queued=1s      -> conflict already_redeemed at 1s
         in o1.2 nonce=1                -> SCAN_REFUSED undone
         undo o1.2 nonce=1              -> undone in at 0s
         undo o1.2 nonce=4              -> undone out at 5s
         in o1.1                        -> in at 5s
         out o1.1                       -> out at 5s
         in o1.1                        -> SCAN_REFUSED rules",
    );
    stage.check();
}

#[test]
fn restored_discounts_go_on_where_the_others_stopped() {
    let mut stage = stage_with_discounts();
    stage.check();
    stage.inventory = Inventory::restore(&stage.inventory.snapshot()).unwrap();
    stage.play(
        "discount half max=2                -> DISCOUNT_CODE_INVALID it cannot be for 2: 3 are held or sold by it
         hold h3 bob A-1-1:full off=half key=k2/a -> A-1-1
         hold h4 ann A-1-1:full off=half    -> A-1-1
         hold h5 ann A-1-2:full off=half    -> DISCOUNT_CODE_PER_CUSTOMER 0 of 2
         hold h5 eve A-1-2:full A-1-3:full A-1-4:full off=half -> A-1-2 A-1-3 A-1-4
         hold h6 joe A-1-7:full off=half    -> DISCOUNT_CODE_SPENT 0 has 0
         refund o1 worth                    -> refunded 1450
         order o2 h2 bob                    -> pending until 600s
         pay o2 p2 2250                     -> paid 3 tickets F*3
         refund o2 worth                    -> refunded 2250",
    );
    stage.check();
}

#[test]
fn restored_terms_go_on_where_the_others_stopped() {
    let mut stage = stage_with_terms();
    stage.check();
    stage.inventory = Inventory::restore(&stage.inventory.snapshot()).unwrap();
    stage.play(
        "tier old                          -> TIER_INVALID it was deleted
         hold h4 eve F*3:pit code=fan       -> ACCESS_CODE_SPENT 2
         hold h4 eve F*2:pit code=fan       -> F*2
         hold h5 eve F*1:pit code=crew      -> ACCESS_CODE_REQUIRED item 0
         hold h3 bob F*1:pit code=fan key=k2/a -> F*1
         release h2 bob                     -> released
         hold h6 eve A-1-1 A-1-2 A-1-3 F*3:pit code=fan -> A-1-1 A-1-2 A-1-3 F*3
         order o6 h6 eve                    -> pending until 600s
         # One at the first step, one at the second, the third at the tier's own price.
         pay o6 p6 5200                     -> paid 6 tickets A-1-1 A-1-2 A-1-3 F*3
         refund o6 0                        -> refunded 0",
    );
    stage.check();
}

#[test]
fn snapshots_are_written_and_read_as_ever() {
    let kept = [
        (GOLDEN, stage(), 1),
        (GOLDEN_LINE, stage_with_line(), 2),
        (GOLDEN_TERMS, stage_with_terms(), 3),
        (GOLDEN_REFUND_STEPS, stage_with_refund_steps(), 4),
        (GOLDEN_DOOR, stage_with_door(), 4),
        (GOLDEN_DISCOUNTS, stage_with_discounts(), 4),
        (GOLDEN_WAITLIST, stage_with_waitlist(), 5),
    ];
    for (golden, stage, version) in kept {
        assert_eq!(golden[4], version);
        assert!(stage.inventory.snapshot() == golden, "version {version} has changed: make it another version");
        let restored = Inventory::restore(golden).unwrap();
        assert_eq!(restored.digest(), stage.inventory.digest());
        assert_eq!(restored.line_view(), stage.inventory.line_view());
    }
}

#[test]
fn a_restored_line_goes_on_where_the_other_stopped() {
    let mut stage = stage_with_line();
    stage.check();
    let numbers: Vec<u32> = {
        let view = stage.inventory.line_view();
        (0..12).filter(|number| *number != 2 && view.rank(*number).is_some_and(|rank| rank < view.called)).collect()
    };
    assert_eq!(numbers.len(), 3);
    stage.inventory = Inventory::restore(&stage.inventory.snapshot()).unwrap();
    stage.play(&format!(
        "enter ann 0                        -> session 1 until 65s
         enter bob {}                       -> session 2 until 65s
         enter sue 2                        -> PLACE_LAPSED
         enter sue {}                       -> PLACE_LAPSED
         enter eve pass=p/2                 -> session 3 until 65s
         enter cat pass=p/2                 -> PASS_SPENT
         call 12                            -> NOBODY_TO_CALL shoppers
         tick 1m
         call 12                            -> called 7
         hold h8 ann A-1-4                  -> QUEUE_REQUIRED",
        numbers[0], numbers[0],
    ));
    stage.check();
}

#[test]
fn a_restored_event_goes_on_where_the_other_stopped() {
    let mut stage = stage();
    stage.check();
    let digest = stage.inventory.digest();
    let restored = Inventory::restore(&stage.inventory.snapshot()).unwrap();
    assert_eq!(
        (restored.digest(), restored.lsn(), restored.phase()),
        (digest, stage.inventory.lsn(), stage.inventory.phase())
    );
    stage.inventory = restored;
    stage.play(
        "hold h9 ann best*9 key=k1/a    -> A-1-1 A-1-2 F*2
         hold h9 ann best*9 key=k1/b    -> IDEMPOTENCY_KEY_REUSED
         in o1.1 nonce=5                -> in at 1s
         pay o1 p1 4000                 -> paid 4 tickets A-1-1 A-1-2 F*2
         pay o1 p2 4000                 -> payment refused
         release h3 bob                 -> released
         start o2 bob p8                -> started until 900s
         open vip                       -> ok
         pay o2 p8 2000                 -> paid 2 tickets A-1-6 A-1-7
         tick 10m
         expire                         -> expired 1",
    );
    stage.check();
}

#[test]
fn the_digest_sees_every_change() {
    let mut stage = stage();
    let mut digests = vec![stage.inventory.digest()];
    for row in [
        "room off session=1m -> ok",
        "room secret=2 -> ok",
        "open-line 1 -> opened 0",
        "call 2 -> called 1",
        "leave ann 1 -> left",
        "enter bob 0 -> session 1 until 601s",
        "release h4 eve -> released",
        "in o1.2 gen=2 -> in at 1s",
        "out o1.1 -> out at 1s",
        "open vip -> ok",
    ] {
        stage.play(row);
        digests.push(stage.inventory.digest());
    }
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), count);
}

#[test]
fn a_damaged_snapshot_is_refused_at_every_byte() {
    let snapshot = stage_with_line().inventory.snapshot();
    for at in 0..snapshot.len() {
        let mut flipped = snapshot.clone();
        flipped[at] ^= 1 << (at % 8);
        let expected = if at < 4 { SnapshotError::Magic } else { SnapshotError::Checksum };
        assert_eq!(Inventory::restore(&flipped).unwrap_err(), expected, "byte {at}");
        let cut = Inventory::restore(&snapshot[..at]).unwrap_err();
        assert_eq!(cut, if at < HEAD_BYTES { SnapshotError::Magic } else { SnapshotError::Checksum });
    }
}

/// Writes the checksum anew, as a build with another idea of the state would.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&bytes[..13]);
    crc.update(&bytes[HEAD_BYTES..]);
    let crc = crc.finalize().to_le_bytes();
    bytes[13..HEAD_BYTES].copy_from_slice(&crc);
    bytes
}

#[test]
fn a_snapshot_of_another_build_is_refused() {
    let snapshot = Inventory::new(EventId::from_bytes([1; 16])).snapshot();
    assert!(Inventory::restore(&sealed(snapshot.clone())).is_ok());
    let mut newer = snapshot.clone();
    newer[4] = VERSION + 1;
    assert_eq!(Inventory::restore(&sealed(newer)).unwrap_err(), SnapshotError::Version { version: VERSION + 1 });
    let mut other = snapshot.clone();
    other[5] ^= 1;
    assert!(matches!(Inventory::restore(&sealed(other)), Err(SnapshotError::Digest { .. })));
    let mut longer = snapshot;
    longer.push(0);
    assert_eq!(Inventory::restore(&sealed(longer)).unwrap_err(), SnapshotError::Body);
}

use crate::stage::Stage;

fn bought() -> Stage {
    let mut stage = Stage::on_sale("A 1000 | oooo");
    stage.play(
        "hold h1 ann A-1-1 A-1-2 -> A-1-1 A-1-2
         order o1 h1 ann         -> pending until 600s
         pay o1 p1 2000          -> paid 2 tickets A-1-1 A-1-2",
    );
    stage
}

#[test]
fn a_ticket_enters_once_and_a_retry_is_the_same_scan() {
    bought()
        .play(
            "in o1.1 nonce=1     -> in at 0s
             tick 5s
             in o1.1 nonce=1     -> in at 0s
             # Another gate, another nonce: refused, whichever came second.
             in o1.1 nonce=2     -> SCAN_REFUSED already_redeemed
             out o1.2            -> SCAN_REFUSED not_inside
             out o1.1 nonce=3    -> out at 5s
             out o1.1 nonce=4    -> SCAN_REFUSED not_inside
             in o1.1 nonce=5     -> in at 5s
             out o1.1 nonce=3    -> out at 5s
             in o9.1             -> TICKET_NOT_FOUND",
        )
        .check();
}

#[test]
fn only_the_last_nonces_are_remembered() {
    let mut stage = bought();
    stage.play("in o1.1 nonce=1 -> in at 0s");
    for _ in 0..4 {
        stage.play("out o1.1 -> out at 0s\nin o1.1 -> in at 0s");
    }
    stage.play("in o1.1 nonce=1 -> SCAN_REFUSED already_redeemed").check();
}

#[test]
fn doors_and_reentry() {
    bought()
        .play(
            "policy doors=60s no-reentry -> ok
             in o1.1                     -> SCAN_REFUSED invalid_time
             tick 60s
             in o1.1                     -> in at 60s
             out o1.1                    -> out at 60s
             in o1.1                     -> SCAN_REFUSED no_reentry
             cancel-event                -> ok
             in o1.2                     -> EVENT_CANCELLED
             void o1.2                   -> EVENT_CANCELLED
             transfer o1.2 ann bob       -> EVENT_CANCELLED",
        )
        .check();
}

#[test]
fn a_transfer_ends_the_old_code() {
    let mut stage = bought();
    stage.play(
        "transfer o1.1 bob eve -> TICKET_NOT_FOUND
         transfer o9.1 ann eve -> TICKET_NOT_FOUND
         transfer o1.1 ann bob -> generation 2
         transfer o1.1 ann eve -> TICKET_NOT_FOUND
         in o1.1 gen=1         -> SCAN_REFUSED revoked
         in o1.1 gen=3         -> SCAN_REFUSED invalid
         in o1.1 gen=2         -> in at 0s
         transfer o1.1 bob eve -> TICKET_USED
         void o1.1             -> TICKET_USED
         out o1.1 gen=2        -> out at 0s
         transfer o1.1 bob eve -> TICKET_USED
         void o1.2             -> voided
         transfer o1.2 ann eve -> TICKET_VOID",
    );
    stage.check();
}

#[test]
fn a_ticket_enters_as_often_as_the_event_allows() {
    let mut stage = bought();
    stage.play(
        "in o1.2              -> in at 0s
         policy entries=0     -> POLICY_INVALID entries_max must be from 1 to 1000
         policy entries=2     -> ok
         in o1.1              -> in at 0s
         out o1.1             -> out at 0s
         in o1.1              -> in at 0s
         out o1.1             -> out at 0s
         in o1.1              -> SCAN_REFUSED rules
         # The entry before the rule counts as well.
         out o1.2             -> out at 0s
         in o1.2              -> in at 0s
         out o1.2             -> out at 0s
         in o1.2              -> SCAN_REFUSED rules
         policy entries=3     -> ok
         in o1.2              -> in at 0s",
    );
    stage.check();
}

#[test]
fn entries_count_when_their_scans_are_forgotten() {
    let mut stage = bought();
    stage.play("policy entries=6 -> ok");
    for _ in 0..6 {
        stage.play("in o1.1 -> in at 0s\nout o1.1 -> out at 0s");
    }
    stage.play("in o1.1 -> SCAN_REFUSED rules").check();
}

#[test]
fn the_last_scan_is_undone_once_and_does_not_come_back() {
    bought()
        .play(
            "undo o1.1 nonce=1   -> SCAN_NOT_FOUND
             undo o9.1 nonce=1   -> TICKET_NOT_FOUND
             in o1.1 nonce=1     -> in at 0s
             tick 5s
             undo o1.1 nonce=1   -> undone in at 0s
             undo o1.1 nonce=1   -> undone in at 0s
             # A late retry of the scan that was taken back.
             in o1.1 nonce=1     -> SCAN_REFUSED undone
             in o1.1 nonce=1 queued=0s -> SCAN_REFUSED undone
             in o1.1 nonce=2     -> in at 5s
             out o1.1 nonce=3    -> out at 5s
             undo o1.1 nonce=2   -> SCAN_NOT_LAST
             undo o1.1 nonce=3   -> undone out at 5s
             in o1.1 nonce=4     -> SCAN_REFUSED already_redeemed
             undo o1.1 nonce=2   -> undone in at 5s
             transfer o1.1 ann bob -> generation 2
             in o1.1 gen=2 nonce=5 -> in at 5s
             cancel-event        -> ok
             undo o1.1 nonce=5   -> EVENT_CANCELLED",
        )
        .check();
}

#[test]
fn an_undone_entry_is_no_entry_and_undoing_ends_somewhere() {
    let mut stage = bought();
    stage.play("policy entries=1 -> ok");
    for nonce in 0..7 {
        stage.play(&format!("in o1.1 nonce={nonce} -> in at 0s\nundo o1.1 nonce={nonce} -> undone in at 0s"));
    }
    stage
        .play(
            "in o1.1 nonce=9   -> in at 0s
             undo o1.1 nonce=9 -> UNDOS_TOO_MANY 7
             out o1.1          -> out at 0s
             in o1.1           -> SCAN_REFUSED rules",
        )
        .check();
}

/// RELIABILITY T34: devices that were offline.
#[test]
fn a_queued_scan_counts_at_its_time_and_never_admits_twice() {
    bought()
        .play(
            "policy doors=10s          -> ok
             tick 60s
             in o1.1 nonce=1 queued=20s -> in at 20s
             in o1.1 nonce=1 queued=20s -> in at 20s
             # Before the doors, by the device's clock.
             in o1.2 nonce=2 queued=5s  -> conflict invalid_time at 5s
             in o1.2 nonce=3 queued=5s forced -> in at 5s
             # Another device let the same ticket in.
             in o1.1 nonce=4 queued=15s -> conflict already_redeemed at 15s
             in o1.1 nonce=5 queued=16s forced -> conflict already_redeemed at 16s
             out o1.1 nonce=6           -> out at 60s
             # Sent once more: the same answer, though it would do now.
             in o1.1 nonce=4 queued=15s -> conflict already_redeemed at 15s
             in o1.1 nonce=4            -> conflict already_redeemed at 15s
             # A clock that is ahead.
             in o1.1 nonce=7 queued=90s -> in at 60s
             out o1.1 gen=2 nonce=8 queued=50s -> conflict invalid at 50s
             in o9.1 nonce=9 queued=5s  -> TICKET_NOT_FOUND",
        )
        .check();
}

#[test]
fn what_is_void_or_gone_is_not_forced_in() {
    bought()
        .play(
            "policy no-reentry               -> ok
             transfer o1.1 ann bob           -> generation 2
             void o1.2                       -> voided
             in o1.1 gen=1 queued=0s forced  -> conflict revoked at 0s
             in o1.2 queued=0s forced        -> conflict canceled at 0s
             out o1.1 gen=2 queued=0s forced -> conflict not_inside at 0s
             in o1.1 gen=2                   -> in at 0s
             out o1.1 gen=2                  -> out at 0s
             in o1.1 gen=2 queued=0s         -> conflict no_reentry at 0s
             in o1.1 gen=2 queued=0s forced  -> in at 0s
             cancel-event                    -> ok
             out o1.1 gen=2 queued=0s        -> EVENT_CANCELLED",
        )
        .check();
}

#[test]
fn conflicts_of_one_ticket_end_somewhere() {
    let mut stage = bought();
    stage.play("in o1.1 -> in at 0s");
    for nonce in 0..32 {
        stage.play(&format!("in o1.1 nonce={nonce} queued=0s -> conflict already_redeemed at 0s"));
    }
    stage.play("in o1.1 nonce=99 queued=0s -> SCAN_REFUSED already_redeemed").check();
}

#[test]
fn a_list_is_for_its_tiers_and_sections() {
    let mut stage = Stage::draft("A 1000 | oooo\nF 2000 area 9");
    stage.play(
        "tier full sections=A          -> ok
         tier pit sections=F           -> ok
         publish                       -> ok
         hold h1 ann A-1-1 A-1-2 F*1   -> A-1-1 A-1-2 F*1
         order o1 h1 ann               -> pending until 600s
         pay o1 p1 3000                -> paid 3 tickets A-1-1 A-1-2 F*1
         in o1.1 list=pit              -> SCAN_REFUSED product
         in o1.1 list=/F               -> SCAN_REFUSED product
         in o1.1 list=full/F           -> SCAN_REFUSED product
         in o1.1 list=full,pit/A       -> in at 0s
         # Whoever is inside may leave by any gate.
         out o1.1 list=pit             -> out at 0s
         in o1.3 list=pit/F,A          -> in at 0s
         in o1.2 list=pit queued=0s    -> conflict product at 0s
         in o1.2 list=pit queued=0s forced -> in at 0s",
    );
    stage.check();
    let mut counts = stage.inventory.headcounts();
    counts.sort_by(|a, b| a.part.cmp(&b.part));
    let told: Vec<_> = counts.iter().map(|it| (it.tier.0, it.part.as_str(), it.count.inside, it.count.left)).collect();
    assert_eq!(told, [(0, "A", 1, 1), (1, "F", 1, 0)]);
}

#[test]
fn ticket_ids_are_new_version_7_and_do_not_follow_one_another() {
    let stage = bought();
    let order = stage.inventory.order(crate::OrderId::from_bytes(*b"o1\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    let tickets = order.expect("the order is known").tickets;
    assert_eq!(tickets.len(), 2);
    for ticket in &tickets {
        let uuid = ticket.uuid();
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(u64::from_be_bytes([0, 0, 0, 0, 0, 0, 0, 0]) + (uuid.as_u128() >> 80) as u64, 1_800_000_000_000);
    }
    let differing = (tickets[0].uuid().as_u128() ^ tickets[1].uuid().as_u128()).count_ones();
    assert!(differing > 20, "{differing} of 74 random bits differ");
}

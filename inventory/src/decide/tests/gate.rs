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

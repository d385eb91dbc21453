use crate::stage::Stage;

const ROW: &str = "A 1000 | oooo!\nF 2000 area 9";

fn bought() -> Stage {
    let mut stage = Stage::on_sale(ROW);
    stage.play(
        "hold h1 ann A-1-1 A-1-2 A-1-5 F*2 -> A-1-1 A-1-2 A-1-5 F*2
         order o1 h1 ann                   -> pending until 600s
         pay o1 p1 5000                    -> paid 5 tickets A-1-1 A-1-2 A-1-5 F*2",
    );
    stage
}

#[test]
fn refunds_return_places_and_end_tickets() {
    bought()
        .play(
            "refund o1 5001             -> REFUND_EXCEEDS 5000
             refund o1 -1               -> REFUND_EXCEEDS 5000
             refund o1 500 o2.1         -> TICKET_NOT_FOUND
             refund o1 900 o1.2 o1.2    -> partially_refunded 900
             seats                      -> sffffs
             refund o1 0 o1.2           -> TICKET_VOID
             in o1.2                    -> SCAN_REFUSED canceled
             refund o1 4101             -> REFUND_EXCEEDS 4100
             # All that are left; the money may be less.
             refund o1 4000             -> refunded 4000
             seats                      -> fffff
             refund o1 0                -> ORDER_TRANSITION refunded refunded
             pay o1 p2 5000             -> payment refused"
                .replace("sffffs", "sfffs")
                .as_str(),
        )
        .check();
}

#[test]
fn a_ticket_that_was_inside_is_not_refunded() {
    bought()
        .play(
            "in o1.1                -> in at 0s
             refund o1 100 o1.1     -> TICKET_USED
             refund o1 100 o1.1 o1.2 -> TICKET_USED
             refund o1 4000         -> partially_refunded 4000
             refund o1 0            -> TICKET_USED
             seats                  -> sffff",
        )
        .check();
}

/// One by one, and then all that is left: a ticket that was scanned a moment ago is not paid for.
#[test]
fn what_tickets_are_worth_is_counted_when_they_are_refunded() {
    bought()
        .play(
            "in o1.1                -> in at 0s
             refund o1 worth o1.2   -> partially_refunded 1000
             refund o1 worth o1.1   -> TICKET_USED
             refund o1 400 o1.3     -> partially_refunded 400
             in o1.4                -> in at 0s
             out o1.4               -> out at 0s
             # 3600 are left, and 2000 of it are the price of what was used.
             refund o1 worth        -> partially_refunded 1600
             refund o1 worth        -> TICKET_USED",
        )
        .check();
    bought()
        .play("refund o1 4900 o1.1 -> partially_refunded 4900\nrefund o1 worth o1.2 o1.2 -> partially_refunded 100")
        .check();
}

#[test]
fn a_voided_ticket_keeps_its_place_until_it_is_refunded() {
    bought()
        .play(
            "void o1.1            -> voided
             void o1.1            -> TICKET_VOID
             in o1.1              -> SCAN_REFUSED canceled
             seats                -> ssffs
             refund o1 1000 o1.1  -> partially_refunded 1000
             seats                -> fsffs
             void o9.1            -> TICKET_NOT_FOUND",
        )
        .check();
}

#[test]
fn a_refunded_seat_of_a_withheld_block_is_blocked() {
    bought()
        .play(
            "withhold kept        -> ok
             seats                -> ssffs
             refund o1 1000 o1.3  -> partially_refunded 1000
             seats                -> ssffb
             open kept            -> ok
             seats                -> ssfff",
        )
        .check();
}

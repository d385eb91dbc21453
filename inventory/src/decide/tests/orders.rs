use crate::stage::Stage;
use crate::{EDGES, OrderStatus};

const ROW: &str = "A 1000 | oooooooo\nF 2000 area 9";

#[test]
fn a_purchase_from_hold_to_tickets() {
    Stage::on_sale(ROW)
        .play(
            "hold h1 ann A-1-1 F*2    -> A-1-1 F*2
             order o1 h1 ann          -> pending until 600s
             order o2 h1 ann          -> HOLD_HAS_ORDER
             order o1 h1 ann          -> IDEMPOTENCY_KEY_REUSED
             tick 1m
             start o1 ann p1          -> started until 900s
             pay o1 p1 declined       -> declined
             # A second try by another payment; only the first start gave more time.
             start o1 ann p2          -> started until 900s
             pay o1 p2 2999           -> AMOUNT_MISMATCH 3000
             pay o1 p2 3000 USD       -> CURRENCY_MISMATCH
             pay o1 p2 3000           -> paid 3 tickets A-1-1 F*2
             # The provider tells twice.
             pay o1 p2 3000           -> paid 3 tickets A-1-1 F*2
             pay o1 p2 declined       -> ORDER_TRANSITION paid pending_payment
             # Another payment of a paid order goes back, once.
             pay o1 p3 3000           -> payment refused
             pay o1 p3 3000           -> payment refused
             seats                    -> sfffffff",
        )
        .check();
}

#[test]
fn a_payment_start_never_passes_the_cap_and_never_shortens() {
    Stage::on_sale(ROW)
        .play(
            "hold h1 ann A-1-1        -> A-1-1
             tick 9m
             extend h1 ann            -> until 1140s
             tick 9m
             extend h1 ann            -> until 1680s
             order o1 h1 ann          -> pending until 1680s
             start o1 ann p1          -> started until 1800s
             extend h1 ann            -> HOLD_EXTENSION_EXHAUSTED
             tick 12m
             start o1 ann p1          -> ORDER_TRANSITION expired pending_payment",
        )
        .check();
}

#[test]
fn orders_are_their_owners_and_move_along_the_table_only() {
    Stage::on_sale(ROW)
        .play(
            "cancel o1 ann            -> ORDER_NOT_FOUND
             pay o1 p1 1000           -> ORDER_NOT_FOUND
             refund o1 0              -> ORDER_NOT_FOUND
             hold h1 ann A-1-1        -> A-1-1
             order o1 h1 ann          -> pending until 600s
             start o1 bob p1          -> ORDER_NOT_FOUND
             cancel o1 bob            -> ORDER_NOT_FOUND
             refund o1 0              -> ORDER_TRANSITION pending_payment refunded
             cancel o1 ann            -> cancelled
             cancel o1 ann            -> ORDER_TRANSITION cancelled cancelled
             start o1 ann p1          -> ORDER_TRANSITION cancelled pending_payment
             pay o1 p1 declined       -> ORDER_TRANSITION cancelled pending_payment
             # Its seats are free again; money that arrives all the same goes back.
             seats                    -> ffffffff
             pay o1 p1 1000           -> payment refused
             release h1 ann           -> released",
        )
        .check();
}

#[test]
fn a_cancelled_event_sells_nothing_and_keeps_no_money() {
    Stage::on_sale(ROW)
        .play(
            "hold h1 ann A-1-1        -> A-1-1
             order o1 h1 ann          -> pending until 600s
             hold h2 bob A-1-2        -> A-1-2
             order o2 h2 bob          -> pending until 600s
             pay o2 p2 1000           -> paid 1 tickets A-1-2
             cancel-event             -> ok
             start o1 ann p1          -> EVENT_CANCELLED
             pay o1 p1 1000           -> payment refused
             order o3 h1 ann          -> EVENT_CANCELLED
             refund o2 1000           -> refunded 1000
             tick 10m
             expire                   -> expired 1
             seats                    -> ffffffff",
        )
        .check();
}

#[test]
fn the_table_has_no_way_back() {
    for (from, to) in EDGES {
        assert_ne!(to, OrderStatus::Draft);
        assert!(!EDGES.contains(&(to, from)) || from == to, "{} and {}", from.name(), to.name());
    }
    for end in [OrderStatus::Refunded, OrderStatus::Cancelled] {
        assert!(EDGES.iter().all(|(from, _)| *from != end), "{} is final", end.name());
    }
}

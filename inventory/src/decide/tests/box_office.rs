use crate::limits::BOX_OFFICE_HOLDS_MAX;
use crate::stage::Stage;
use crate::{ItemDiscount, PaymentStatus, Row};

const MAP: &str = "A 1000 | oooo!!oooo\nF 2000 area 50\nG 3000 !vip area 9";

#[test]
fn staff_keeps_places_until_it_gives_them_back() {
    let mut stage = Stage::draft(MAP);
    stage.play(
        "policy ttl=1m units=2 holds=1 customer=2  -> ok
         tier full max=2 customer=2 from=9h        -> ok
         keep h1 desk A-1-1                        -> EVENT_NOT_PUBLISHED
         publish                                   -> ok
         # Neither the window nor any limit per order or customer is asked.
         hold h1 ann A-1-1                         -> NOT_PRICED item 0
         keep h1 desk A-1-1 A-1-2 A-1-3 F*5        -> A-1-1 A-1-2 A-1-3 F*5
         keep h2 desk A-1-1                        -> SEATS_TAKEN A-1-1
         keep h2 desk best*2                       -> A-1-4 A-1-5
         keep h3 desk F*101                        -> QUANTITY_INVALID item 0
         keep h3 desk F*46                         -> AREA_SOLD_OUT 45
         extend h1 desk                            -> HOLD_EXTENSION_EXHAUSTED
         tick 24h
         tick 24h
         expire                                    -> expired 0
         seats                                     -> hhhhhfffff",
    );
    assert_eq!(stage.inventory.next_due(), None);
    stage.check();
    stage.play(
        "release h1 bob                            -> HOLD_NOT_FOUND
         release h1 desk                           -> released
         release h1 desk                           -> released
         keep h3 desk A-1-1                        -> A-1-1
         cancel-event                              -> ok
         release h3 desk                           -> released
         keep h4 desk A-1-1                        -> EVENT_CANCELLED",
    );
    stage.check();
}

#[test]
fn holds_that_expire_do_so_beside_those_that_never_do() {
    let mut stage = Stage::on_sale(MAP);
    stage.play(
        "keep h1 desk A-1-1                  -> A-1-1
         hold h2 ann A-1-2                   -> A-1-2
         keep h3 desk A-1-3                  -> A-1-3
         hold h4 bob A-1-4                   -> A-1-4
         tick 10m
         expire                              -> expired 2
         release h3 desk                     -> released
         hold h5 ann A-1-2                   -> A-1-2",
    );
    stage.check();
}

#[test]
fn a_block_is_sold_from_where_both_it_and_the_place_are_named() {
    let mut stage = Stage::on_sale(MAP);
    stage.play(
        "withhold kept                       -> ok
         withhold vip                        -> ok
         keep h1 desk A-1-5                  -> SEATS_TAKEN A-1-5
         keep h1 desk A-1-5 from=vip         -> SEATS_TAKEN A-1-5
         keep h1 desk G*1                    -> AREA_SOLD_OUT 0
         keep h1 desk G*10 from=vip          -> AREA_SOLD_OUT 9
         keep h1 desk A-1-4 A-1-5 G*4 from=kept,vip -> A-1-4 A-1-5 G*4
         sell o1 desk A-1-6 G*5 from=kept,vip at=0  -> paid 6 tickets A-1-6 G*5
         keep h2 desk best*9 from=kept       -> NOT_ENOUGH_SEATS 7
         seats                               -> fffhhsffff",
    );
    stage.check();
    stage.play(
        "release h1 desk                     -> released
         refund o1 worth o1.1                -> partially_refunded 0
         # Back to the block, not on sale.
         seats                               -> ffffbbffff
         hold h3 ann A-1-5                   -> SEATS_TAKEN A-1-5
         open kept                           -> ok
         hold h3 ann A-1-5                   -> A-1-5",
    );
    stage.check();
}

#[test]
fn a_sale_is_paid_at_once_and_has_its_tickets() {
    let mut stage = Stage::on_sale(MAP);
    stage.play(
        "tier full quotas=hall/5             -> ok
         sell o1 desk A-1-1 F*2              -> paid 3 tickets A-1-1 F*2
         sell o1 desk A-1-2                  -> IDEMPOTENCY_KEY_REUSED
         sell o2 desk A-1-2 at=1001          -> PRICE_ABOVE_TIER 1000
         sell o2 desk A-1-2 at=-1            -> PRICE_ABOVE_TIER 1000
         keep h3 desk A-1-2 A-1-3            -> A-1-2 A-1-3
         sell o2 desk F*1                    -> QUOTA_EXHAUSTED 0
         hold h4 ann A-1-4                   -> QUOTA_EXHAUSTED 0
         sell o3 eve hold=h3                 -> HOLD_NOT_FOUND
         sell o3 desk hold=h3 at=400         -> paid 2 tickets A-1-2 A-1-3",
    );
    let Some(Row::Order(order)) = stage.rows.first() else { panic!("{:?}", stage.rows) };
    let by_hand = ItemDiscount { label: String::new(), off_minor: 600 };
    assert_eq!((order.status, order.total_minor, order.items[1].discount.as_ref()), ("paid", 800, Some(&by_hand)));
    assert!(
        matches!(&stage.rows[1], Row::Payment(it) if it.status == PaymentStatus::Captured && it.amount_minor == 800)
    );
    stage.check();
    stage.play(
        "sell o4 desk hold=h3                -> HOLD_CONFIRMED
         in o3.1                             -> in at 0s
         refund o3 worth                     -> partially_refunded 400
         refund o1 worth                     -> refunded 3000
         hold h4 ann F*4                     -> F*4
         sell o5 ann hold=h4                 -> HOLD_NOT_FOUND",
    );
    stage.check();
}

#[test]
fn staff_sells_what_is_hidden_and_nothing_that_is_closed() {
    Stage::draft(MAP)
        .play(
            "tier fans needs-code sections=A     -> ok
             tier shut closed sections=F         -> ok
             publish                             -> ok
             room                                -> ok
             hold h1 ann A-1-1                   -> QUEUE_REQUIRED
             keep h1 desk A-1-1                  -> A-1-1
             sell o2 desk F*1                    -> NOT_PRICED item 0
             sell o2 desk                        -> HOLD_EMPTY",
        )
        .check();
}

#[test]
fn the_box_office_keeps_so_much_and_no_more() {
    let mut stage = Stage::on_sale("F 1000 area 2000");
    for number in 0..BOX_OFFICE_HOLDS_MAX {
        stage.play(&format!("keep h{number} desk F*1 -> F*1"));
    }
    stage.play(
        "keep more desk F*1                  -> HOLDS_PER_CUSTOMER_EXCEEDED 1000
         sell o1 desk F*1                    -> paid 1 tickets F*1
         sell o2 desk hold=h7                -> paid 1 tickets F*1
         keep more desk F*1                  -> F*1",
    );
}

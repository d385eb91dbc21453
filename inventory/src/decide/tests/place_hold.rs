use crate::stage::Stage;

const HOUSE: &str = "A 1000 | oooooooo | oooooooo
    F 3000 area 20";

#[test]
fn a_hold_takes_all_its_places_or_none() {
    Stage::on_sale(HOUSE)
        .play(
            "hold h1 ann A-1-1 A-1-2 F*3   -> A-1-1 A-1-2 F*3
             seats                         -> hhffffff ffffffff
             # Every conflict is named, in the order of the request; free ones stay free.
             hold h2 bob A-1-2 A-1-3 A-1-1 -> SEATS_TAKEN A-1-2 A-1-1
             hold h3 bob F*8 A-2-1         -> F*8 A-2-1
             hold h4 cat F*5 F*5           -> AREA_SOLD_OUT 9
             hold h4 cat F*10 F*8          -> UNITS_PER_HOLD_EXCEEDED 10
             release h3 bob                -> released
             hold h5 bob A-1-3 A-2-1       -> A-1-3 A-2-1
             seats                         -> hhhfffff hfffffff",
        )
        .check();
}

#[test]
fn sold_and_withheld_seats_are_conflicts_too() {
    Stage::on_sale("A 1000 | ooo!")
        .play(
            "hold h1 ann A-1-1               -> A-1-1
             order o1 h1 ann                 -> pending until 600s
             pay o1 p1 1000                  -> paid 1 tickets A-1-1
             hold h2 ann A-1-2               -> A-1-2
             withhold kept                   -> ok
             seats                           -> shfb
             hold h3 bob A-1-1 A-1-2 A-1-3 A-1-4 -> SEATS_TAKEN A-1-1 A-1-2 A-1-4
             seats                           -> shfb",
        )
        .check();
}

#[test]
fn requests_that_make_no_sense() {
    Stage::on_sale(HOUSE)
        .play(
            "hold h1 ann               -> HOLD_EMPTY
             hold h1 ann A-1-1 #16     -> SEAT_UNKNOWN item 1
             hold h1 ann A-1-1 A-1-1   -> SEAT_DUPLICATE item 1
             hold h1 ann X*1           -> AREA_UNKNOWN item 0
             hold h1 ann F*0           -> QUANTITY_INVALID item 0
             hold h1 ann F*101         -> QUANTITY_INVALID item 0
             hold h1 ann F*4294967295  -> QUANTITY_INVALID item 0
             hold h1 ann best*0        -> QUANTITY_INVALID item 0
             hold h1 ann best*101      -> QUANTITY_INVALID item 0
             hold h1 ann best/X*2      -> SECTION_UNKNOWN item 0
             hold h1 ann A-1-1:none    -> TIER_UNKNOWN item 0
             # Of several faults the first by precedence, wherever it stands.
             hold h1 ann A-1-1 A-1-1 F*0 #99 -> QUANTITY_INVALID item 2
             hold h1 ann A-1-1 A-1-1 #99 -> SEAT_UNKNOWN item 2
             seats                     -> ffffffff ffffffff",
        )
        .check();
}

#[test]
fn more_items_than_a_hold_may_have() {
    let seats: Vec<String> = (0..51).map(|seat| format!("#{seat}")).collect();
    Stage::on_sale("A 1000 | oooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo")
        .play(&format!("hold h1 ann {} -> ITEMS_TOO_MANY 50", seats.join(" ")))
        .check();
}

#[test]
fn tiers_price_what_they_cover() {
    Stage::draft("A 1000 | PPoo\nB 2000 | oo\nF 3000 area 20")
        .play(
            "tier gold price=9000 categories=P          -> ok
             tier stands price=3000 sections=A,B        -> ok
             tier never price=1 closed                  -> ok
             tier pit price=2000 sections=F             -> ok
             publish                                    -> ok
             hold h1 ann A-1-1 A-1-3 F*2                -> A-1-1 A-1-3 F*2
             hold h2 ann A-1-3:gold                     -> TIER_NOT_FOR_PLACE item 0
             hold h2 ann A-1-2 F*1:stands               -> TIER_NOT_FOR_PLACE item 1
             hold h2 ann A-1-2:never                    -> NOT_PRICED item 0
             hold h2 bob A-1-2:stands                   -> A-1-2
             order o1 h1 ann                            -> pending until 600s
             pay o1 p1 15999                            -> AMOUNT_MISMATCH 16000
             tier gold price=9500 categories=P          -> ok
             # The price is the one at the time of the hold.
             pay o1 p1 16000                            -> paid 4 tickets A-1-1 A-1-3 F*2",
        )
        .check();
}

#[test]
fn what_no_tier_on_sale_covers_is_not_sold() {
    Stage::draft("A 1000 | PPoo")
        .play(
            "tier gold categories=P         -> ok
             publish                        -> ok
             hold h1 ann A-1-1 A-1-3        -> NOT_PRICED item 1
             hold h1 ann best*3             -> NOT_ENOUGH_SEATS 2
             tier gold categories=P closed  -> ok
             hold h1 ann best*1             -> NOT_PRICED item 0",
        )
        .check();
}

#[test]
fn sales_have_windows_and_tiers_have_codes() {
    Stage::draft("A 1000 | oooooooo")
        .play(
            "policy from=60s until=10m                 -> ok
             tier fans code=secret from=60s until=2m   -> ok
             tier full from=2m                         -> ok
             publish                                   -> ok
             hold h1 ann A-1-1:fans                    -> SALE_NOT_STARTED 60s
             tick 60s
             hold h1 ann A-1-1:fans                    -> ACCESS_CODE_REQUIRED item 0
             hold h1 ann A-1-1:fans code=wrong         -> ACCESS_CODE_REQUIRED item 0
             hold h1 ann A-1-1                         -> NOT_PRICED item 0
             hold h1 ann A-1-1 code=secret             -> A-1-1
             hold h2 ann A-1-2:fans code=other,secret  -> A-1-2
             hold h3 bob A-1-3:full                    -> SALE_NOT_STARTED 120s
             tick 60s
             hold h3 bob A-1-3:fans code=secret        -> SALE_ENDED
             hold h3 bob A-1-3                         -> A-1-3
             tick 8m
             hold h4 bob A-1-4                         -> SALE_ENDED",
        )
        .check();
}

#[test]
fn holds_need_an_event_on_sale() {
    Stage::draft(HOUSE)
        .play(
            "tier full         -> ok
             hold h1 ann A-1-1 -> EVENT_NOT_PUBLISHED
             publish           -> ok
             hold h1 ann A-1-1 -> A-1-1
             # An id is used once.
             hold h1 ann A-1-2 -> IDEMPOTENCY_KEY_REUSED
             cancel-event      -> ok
             hold h2 ann A-1-2 -> EVENT_CANCELLED
             extend h1 ann     -> EVENT_CANCELLED
             release h1 ann    -> released
             seats             -> ffffffff ffffffff",
        )
        .check();
}

use crate::stage::Stage;
use crate::{HoldId, HoldView, ItemDiscount, Row};

const MAP: &str = "A 1000 | oooooooooo\nF 2000 area 50";

/// Units, price and what is off it.
fn prices(stage: &Stage, hold: &str) -> Vec<(u32, i64, i64)> {
    let mut id = [0; 16];
    id[..hold.len()].copy_from_slice(hold.as_bytes());
    match stage.inventory.hold(HoldId::from_bytes(id)) {
        Some(HoldView::Live { placed, .. }) => {
            placed.items.iter().map(|item| (item.place.units(), item.price_minor, item.off.minor())).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Uses and units.
fn used(stage: &Stage, code: &str) -> (u32, u32) {
    let mut id = [0; 16];
    id[..code.len()].copy_from_slice(code.as_bytes());
    stage.inventory.discount_code(&id).map(|code| (code.uses, code.units)).expect("the code is known")
}

#[test]
fn a_discount_is_taken_off_each_unit_and_never_more_than_its_price() {
    let mut stage = Stage::draft(MAP);
    stage.play(
        "tier full price=999 sections=A      -> ok
         tier pit price=300 sections=F       -> ok
         discount tenth percent=1500         -> ok
         discount less off=500               -> ok
         discount flat fixed=400             -> ok
         publish                             -> ok
         hold h1 ann A-1-1 F*3 off=tenth     -> A-1-1 F*3
         hold h2 bob A-1-2 F*3 off=less      -> A-1-2 F*3
         hold h3 eve A-1-3 F*3 off=flat      -> A-1-3 F*3",
    );
    assert_eq!(prices(&stage, "h1"), [(1, 849, 150), (3, 255, 45)]);
    assert_eq!(prices(&stage, "h2"), [(1, 499, 500), (3, 0, 300)]);
    // What is cheaper already stays as it is, and does not count.
    assert_eq!(prices(&stage, "h3"), [(1, 400, 599), (3, 300, 0)]);
    assert_eq!((used(&stage, "tenth"), used(&stage, "flat")), ((1, 4), (1, 1)));
    stage.check();
}

#[test]
fn every_item_has_the_code_that_is_best_for_it_and_codes_that_help_nothing_are_not_used() {
    let mut stage = Stage::draft(MAP);
    stage.play(
        "tier full price=2000 sections=A          -> ok
         tier pit price=500 sections=F            -> ok
         discount half percent=5000               -> ok
         discount also percent=5000               -> ok
         discount less off=400                    -> ok
         discount pits off=450 tiers=pit          -> ok
         publish                                  -> ok
         hold h1 ann A-1-1 F*2 off=less,half,also -> A-1-1 F*2
         hold h2 bob A-1-2 F*2 off=less,pits      -> A-1-2 F*2
         hold h3 eve A-1-3 off=half,pits          -> DISCOUNT_CODE_NOT_APPLICABLE 1",
    );
    assert_eq!(prices(&stage, "h1"), [(1, 1_000, 1_000), (2, 100, 400)]);
    assert_eq!(prices(&stage, "h2"), [(1, 1_600, 400), (2, 50, 450)]);
    let all = ["half", "also", "less", "pits"].map(|code| used(&stage, code));
    assert_eq!(all, [(1, 1), (0, 0), (2, 3), (1, 2)]);
    stage.check();
}

#[test]
fn a_code_is_counted_while_it_is_held_and_bought_and_given_back_with_the_units() {
    let mut stage = Stage::draft(MAP);
    stage.play(
        "policy holds=9                       -> ok
         tier full                            -> ok
         discount half uses=3 max=6           -> ok
         publish                              -> ok
         hold h1 ann F*3 off=half             -> F*3
         hold h2 bob F*4 off=half             -> DISCOUNT_CODE_SPENT 0 has 3
         hold h2 bob F*2 off=half             -> F*2
         discount half uses=1                 -> DISCOUNT_CODE_INVALID it cannot be for 1 uses: there are 2
         discount half max=4                  -> DISCOUNT_CODE_INVALID it cannot be for 4: 5 are held or sold by it
         hold h3 eve F*1 off=half             -> F*1
         hold h4 joe F*1 off=half             -> DISCOUNT_CODE_SPENT 0 has 0
         release h3 eve                       -> released
         order o1 h1 ann                      -> pending until 600s
         pay o1 p0 3000                       -> AMOUNT_MISMATCH 1500
         pay o1 p1 1500                       -> paid 3 tickets F*3
         refund o1 worth o1.1                 -> partially_refunded 500",
    );
    assert_eq!(used(&stage, "half"), (2, 4));
    stage.play("refund o1 worth -> refunded 1000");
    assert_eq!(used(&stage, "half"), (1, 2));
    stage.play("tick 10m\nexpire -> expired 1");
    assert_eq!(used(&stage, "half"), (0, 0));
    stage.check();
}

#[test]
fn a_customer_uses_a_code_so_often_and_no_more() {
    Stage::draft(MAP)
        .play(
            "policy holds=9                   -> ok
             tier full                        -> ok
             discount once customer=1         -> ok
             publish                          -> ok
             hold h1 ann F*3 off=once         -> F*3
             hold h2 ann F*1 off=once         -> DISCOUNT_CODE_PER_CUSTOMER 0 of 1
             hold h2 bob F*1 off=once         -> F*1
             release h1 ann                   -> released
             hold h3 ann F*1 off=once         -> F*1
             discount once customer=2         -> ok
             hold h4 ann F*1 off=once         -> F*1
             # Two are two, whatever is allowed now.
             discount once customer=1         -> ok
             release h4 ann                   -> released
             hold h5 ann F*1 off=once         -> DISCOUNT_CODE_PER_CUSTOMER 0 of 1
             discount once customer=0         -> DISCOUNT_CODE_INVALID per_customer_max must be at least 1",
        )
        .check();
}

#[test]
fn codes_that_cannot_be_used_are_told_apart() {
    Stage::draft(MAP)
        .play(
            "tier full sections=A                      -> ok
             tier pit sections=F                       -> ok
             discount soon from=1h                     -> ok
             discount past until=1m                    -> ok
             discount shut closed                      -> ok
             discount pits tiers=pit                   -> ok
             publish                                   -> ok
             tick 1m
             hold h1 ann A-1-1 off=past,soon,none      -> DISCOUNT_CODE_UNKNOWN 2
             hold h1 ann A-1-1 off=shut                -> DISCOUNT_CODE_UNKNOWN 0
             hold h1 ann A-1-1 off=past,soon           -> DISCOUNT_CODE_NOT_STARTED 1 3600s
             hold h1 ann A-1-1 off=past                -> DISCOUNT_CODE_EXPIRED 0
             hold h1 ann A-1-1 off=pits                -> DISCOUNT_CODE_NOT_APPLICABLE 0
             # The seat matters more than what it costs.
             hold h1 ann A-1-1                         -> A-1-1
             hold h2 bob A-1-1 off=none                -> SEATS_TAKEN A-1-1
             discount no percent=0                     -> DISCOUNT_CODE_INVALID the percentage must be from 1 to 10000 basis points
             discount no percent=10001                 -> DISCOUNT_CODE_INVALID the percentage must be from 1 to 10000 basis points
             discount no off=0                         -> DISCOUNT_CODE_INVALID the amount must be from 1 to 1000000000000 minor units
             discount no fixed=-1                      -> DISCOUNT_CODE_INVALID the price must be from 0 to 1000000000000 minor units
             discount no label=                        -> DISCOUNT_CODE_INVALID the label is empty
             discount no tiers=gone                    -> DISCOUNT_CODE_INVALID it names a tier that is not there
             cancel-event                              -> ok
             discount no                               -> EVENT_CANCELLED",
        )
        .check();
}

/// A discounted unit has the place in the step that it would have without the code.
#[test]
fn steps_count_by_their_own_price() {
    let mut stage = Stage::draft(MAP);
    stage.play(
        "tier full steps=500/3               -> ok
         discount half                       -> ok
         publish                             -> ok
         hold h1 ann F*2 off=half            -> F*2
         # Half of the tier's own price is the price of the step, and does not count there.
         hold h2 bob F*2 off=half            -> F*1 F*1
         tier full steps=500/2               -> TIER_INVALID price step 1 cannot be for 2: 3 are held or sold at its price
         tier full steps=500/3               -> ok
         order o2 h2 bob                     -> pending until 600s
         pay o2 p2 750                       -> paid 2 tickets F*1 F*1
         release h1 ann                      -> released",
    );
    assert_eq!(stage.inventory.availability().tiers[0].steps_used, [1]);
    stage.check();
    stage.play("refund o2 worth -> refunded 750");
    assert_eq!(stage.inventory.availability().tiers[0].steps_used, [0]);
    stage.check();
}

#[test]
fn a_late_payment_needs_room_in_its_discount_and_not_its_time() {
    let mut stage = Stage::draft(MAP);
    stage.play(
        "tier full                           -> ok
         discount half max=2 until=20m       -> ok
         publish                             -> ok
         hold h1 ann F*2 off=half            -> F*2
         order o1 h1 ann                     -> pending until 600s
         tick 10m
         expire                              -> expired 1
         hold h2 bob F*1 off=half            -> F*1
         pay o1 p1 1000                      -> payment refused
         tick 11m
         expire                              -> expired 1
         pay o1 p2 1000                      -> paid 2 tickets F*2
         refund o1 worth o1.2                -> partially_refunded 500",
    );
    assert_eq!(used(&stage, "half"), (1, 1));
    stage.check();
}

#[test]
fn other_seats_cost_what_the_first_ones_did() {
    let mut stage = Stage::draft("A 1000 | oooo\nB 2000 | oooo");
    stage.play(
        "tier full                           -> ok
         discount half                       -> ok
         publish                             -> ok
         hold h0 eve B-1-1 B-1-2 off=half    -> B-1-1 B-1-2
         order o0 h0 eve any                 -> pending until 600s
         tick 10m
         expire                              -> expired 1
         hold h1 bob B-1-1                   -> B-1-1
         pay o0 p0 1000                      -> paid 2 tickets A-1-1 A-1-2 reseated
         refund o0 worth o0.1                -> partially_refunded 500",
    );
    assert_eq!(used(&stage, "half"), (1, 1));
    stage.check();
}

#[test]
fn an_order_names_its_discount_and_best_available_has_it_too() {
    let mut stage = Stage::draft(MAP);
    stage.play(
        "tier full                           -> ok
         tier fans needs-code sections=F     -> ok
         code fan                            -> ok
         discount half label=Half tiers=full -> ok
         publish                             -> ok
         hold h1 ann best*2:full F*1:fans code=fan off=half -> F*1 A-1-5 A-1-6
         order o1 h1 ann                     -> pending until 600s",
    );
    let Some(Row::Order(order)) = stage.rows.first() else { panic!("{:?}", stage.rows) };
    let discounts: Vec<_> = order.items.iter().map(|item| item.discount.clone()).collect();
    let half = Some(ItemDiscount { label: "Half".into(), off_minor: 500 });
    assert_eq!(discounts, [None, half.clone(), half]);
    assert_eq!(order.total_minor, 2_000);
    stage.check();
}

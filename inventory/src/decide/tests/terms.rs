use crate::stage::Stage;

const MAP: &str = "A 1000 | oooooooooo\nF 2000 area 50";

fn prices(stage: &Stage, hold: &str) -> Vec<(u32, i64)> {
    let mut id = [0; 16];
    id[..hold.len()].copy_from_slice(hold.as_bytes());
    match stage.inventory.hold(crate::HoldId::from_bytes(id)) {
        Some(crate::HoldView::Live { placed, .. }) => {
            placed.items.iter().map(|item| (item.place.units(), item.price_minor)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_step_ends_with_its_count_or_its_time_and_comes_back_with_what_is_given_back() {
    let mut stage = Stage::draft(MAP);
    stage.play(
        "policy holds=9                         -> ok
         tier full steps=500/3,700/2@10m        -> ok
         publish                                -> ok
         hold h1 ann F*2                        -> F*2
         # Units that meet two prices are two items.
         hold h2 bob F*4                        -> F*1 F*2 F*1
         hold h3 eve A-1-1 A-1-2                -> A-1-1 A-1-2",
    );
    assert_eq!(prices(&stage, "h1"), [(2, 500)]);
    assert_eq!(prices(&stage, "h2"), [(1, 500), (2, 700), (1, 1_000)]);
    assert_eq!(prices(&stage, "h3"), [(1, 1_000), (1, 1_000)]);
    stage.play(
        "order o2 h2 bob                        -> pending until 600s
         pay o2 p2 2900                         -> paid 4 tickets F*1 F*2 F*1
         release h1 ann                         -> released
         hold h4 ann best*3                     -> A-1-5 A-1-6 A-1-7
         tick 10m
         refund o2 700 o2.2                     -> partially_refunded 700
         expire                                 -> expired 2
         hold h5 ann best*4                     -> A-1-4 A-1-5 A-1-6 A-1-7",
    );
    // The first step has two again; the second has ended, though nobody has its place.
    assert_eq!(prices(&stage, "h5"), [(1, 500), (1, 500), (1, 1_000), (1, 1_000)]);
    assert_eq!(stage.inventory.availability().tiers[0].steps_used, [3, 1]);
    stage.check();
}

#[test]
fn a_price_stays_as_it_was_when_the_hold_was_placed() {
    let mut stage = Stage::draft(MAP);
    stage.play(
        "tier full steps=500@1m                 -> ok
         publish                                -> ok
         hold h1 ann F*2                        -> F*2
         tick 1m
         hold h2 bob F*2                        -> F*2
         order o1 h1 ann                        -> pending until 600s
         tier full price=3000                   -> ok
         pay o1 p1 1000                         -> paid 2 tickets F*2",
    );
    assert_eq!(prices(&stage, "h2"), [(2, 1_000)]);
    stage.check();
}

#[test]
fn a_late_payment_needs_room_in_its_step_and_not_its_time() {
    Stage::draft(MAP)
        .play(
            "tier full steps=500/2@20m             -> ok
             publish                               -> ok
             hold h1 ann F*2                       -> F*2
             order o1 h1 ann                       -> pending until 600s
             tick 10m
             expire                                -> expired 1
             hold h2 bob F*1                       -> F*1
             pay o1 p1 1000                        -> payment refused
             release h2 bob                        -> released
             hold h3 ann F*2                       -> F*2
             order o3 h3 ann                       -> pending until 1200s
             tick 10m
             expire                                -> expired 1
             pay o3 p3 1000                        -> paid 2 tickets F*2",
        )
        .check();
}

#[test]
fn bad_steps() {
    Stage::draft(MAP)
        .play(
            "tier t steps=1000/3      -> TIER_INVALID price step 1: the tier has this price already
             tier t steps=5/3,5/4     -> TIER_INVALID price step 2: the tier has this price already
             tier t steps=-1/3        -> TIER_INVALID price step 1: the price must be from 0 to 1000000000000 minor units
             tier t steps=5           -> TIER_INVALID price step 1 never ends
             tier t steps=1/1,2/1,3/1,4/1,5/1,6/1,7/1,8/1,9/1,10/1,11/1,12/1,13/1,14/1,15/1,16/1,17/1 -> TIER_INVALID more than 16 price steps
             tier t refund=101        -> TIER_INVALID the refund must be from 0 to 100 percent
             tier t deleted           -> TIER_INVALID it was deleted
             tier t steps=500/3       -> ok
             publish                  -> ok
             hold h1 ann F*3          -> F*3
             tier t steps=500/2       -> TIER_INVALID price step 1 cannot be for 2: 3 are held or sold at its price
             tier t steps=500/3,700/9 -> ok
             # What has the price of a later step counts as of that step.
             tier t steps=700/1,500/4 -> ok
             hold h2 ann F*3          -> F*1 F*1 F*1",
        )
        .check();
}

#[test]
fn a_tier_that_needs_a_code_is_sold_to_those_who_know_one() {
    Stage::draft(MAP)
        .play(
            "policy holds=9                             -> ok
             tier fans needs-code price=500 sections=A  -> ok
             tier full                                  -> ok
             publish                                    -> ok
             hold h1 ann A-1-1:fans code=fan            -> ACCESS_CODE_REQUIRED item 0
             code fan tiers=fans max=3 from=1m until=1h -> ok
             hold h1 ann A-1-1:fans code=fan            -> ACCESS_CODE_REQUIRED item 0
             tick 1m
             hold h1 ann A-1-1:fans                     -> ACCESS_CODE_REQUIRED item 0
             hold h1 ann A-1-1:fans code=nobody,fan     -> A-1-1
             hold h2 bob A-1-2 A-1-3 A-1-4 code=fan     -> ACCESS_CODE_SPENT 2
             hold h2 bob A-1-2 A-1-3 code=fan           -> A-1-2 A-1-3
             hold h3 bob A-1-4:fans code=fan            -> ACCESS_CODE_SPENT 0
             code fan max=2                             -> ACCESS_CODE_INVALID it cannot be for 2: 3 are held or sold by it
             order o1 h1 ann                            -> pending until 660s
             pay o1 p1 500                              -> paid 1 tickets A-1-1
             release h2 bob                             -> released
             hold h3 bob best*2:fans code=fan           -> A-1-5 A-1-6
             refund o1 500                              -> refunded 500
             hold h4 eve A-1-1:fans code=fan            -> A-1-1
             code fan closed                            -> ok
             hold h5 eve A-1-2:fans code=fan            -> ACCESS_CODE_REQUIRED item 0
             hold h5 eve A-1-2 code=fan                 -> A-1-2",
        )
        .check();
}

#[test]
fn the_first_code_with_enough_left_is_drawn_on() {
    Stage::draft(MAP)
        .play(
            "policy holds=9                           -> ok
             tier fans needs-code price=500 sections=A -> ok
             tier pit needs-code sections=F           -> ok
             tier full                                -> ok
             code one max=1                           -> ok
             code three max=3                         -> ok
             publish                                  -> ok
             hold h1 ann A-1-1 A-1-2 code=one,three   -> A-1-1 A-1-2
             # One is left of either: the tiers of one hold draw on both.
             hold h2 bob A-1-3:fans F*1:pit code=one,three -> A-1-3 F*1
             hold h3 eve A-1-4:fans code=one,three    -> ACCESS_CODE_SPENT 0
             # Spent codes hide nothing from those who name no tier.
             hold h3 eve A-1-4 F*1 code=one,three        -> A-1-4 F*1
             release h2 bob                           -> released
             hold h4 bob A-1-7:fans A-1-8:fans code=one,three -> ACCESS_CODE_SPENT 1
             hold h4 bob A-1-7 code=three,one         -> A-1-7
             code three max=2                         -> ACCESS_CODE_INVALID it cannot be for 2: 3 are held or sold by it
             code one max=0                           -> ok",
        )
        .check();
}

#[test]
fn a_code_keeps_its_scope_when_a_tier_of_it_is_deleted() {
    Stage::draft(MAP)
        .play(
            "tier fans needs-code sections=A -> ok
             tier pit needs-code sections=F  -> ok
             code fan tiers=fans             -> ok
             publish                         -> ok
             delete-tier fans                -> ok
             code fan tiers=fans closed      -> ok
             code fan tiers=fans,pit         -> ok
             code other tiers=fans           -> ACCESS_CODE_INVALID it names a tier that is not there
             code fan tiers=fans,gone        -> ACCESS_CODE_INVALID it names a tier that is not there
             hold h1 ann F*1 code=fan        -> F*1",
        )
        .check();
}

#[test]
fn tiers_share_a_code_and_a_tier_s_own_code_is_not_counted() {
    Stage::draft(MAP)
        .play(
            "tier fans needs-code code=own sections=A   -> ok
             tier pit needs-code sections=F             -> ok
             code both max=2                            -> ok
             code none tiers=gone                       -> ACCESS_CODE_INVALID it names a tier that is not there
             code none label=                           -> ACCESS_CODE_INVALID the label is empty
             publish                                    -> ok
             hold h1 ann A-1-1 F*2 code=both            -> ACCESS_CODE_SPENT 2
             hold h1 ann A-1-1 F*2 code=both,own        -> A-1-1 F*2
             hold h2 bob A-1-2 code=both                -> ACCESS_CODE_SPENT 0",
        )
        .check();
}

#[test]
fn a_late_payment_needs_room_in_its_code() {
    Stage::draft(MAP)
        .play(
            "tier pit needs-code sections=F            -> ok
             code fan max=2                            -> ok
             publish                                   -> ok
             hold h1 ann F*2 code=fan                  -> F*2
             order o1 h1 ann                           -> pending until 600s
             tick 10m
             expire                                    -> expired 1
             hold h2 bob F*1 code=fan                  -> F*1
             pay o1 p1 2000                            -> payment refused
             code fan max=3                            -> ok
             pay o1 p2 2000                            -> paid 2 tickets F*2
             hold h3 eve F*1 code=fan                  -> ACCESS_CODE_SPENT 0
             refund o1 1000 o1.1                       -> partially_refunded 1000
             hold h3 eve F*1 code=fan                  -> F*1",
        )
        .check();
}

#[test]
fn a_tier_is_deleted_while_nobody_has_anything_of_it() {
    let mut stage = Stage::draft(MAP);
    stage.play(
        "tier early sections=F quotas=hall/5     -> ok
         tier full quotas=hall/5                 -> ok
         publish                                 -> ok
         hold h1 ann F*2:early                   -> F*2
         delete-tier early                       -> TIER_IN_USE 2
         order o1 h1 ann                         -> pending until 600s
         pay o1 p1 2000                          -> paid 2 tickets F*2
         delete-tier early                       -> TIER_IN_USE 2
         refund o1 0                             -> refunded 0
         delete-tier early                       -> ok
         delete-tier early                       -> TIER_NOT_FOUND
         tier early                              -> TIER_INVALID it was deleted
         hold h2 ann F*1:early                   -> TIER_UNKNOWN item 0
         hold h2 ann F*5                         -> F*5
         cancel-event                            -> ok
         delete-tier full                        -> EVENT_CANCELLED
         code fan                                -> EVENT_CANCELLED",
    );
    let names: Vec<&str> = stage.inventory.layout().tiers_shown().iter().map(|tier| tier.name.as_str()).collect();
    assert_eq!(names, ["full"]);
    stage.check();
    Stage::draft(MAP).play("tier full -> ok\ndelete-tier full -> ok\npublish -> TIER_MISSING").check();
}

#[test]
fn an_order_keeps_what_its_tiers_promised() {
    let mut stage = Stage::draft(MAP);
    stage.play(
        "tier full refund=50          -> ok
         tier plain sections=F        -> ok
         publish                      -> ok
         hold h1 ann F*2:full F*1:plain -> F*2 F*1
         order o1 h1 ann              -> pending until 600s
         tier full refund=90          -> ok
         start o1 ann p1              -> started until 900s",
    );
    let promised = |stage: &Stage| match stage.rows.first() {
        Some(crate::Row::Order(order)) => {
            order.items.iter().map(|item| item.refund.as_ref().map(|refund| refund.percent)).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(promised(&stage), [Some(50), None]);
    stage.check();
    stage.inventory = crate::Inventory::restore(&stage.inventory.snapshot()).unwrap();
    stage.play("pay o1 p1 3000 -> paid 3 tickets F*2 F*1");
    assert_eq!(promised(&stage), [Some(50), None]);
}

#[test]
fn tiers_are_shown_by_position() {
    let mut stage = Stage::draft(MAP);
    stage.play("tier a position=2 -> ok\ntier b -> ok\ntier c -> ok\ntier d position=1 -> ok");
    let names: Vec<&str> = stage.inventory.layout().tiers_shown().iter().map(|tier| tier.name.as_str()).collect();
    assert_eq!(names, ["b", "c", "d", "a"]);
    stage.check();
}

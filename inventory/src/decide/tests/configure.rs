use crate::limits::{NAME_BYTES_MAX, TIERS_PER_EVENT_MAX};
use crate::stage::Stage;
use crate::{Rejection, SeatMapSpec, SectionKind, Verb};

fn refused(spec: SeatMapSpec) -> String {
    match Stage::empty().ask(Verb::SetSeatMap(Box::new(spec))) {
        Err(Rejection::SeatMapInvalid { problem }) => problem,
        other => panic!("{other:?}"),
    }
}

fn with(change: impl FnOnce(&mut SeatMapSpec)) -> SeatMapSpec {
    let mut spec = Stage::map("A 1000 | ooo | ooo\nF 2000 area 5");
    change(&mut spec);
    spec
}

fn rows(spec: &mut SeatMapSpec) -> &mut Vec<crate::RowSpec> {
    match &mut spec.sections[0].kind {
        SectionKind::Rows(rows) => rows,
        SectionKind::Area { .. } => panic!("the first section has rows"),
    }
}

#[test]
fn a_bad_seat_map_says_what_and_where() {
    let cases: [(SeatMapSpec, &str); 14] = [
        (with(|it| it.sections.clear()), "there is no section"),
        (with(|it| it.sections[1].id = "A".into()), "section `A` twice"),
        (
            with(|it| it.sections[0].id = "A-1".into()),
            "section id `A-1` may only hold ASCII letters, digits, `_` and `.`",
        ),
        (with(|it| it.sections[0].id.clear()), "section id is empty"),
        (with(|it| it.sections[0].name = "x".repeat(201)), "section `A`: the name is longer than 200 bytes"),
        (with(|it| it.focal_point.0 = i32::MIN), "the focal point is more than 10000000 cm from the origin"),
        (with(|it| rows(it).clear()), "section `A`: the number of rows must be from 1 to 500"),
        (with(|it| rows(it)[1].id = "1".into()), "section `A`: row `1` twice"),
        (with(|it| rows(it)[1].seats = vec![None]), "section `A`: row `2`: there is no seat"),
        (with(|it| rows(it)[1].seats = vec![None; 129]), "section `A`: row `2`: more than 128 seats and gaps"),
        (with(|it| rows(it)[0].seats[1] = rows(it)[0].seats[0].clone()), "section `A`: row `1`: seat number `1` twice"),
        (
            with(|it| rows(it)[0].seats[1].as_mut().unwrap().number = "123456789".into()),
            "section `A`: row `1`: seat number `123456789` is longer than 8 bytes",
        ),
        (
            with(|it| rows(it)[0].seats[1].as_mut().unwrap().category = Some("ü".into())),
            "section `A`: row `1`: category `ü` may only hold ASCII letters, digits, `_` and `.`",
        ),
        (
            with(|it| it.sections[1].kind = SectionKind::Area { capacity: 0, category: None }),
            "section `F`: the capacity must be from 1 to 1000000",
        ),
    ];
    for (spec, problem) in cases {
        assert_eq!(refused(spec), problem);
    }
}

#[test]
fn more_seats_than_an_event_may_have() {
    let row = "o".repeat(126);
    let section = |at: u32| format!("S{at} 1000{}\n", format!(" | {row}").repeat(500));
    let map: String = (0..4).map(section).collect();
    assert_eq!(refused(Stage::map(&map)), "more than 250000 seats");
}

#[test]
fn a_seat_map_comes_back_as_it_was_set() {
    let spec = Stage::map("A 1000 !vip | oaco_P | !!Po\nF -200 area 5\nB 90 | _o_");
    let mut stage = Stage::empty();
    stage.ask(Verb::SetSeatMap(Box::new(spec.clone()))).unwrap();
    assert_eq!(stage.inventory.layout().seat_map(), Some(spec));
    let layout = stage.inventory.layout();
    for seat in (0..layout.seat_count()).map(crate::SeatIx) {
        assert_eq!(layout.seat(&layout.seat_id(seat)), Some(seat));
    }
    for unknown in ["", "A", "A-1", "A-1-9", "A-9-1", "X-1-1", "A-1-1-1", "F-1-1", "A-1-", "A-1-123456789"] {
        assert_eq!(layout.seat(unknown), None, "{unknown}");
    }
    assert_eq!(layout.section("F"), None);
    assert_eq!(layout.area("A"), None);
    assert_eq!(layout.area("F").map(|area| layout.area_id(area)), Some("F"));
    stage.check();
}

#[test]
fn publication_needs_a_map_and_tiers_that_fit_it() {
    let mut stage = Stage::empty();
    stage.play(
        "publish                  -> SEAT_MAP_MISSING
         tier full sections=B     -> ok",
    );
    stage.ask(Verb::SetSeatMap(Box::new(Stage::map("A 1000 | ooo")))).unwrap();
    stage.play(
        "publish                  -> TIER_INVALID tier `full`: there is no section or area `B`
         tier full sections=A     -> ok
         publish                  -> ok
         publish                  -> EVENT_ALREADY_PUBLISHED",
    );
    let again = stage.ask(Verb::SetSeatMap(Box::new(Stage::map("A 1000 | ooo"))));
    assert_eq!(again, Err(Rejection::EventAlreadyPublished));
    stage.play(
        "cancel-event             -> ok
         cancel-event             -> EVENT_CANCELLED
         publish                  -> EVENT_CANCELLED
         tier full                -> EVENT_CANCELLED
         policy                   -> EVENT_CANCELLED
         withhold kept            -> EVENT_CANCELLED",
    );
    assert_eq!(stage.ask(Verb::SetSeatMap(Box::new(Stage::map("A 1 | o")))), Err(Rejection::EventCancelled));
    stage.check();
    Stage::draft("A 1000 | ooo").play("publish -> TIER_MISSING").check();
}

#[test]
fn bad_tiers() {
    Stage::draft("A 1000 | ooP\nF 2000 area 5")
        .play(
            "tier t price=-1             -> TIER_INVALID the price must be from 0 to 1000000000000 minor units
             tier t price=1000000000001  -> TIER_INVALID the price must be from 0 to 1000000000000 minor units
             tier t name=                -> TIER_INVALID the name is empty
             tier t min=0                -> TIER_INVALID 1 ≤ per_order_min ≤ per_order_max ≤ 100 must hold
             tier t min=3 max=2          -> TIER_INVALID 1 ≤ per_order_min ≤ per_order_max ≤ 100 must hold
             tier t max=101              -> TIER_INVALID 1 ≤ per_order_min ≤ per_order_max ≤ 100 must hold
             tier t customer=0           -> TIER_INVALID per_customer_max must be at least 1
             tier t from=10s until=10s   -> TIER_INVALID the sale ends before it starts
             tier t quotas=a/1,a/2       -> TIER_INVALID quota `a` twice
             tier t quotas=a-b/1         -> TIER_INVALID quota id `a-b` may only hold ASCII letters, digits, `_` and `.`
             tier t sections=A,X         -> TIER_INVALID there is no section or area `X`
             tier t categories=P,Q       -> TIER_INVALID no seat or area is of category `Q`
             tier t sections=A,F categories=P quotas=a/1,b/2 -> ok",
        )
        .check();
    let long = "x".repeat(NAME_BYTES_MAX + 1);
    Stage::draft("A 1000 | o")
        .play(&format!("tier t name={long} -> TIER_INVALID the name is longer than 200 bytes"))
        .check();
}

#[test]
fn a_patch_changes_what_it_names_and_nothing_that_was_said_since() {
    Stage::draft("A 1000 | ooo\nF 2000 area 50")
        .play(
            "tier a sections=F quotas=hall/9 customer=9 refund=50 -> ok
             tier b sections=F quotas=hall/5    -> ok
             patch-tier a about=front           -> ok
             publish                            -> ok
             # The limit of the hall is the one said last, by the other tier.
             hold h1 ann F*6:a                  -> QUOTA_EXHAUSTED 5
             patch-tier b quota=hall/6          -> ok
             hold h1 ann F*6:a                  -> F*6
             patch-tier a quota=hall/5          -> TIER_INVALID quota `hall` cannot be 5: 6 of it are held or sold
             patch-tier a open=false            -> ok
             patch-tier a price=700 steps=500/9 -> ok
             hold h2 bob F*1:a                  -> NOT_PRICED item 0
             patch-tier a open=true price=-1    -> TIER_INVALID the price must be from 0 to 1000000000000 minor units
             patch-tier a open=true quota=own/7 -> ok
             patch-tier b quota=hall/20         -> ok
             hold h2 bob F*2:a                  -> QUOTA_EXHAUSTED 1
             patch-tier a needs-code=true       -> ok
             hold h2 bob F*1:a                  -> ACCESS_CODE_REQUIRED item 0
             patch-tier a needs-code=false no-quota=own -> ok
             patch-tier b quota=hall/8          -> ok
             hold h2 bob F*3:a                  -> QUOTA_EXHAUSTED 2
             patch-tier a no-quota=hall customer=2 -> ok
             hold h2 bob F*3:a                  -> PER_CUSTOMER_MAXIMUM 2
             patch-tier a customer=none refund=none -> ok
             hold h2 bob F*3:a                  -> F*3
             patch-tier none about=gone         -> TIER_NOT_FOUND
             tier c                             -> ok
             delete-tier c                      -> ok
             patch-tier c open=true             -> TIER_NOT_FOUND
             cancel-event                       -> ok
             patch-tier a open=true             -> EVENT_CANCELLED",
        )
        .check();
}

#[test]
fn an_event_that_is_to_be_unsold_is_cancelled_only_while_it_is() {
    Stage::on_sale("A 1000 | ooo\nF 2000 area 50")
        .play(
            "hold h1 ann A-1-1 F*2              -> A-1-1 F*2
             cancel-event unsold                -> EVENT_SOLD 3
             order o1 h1 ann                    -> pending until 600s
             pay o1 p1 3000                     -> paid 3 tickets A-1-1 F*2
             cancel-event unsold                -> EVENT_SOLD 3
             refund o1 3000                     -> refunded 3000
             hold h2 bob F*1                    -> F*1
             release h2 bob                     -> released
             cancel-event unsold                -> ok
             cancel-event unsold                -> EVENT_CANCELLED",
        )
        .check();
}

/// What makes a tier, a policy or a code unfit may rest on a hold that a crash can still take back.
#[test]
fn refusals_that_rest_on_sales_are_not_told_before_these_are_durable() {
    let mut stage = Stage::draft("A 1000 | ooo\nF 2000 area 50");
    stage.play(
        "tier a needs-code quotas=q/9 steps=500/9 -> ok
         code fan max=9                           -> ok
         publish                                  -> ok
         hold h1 ann F*5 code=fan                 -> F*5",
    );
    for row in
        ["tier a needs-code quotas=q/4 steps=500/9", "tier a needs-code quotas=q/9 steps=500/4", "code fan max=4"]
    {
        let refused = stage.refusal(row);
        assert!(!refused.is_independent_of_sales(), "{refused:?}");
    }
    assert!(!stage.refusal("policy currency=USD").is_independent_of_sales());
    assert!(stage.refusal("hold h2 bob #999").is_independent_of_sales());
    stage.check();
}

#[test]
fn more_tiers_and_quotas_than_an_event_may_have() {
    let mut stage = Stage::draft("A 1000 | o");
    for tier in 0..TIERS_PER_EVENT_MAX {
        stage.play(&format!("tier t{tier} quotas=q{tier}/1 -> ok"));
    }
    stage
        .play(
            "tier more          -> TIER_INVALID more than 64 tiers
             tier t0 quotas=q0/1,q64/1 -> TIER_INVALID more than 64 quotas
             tier t0 quotas=q64/1 -> ok",
        )
        .check();
}

#[test]
fn bad_policies() {
    Stage::draft("A 1000 | o")
        .play(
            "policy ttl=0s            -> POLICY_INVALID hold_ttl must be from 1000000 to 1800000000 µs
             policy ttl=31m           -> POLICY_INVALID hold_ttl must be from 1000000 to 1800000000 µs
             policy holds=0           -> POLICY_INVALID holds_per_customer_max must be from 1 to 1000
             policy holds=1001        -> POLICY_INVALID holds_per_customer_max must be from 1 to 1000
             policy units=0           -> POLICY_INVALID units_per_hold_max must be from 1 to 100
             policy units=101         -> POLICY_INVALID units_per_hold_max must be from 1 to 100
             policy customer=0        -> POLICY_INVALID units_per_customer_max must be at least 1
             policy from=2m until=1m  -> POLICY_INVALID the sale ends before it starts
             policy currency=USD      -> ok
             tier full                -> ok
             publish                  -> ok
             policy currency=EUR      -> POLICY_INVALID the currency cannot change once the event is published
             policy currency=USD ttl=1m -> ok
             hold h1 ann A-1-1        -> A-1-1
             tick 1m
             expire                   -> expired 1",
        )
        .check();
}

#[test]
fn blocks_are_withheld_and_released_in_stages() {
    let mut stage = Stage::on_sale("A 1000 !vip | oo!\nF 2000 !pit area 5");
    stage.play(
        "withhold none         -> BLOCK_UNKNOWN
         hold h1 ann A-1-1 F*2 -> A-1-1 F*2
         withhold vip          -> ok
         withhold vip          -> ok
         withhold pit          -> ok
         seats                 -> hbf
         # What is held stays held, and is blocked when it comes back.
         hold h2 bob F*1       -> AREA_SOLD_OUT 0
         release h1 ann        -> released
         seats                 -> bbf",
    );
    let counts = stage.inventory.availability();
    assert_eq!((counts.totals.free, counts.totals.blocked, counts.totals.capacity()), (1, 7, 8));
    stage
        .play(
            "open vip             -> ok
             open pit             -> ok
             seats                -> fff
             hold h2 bob F*5      -> F*5",
        )
        .check();
}

#[test]
fn a_new_map_replaces_the_old_one_in_a_draft() {
    let mut stage = Stage::draft("A 1000 !vip | oooo");
    stage.play("withhold vip -> ok\nseats -> bbbb");
    // Else the block would be on sale again, and no answer would have said so.
    stage.play(
        "seat-map B 1000 !vip | oo -> BLOCKS_WITHHELD
         open vip                  -> ok
         seat-map B 1000 !vip | oo -> ok",
    );
    stage.play("seats -> ff\ntier full -> ok\npublish -> ok\nhold h1 ann best*2 -> B-1-1 B-1-2").check();
}

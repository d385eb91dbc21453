use crate::stage::Stage;

#[test]
fn units_and_tiers_of_one_hold() {
    Stage::draft("A 1000 | oooooooooo\nF 2000 area 50")
        .play(
            "policy units=8                         -> ok
             tier pair sections=A min=2 max=4       -> ok
             tier pit sections=F                    -> ok
             publish                                -> ok
             hold h1 ann A-1-1                      -> PER_ORDER_MINIMUM 2
             hold h1 ann best*5                     -> PER_ORDER_MAXIMUM 4
             hold h1 ann best*2 A-1-1 A-1-2 A-1-3   -> PER_ORDER_MAXIMUM 4
             hold h1 ann best*2 F*7                 -> UNITS_PER_HOLD_EXCEEDED 8
             hold h1 ann best*2 F*6                 -> F*6 A-1-5 A-1-6",
        )
        .check();
}

#[test]
fn a_customer_is_limited_over_all_his_holds_and_orders() {
    Stage::draft("A 1000 | oooooooooo\nF 2000 area 50")
        .play(
            "policy holds=2 customer=6              -> ok
             tier few sections=A customer=3         -> ok
             tier pit sections=F                    -> ok
             publish                                -> ok
             hold h1 ann A-1-1 A-1-2                -> A-1-1 A-1-2
             hold h2 ann A-1-3 A-1-4                -> PER_CUSTOMER_MAXIMUM 3
             hold h2 ann F*5                        -> UNITS_PER_CUSTOMER_EXCEEDED 6
             hold h2 ann A-1-3                      -> A-1-3
             hold h3 ann F*1                        -> HOLDS_PER_CUSTOMER_EXCEEDED 2
             hold h3 bob F*6                        -> F*6
             # What is bought counts on; what is released or refunded does not.
             order o1 h1 ann                        -> pending until 600s
             pay o1 p1 2000                         -> paid 2 tickets A-1-1 A-1-2
             release h2 ann                         -> released
             hold h4 ann A-1-3 A-1-4                -> PER_CUSTOMER_MAXIMUM 3
             refund o1 1000 o1.1                    -> partially_refunded 1000
             hold h4 ann A-1-3 A-1-4                -> A-1-3 A-1-4",
        )
        .check();
}

#[test]
fn quotas_bind_the_tiers_that_share_them() {
    let mut stage = Stage::draft("A 1000 | oooooooooo\nF 2000 area 50");
    stage.play(
        "tier early price=500 quotas=hall/6,early/3 -> ok
         tier full quotas=hall/6                    -> ok
         publish                                    -> ok
         hold h1 ann best*2:early                   -> A-1-5 A-1-6
         hold h2 ann best*2:early                   -> QUOTA_EXHAUSTED 1
         hold h2 ann best*3:full                    -> A-1-2 A-1-3 A-1-4
         hold h3 bob F*2:full                       -> QUOTA_EXHAUSTED 1
         hold h3 bob A-1-1:early A-1-10:full        -> QUOTA_EXHAUSTED 1",
    );
    let free: Vec<u32> = stage.inventory.availability().tiers.iter().map(|tier| tier.free).collect();
    assert_eq!(free, [1, 1]);
    stage
        .play(
            "tier full quotas=hall/4            -> TIER_INVALID quota `hall` cannot be 4: 5 of it are held or sold
             tier full quotas=hall/5            -> ok
             hold h4 bob F*1:full               -> QUOTA_EXHAUSTED 0
             release h1 ann                     -> released
             hold h4 bob F*2:full               -> F*2
             # The limit said last holds for all that share it.
             tier early price=500 quotas=hall/20,early/3 -> ok
             hold h5 eve F*10:full              -> F*10",
        )
        .check();
}

use crate::stage::Stage;

#[test]
fn late_money_buys_the_same_seats_while_they_are_free() {
    Stage::on_sale("A 1000 | oooo\nF 2000 area 5")
        .play(
            "hold h1 ann A-1-1 F*2   -> A-1-1 F*2
             order o1 h1 ann         -> pending until 600s
             hold h2 bob A-1-2       -> A-1-2
             order o2 h2 bob         -> pending until 600s
             tick 10m
             # Due, not yet freed: nobody can have taken them.
             pay o2 p2 1000          -> paid 1 tickets A-1-2
             expire                  -> expired 1
             pay o1 p1 declined      -> ORDER_TRANSITION expired pending_payment
             pay o1 p1 3000          -> paid 3 tickets A-1-1 F*2
             pay o1 p1 3000          -> paid 3 tickets A-1-1 F*2
             release h1 ann          -> HOLD_EXPIRED
             seats                   -> ssff",
        )
        .check();
}

#[test]
fn late_money_goes_back_when_the_places_are_gone() {
    Stage::on_sale("A 1000 | oooo\nF 2000 area 5")
        .play(
            "hold h1 ann A-1-1 F*2   -> A-1-1 F*2
             order o1 h1 ann         -> pending until 600s
             tick 10m
             expire                  -> expired 1
             hold h2 bob A-1-1       -> A-1-1
             pay o1 p1 3000          -> payment refused
             pay o1 p1 3000          -> payment refused
             release h2 bob          -> released
             # That payment was turned away; another may still buy.
             hold h3 bob F*4         -> F*4
             pay o1 p2 3000          -> payment refused
             release h3 bob          -> released
             pay o1 p3 3000          -> paid 3 tickets A-1-1 F*2",
        )
        .check();
}

#[test]
fn other_seats_when_accepted_and_no_worse() {
    Stage::on_sale("A 1000 | oooo | oooo | oooo")
        .play(
            "hold h1 ann A-2-1 A-2-2   -> A-2-1 A-2-2
             order o1 h1 ann any       -> pending until 600s
             hold h2 bob A-3-1 A-3-2   -> A-3-1 A-3-2
             order o2 h2 bob any       -> pending until 600s
             hold h3 eve A-2-3 A-2-4   -> A-2-3 A-2-4
             order o3 h3 eve           -> pending until 600s
             tick 10m
             expire                    -> expired 3
             hold h4 zed A-2-1 A-2-3   -> A-2-1 A-2-3
             # Not accepted: refused. Accepted: the best, nearer than before, at the old price.
             pay o3 p3 2000            -> payment refused
             pay o1 p1 2000            -> paid 2 tickets A-1-1 A-1-2 reseated
             hold h5 zed A-1-3 A-1-4 A-3-1 A-3-3 -> A-1-3 A-1-4 A-3-1 A-3-3
             # Only single seats are left, and the party sat together.
             pay o2 p2 2000            -> payment refused",
        )
        .check();
}

#[test]
fn late_money_cannot_pass_a_shared_quota_by_a_tier_that_is_gone() {
    Stage::draft("A 1000 | oooo\nF 2000 area 50")
        .play(
            "tier a sections=F quotas=hall/5 -> ok
             tier b quotas=hall/5            -> ok
             publish                         -> ok
             hold h1 ann F*1:a               -> F*1
             order o1 h1 ann any             -> pending until 600s
             tick 10m
             expire                          -> expired 1
             delete-tier a                   -> ok
             hold h2 bob F*5:b               -> F*5
             pay o1 p1 1000                  -> payment refused
             release h2 bob                  -> released
             # Nor while there is room: what it sold would be listed nowhere.
             pay o1 p2 1000                  -> payment refused",
        )
        .check();
}

/// Sixteen were turned away; the first one's notice comes again after a seventeenth was tried.
#[test]
fn an_order_forgets_no_payment_that_was_turned_away() {
    let mut stage = Stage::on_sale("A 1000 | oooo");
    stage.play(
        "hold h1 ann A-1-1   -> A-1-1
         order o1 h1 ann     -> pending until 600s
         tick 10m
         expire              -> expired 1
         hold h2 bob A-1-1   -> A-1-1",
    );
    for payment in 1..=crate::limits::PAYMENTS_REFUSED_MAX {
        stage.play(&format!("pay o1 p{payment} 1000 -> payment refused"));
    }
    stage.play("pay o1 p17 1000 -> PAYMENTS_TOO_MANY 16");
    let before = stage.inventory.lsn();
    stage.play("pay o1 p1 1000 -> payment refused\npay o1 p16 1000 -> payment refused");
    assert_eq!(stage.inventory.lsn(), before, "a repeated notice refunds nothing more");
    stage
        .play(
            "release h2 bob      -> released
             pay o1 p1 1000      -> payment refused
             pay o1 p17 1000     -> paid 1 tickets A-1-1",
        )
        .check();
}

#[test]
fn worse_seats_are_not_forced_on_anyone() {
    Stage::on_sale("A 1000 | oo | oo")
        .play(
            "hold h1 ann A-1-1 A-1-2   -> A-1-1 A-1-2
             order o1 h1 ann any       -> pending until 600s
             tick 10m
             expire                    -> expired 1
             hold h2 bob A-1-1 A-1-2   -> A-1-1 A-1-2
             pay o1 p1 2000            -> payment refused
             seats                     -> hh ff",
        )
        .check();
}

#[test]
fn late_money_cannot_pass_quotas_blocks_or_limits() {
    Stage::draft("A 1000 | oooo!!")
        .play(
            "tier full quotas=q/4 customer=2 -> ok
             publish                         -> ok
             hold h1 ann A-1-1 A-1-2         -> A-1-1 A-1-2
             order o1 h1 ann                 -> pending until 600s
             hold h2 eve A-1-5               -> A-1-5
             order o2 h2 eve                 -> pending until 600s
             tick 10m
             expire                          -> expired 2
             hold h3 bob A-1-3 A-1-4         -> A-1-3 A-1-4
             hold h4 cat A-1-6               -> A-1-6
             pay o1 p1 2000                  -> payment refused
             release h4 cat                  -> released
             hold h5 ann A-1-6               -> A-1-6
             pay o1 p2 2000                  -> payment refused
             release h5 ann                  -> released
             withhold kept                   -> ok
             pay o2 p3 1000                  -> payment refused
             pay o1 p4 2000                  -> paid 2 tickets A-1-1 A-1-2",
        )
        .check();
}

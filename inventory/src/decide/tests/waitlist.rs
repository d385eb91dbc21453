use crate::limits::WAITLIST_WISHES_MAX;
use crate::stage::Stage;

/// Four seats of a row and an area for two, all held by sue but for what the test needs.
fn sold_out() -> Stage {
    let mut stage = Stage::on_sale("A 1000 | oooo\nF 2000 area 2");
    stage.play(
        "waitlist offer=1h              -> ok
         hold h1 sue A-1-1              -> A-1-1
         hold h2 sue A-1-2              -> A-1-2
         hold h3 sue A-1-3 A-1-4        -> A-1-3 A-1-4
         hold h4 pat F*2                -> F*2",
    );
    stage
}

#[test]
fn what_is_freed_goes_to_those_who_wait_in_their_order() {
    sold_out()
        .play(
            "join ann 1                 -> entry 1
             join bob 1                 -> entry 2
             serve                      -> WAITLIST_IDLE
             release h1 sue             -> released
             # Free, and not yet offered: nobody comes between.
             hold h9 eve A-1-1          -> WAITLIST_FIRST
             hold h9 eve best*1         -> WAITLIST_FIRST
             serve                      -> offer 1 A-1-1 until 3600s
             serve                      -> WAITLIST_IDLE
             tick 10m
             expire                     -> expired 3
             serve                      -> offer 2 A-1-2 until 4200s
             # Nobody waits any more: the rest is everybody's.
             hold h9 eve best*1         -> A-1-3",
        )
        .check();
}

#[test]
fn a_party_stays_together_and_is_passed_over_until_it_can() {
    sold_out()
        .play(
            "join ann 3                 -> entry 1
             join bob 2                 -> entry 2
             release h1 sue             -> released
             serve                      -> WAITLIST_IDLE
             hold h9 eve A-1-1          -> WAITLIST_FIRST
             # One who needs but one gets at once what fits nobody before him.
             join eve 1                 -> entry 3
             serve                      -> offer 3 A-1-1 until 3600s
             release h3 sue             -> released
             serve                      -> offer 2 A-1-3 A-1-4 until 3600s
             quit eve                   -> released
             quit bob                   -> released
             release h2 sue             -> released
             serve                      -> offer 1 A-1-1 A-1-2 A-1-3 until 3600s
             seats                      -> hhhf",
        )
        .check();
}

#[test]
fn seats_apart_are_for_those_who_take_them() {
    let mut stage = Stage::on_sale("A 1000 | oooo");
    stage
        .play(
            "waitlist                   -> ok
             hold h1 sue A-1-1          -> A-1-1
             hold h2 sue A-1-2 A-1-4    -> A-1-2 A-1-4
             hold h3 sue A-1-3          -> A-1-3
             join ann 2                 -> entry 1
             join bob 2 apart           -> entry 2
             release h1 sue             -> released
             release h3 sue             -> released
             serve                      -> offer 2 A-1-3 A-1-1 split until 3600s
             release h2 sue             -> released
             serve                      -> WAITLIST_IDLE
             # What the party is short of is kept for it.
             hold h9 eve A-1-2          -> WAITLIST_FIRST",
        )
        .check();
}

#[test]
fn an_offer_ends_an_entry_however_it_ends() {
    let mut stage = Stage::on_sale("F 1000 area 1");
    stage
        .play(
            "waitlist offer=5m          -> ok
             hold h1 sue F*1            -> F*1
             join ann 1 area=F          -> entry 1
             join bob 1 area=F          -> entry 2
             join eve 1 area=F          -> entry 3
             join ann 1 area=F          -> WAITLIST_JOINED 1
             release h1 sue             -> released
             serve                      -> offer 1 F*1 until 300s
             tick 5m
             expire                     -> expired 1
             serve                      -> offer 2 F*1 until 600s
             quit bob                   -> released
             quit bob                   -> gone
             serve                      -> offer 3 F*1 until 600s",
        )
        .check();
    let offer = stage.inventory.waitlist_entries()[0].2.expect("eve has an offer");
    assert_eq!(stage.inventory.waitlist().offered, 1);
    let (order, eve) = (crate::OrderId::from_bytes([8; 16]), stage.inventory.waitlist_entries()[0].1);
    let verb = crate::PlaceOrder { order, hold: offer, customer: eve, accept_other_seats: false };
    stage.ask(crate::Verb::PlaceOrder(verb)).expect("an offer is ordered as any hold is");
    let amount_minor = 1_000;
    let currency = stage.inventory.layout().policy().currency;
    let settle = crate::SettlePayment {
        order,
        payment: crate::PaymentId::from_bytes([9; 16]),
        outcome: crate::PaymentOutcome::Paid { amount_minor, currency },
        entropy: [1; 16],
    };
    stage.ask(crate::Verb::SettlePayment(settle)).expect("and paid");
    assert_eq!(stage.inventory.waitlist_entries(), []);
    assert!(stage.rows.iter().any(|row| matches!(row, crate::Row::Waitlist(row) if row.status == "accepted")));
    stage.check();
}

/// The clock of an offer is not that of a hold: it is neither prolonged nor cut, but by a payment that has begun.
#[test]
fn an_offer_stands_its_time_and_a_payment_gives_it_five_minutes() {
    let mut stage = Stage::on_sale("F 1000 area 1");
    stage.play(
        "waitlist offer=1h              -> ok
         hold h1 sue F*1                -> F*1
         join ann 1 area=F              -> entry 1
         release h1 sue                 -> released
         serve                          -> offer 1 F*1 until 3600s",
    );
    let (_, ann, offer) = stage.inventory.waitlist_entries()[0];
    let hold = offer.expect("ann has an offer");
    let extended = stage.ask(crate::Verb::ExtendHold { hold, customer: ann });
    assert_eq!(extended.unwrap_err().code(), "HOLD_EXTENSION_EXHAUSTED");
    let order = crate::OrderId::from_bytes([8; 16]);
    let placed = crate::PlaceOrder { order, hold, customer: ann, accept_other_seats: false };
    stage.ask(crate::Verb::PlaceOrder(placed)).unwrap();
    stage.play("tick 59m");
    let payment = crate::PaymentId::from_bytes([9; 16]);
    let answer = stage.ask(crate::Verb::StartPayment { order, customer: ann, payment }).unwrap();
    let until = stage.now.plus_us(6 * 60_000_000);
    assert_eq!(answer, crate::Answer::PaymentStarted { order, expires_at: until });
    let told =
        stage.rows.iter().any(|row| matches!(row, crate::Row::Waitlist(row) if row.offered_until == Some(until)));
    assert!(told, "{:?}", stage.rows);
    stage.check();
}

#[test]
fn money_that_comes_too_late_waits_before_all_others() {
    let mut stage = Stage::on_sale("A 1000 | ooo");
    stage
        .play(
            "waitlist                   -> ok
             hold h1 ann A-1-1 A-1-2    -> A-1-1 A-1-2
             order o1 h1 ann            -> pending until 600s
             tick 10m
             expire                     -> expired 1
             hold h2 bob best*3         -> A-1-1 A-1-2 A-1-3
             join eve 1                 -> entry 1
             pay o1 p1 2000             -> payment refused
             pay o1 p1 2000             -> payment refused
             join ann 1                 -> WAITLIST_JOINED 2
             release h2 bob             -> released
             serve                      -> offer 2 A-1-1 A-1-2 until 4200s
             serve                      -> offer 1 A-1-3 until 4200s",
        )
        .check();
    // Somebody who waits already goes to the front.
    let mut stage = Stage::on_sale("F 1000 area 1");
    stage
        .play(
            "waitlist                   -> ok
             hold h1 ann F*1            -> F*1
             order o1 h1 ann            -> pending until 600s
             tick 10m
             expire                     -> expired 1
             hold h2 bob F*1            -> F*1
             join eve 1 area=F          -> entry 1
             join ann 1 area=F          -> entry 2
             pay o1 p1 1000             -> payment refused
             release h2 bob             -> released
             serve                      -> offer 2 F*1 until 4200s",
        )
        .check();
}

/// What somebody is short of is not for others; of what he is not short it is.
#[test]
fn only_what_is_short_is_kept() {
    Stage::draft("A 1000 | oooo\nB 2000 | oo")
        .play(
            "tier early quotas=q/1 sections=A -> ok
             tier full                  -> ok
             publish                    -> ok
             waitlist                   -> ok
             hold h1 sue A-1-1:early    -> A-1-1
             join ann 1 tier=early      -> entry 1
             # Units of the quota are short, seats are not.
             hold h2 bob A-1-2:full     -> A-1-2
             join eve 2 in=B            -> WAITLIST_NOT_NEEDED
             hold h3 bob best*2:full    -> A-1-3 A-1-4
             hold h4 pat B-1-1 B-1-2    -> B-1-1 B-1-2
             release h2 bob             -> released
             # Now it is the last seat for her as well: it may go while her quota is what lacks.
             hold h5 pat A-1-2:full     -> A-1-2
             release h5 pat             -> released
             release h1 sue             -> released
             hold h6 bob A-1-1:full     -> WAITLIST_FIRST
             serve                      -> offer 1 A-1-2 until 3600s",
        )
        .check();
}

#[test]
fn who_has_as_much_as_he_may_leaves_the_list() {
    Stage::draft("F 1000 area 2")
        .play(
            "tier full customer=1       -> ok
             policy holds=1             -> ok
             publish                    -> ok
             waitlist                   -> ok
             hold h1 sue F*1            -> F*1
             hold h2 pat F*1            -> F*1
             join pat 1 area=F          -> HOLDS_PER_CUSTOMER_EXCEEDED 1
             join ann 1 area=F          -> entry 1
             join bob 1 area=F          -> entry 2
             release h1 sue             -> released
             serve                      -> offer 1 F*1 until 3600s
             release h2 pat             -> released
             serve                      -> offer 2 F*1 until 3600s",
        )
        .check();
    Stage::draft("A 1000 | oo\nF 1000 area 1")
        .play(
            "tier full customer=1       -> ok
             publish                    -> ok
             waitlist                   -> ok
             hold h1 sue F*1            -> F*1
             join ann 1 area=F          -> entry 1
             join bob 1 area=F          -> entry 2
             hold h2 ann A-1-1          -> A-1-1
             release h1 sue             -> released
             serve                      -> gone
             serve                      -> offer 2 F*1 until 3600s",
        )
        .check();
}

#[test]
fn nobody_joins_who_need_not_or_cannot() {
    Stage::draft("A 1000 | oo\nB 2000 | ooo\nF 1000 area 9")
        .play(
            "tier full                  -> ok
             tier secret code=x         -> ok
             waitlist                   -> ok
             join ann 1                 -> EVENT_NOT_PUBLISHED
             publish                    -> ok
             waitlist off               -> ok
             join ann 1                 -> WAITLIST_OFF
             waitlist offer=4m          -> WAITLIST_INVALID an offer must stand from 5 minutes to 14 days
             waitlist closes=0s         -> WAITLIST_INVALID the list must close later than now
             waitlist closes=1h         -> ok
             join ann 1                 -> WAITLIST_NOT_NEEDED
             join ann 0                 -> QUANTITY_INVALID item 0
             join ann 1 tier=none       -> TIER_UNKNOWN item 0
             join ann 1 tier=secret     -> ACCESS_CODE_REQUIRED item 0
             join ann 11                -> UNITS_PER_HOLD_EXCEEDED 10
             join ann 10 area=F         -> WAITLIST_NEVER_TOGETHER 9
             quit ann                   -> gone
             remove ann                 -> WAITLIST_ENTRY_NOT_FOUND
             tick 1h
             join ann 1                 -> WAITLIST_CLOSED
             cancel-event               -> ok
             waitlist                   -> EVENT_CANCELLED
             waitlist off               -> ok",
        )
        .check();
}

#[test]
fn a_party_that_no_row_has_room_for_is_told() {
    Stage::on_sale("A 1000 | oo\nB 2000 | ooo")
        .play(
            "waitlist                   -> ok
             hold h1 sue A-1-1 A-1-2 B-1-1 -> A-1-1 A-1-2 B-1-1
             join ann 4                 -> WAITLIST_NEVER_TOGETHER 3
             join ann 3 in=A            -> WAITLIST_NEVER_TOGETHER 2
             join ann 3                 -> entry 1
             remove ann                 -> gone
             join ann 6 apart           -> WAITLIST_NEVER_TOGETHER 5
             join ann 5 apart           -> entry 2",
        )
        .check();
}

#[test]
fn a_list_that_closes_sends_those_who_wait_home() {
    let mut stage = sold_out();
    stage
        .play(
            "waitlist closes=15m        -> ok
             join ann 1                 -> entry 1
             join bob 4                 -> entry 2
             close-list                 -> WAITLIST_IDLE
             release h1 sue             -> released
             # No offer stands longer than the list.
             serve                      -> offer 1 A-1-1 until 900s
             release h2 sue             -> released
             tick 15m
             hold h9 eve A-1-2          -> A-1-2
             expire                     -> expired 3
             close-list                 -> closed 1
             close-list                 -> WAITLIST_IDLE
             hold h8 eve A-1-1          -> A-1-1",
        )
        .check();
    assert_eq!(stage.inventory.waitlist_entries(), []);
    sold_out()
        .play(
            "join ann 1                 -> entry 1
             waitlist off               -> ok
             release h1 sue             -> released
             serve                      -> WAITLIST_IDLE
             hold h9 eve A-1-1          -> A-1-1
             close-list                 -> closed 1",
        )
        .check();
}

#[test]
fn wishes_are_limited_in_kind() {
    let mut stage = Stage::draft(&format!("A 1000 !vip | {}", "o".repeat(100)));
    stage.play("policy units=100 -> ok\ntier full -> ok\npublish -> ok\nwaitlist -> ok\nwithhold vip -> ok");
    let kinds = ["apart", "apart accessible", "apart in=A"].into_iter();
    let wishes: Vec<String> = kinds.flat_map(|kind| (1..=100).map(move |units| format!("{units} {kind}"))).collect();
    for (at, wish) in (1..).zip(&wishes[..WAITLIST_WISHES_MAX]) {
        stage.play(&format!("join u{at} {wish} -> entry {at}"));
    }
    stage.play(&format!("join ann {} -> WAITLIST_FULL", wishes[WAITLIST_WISHES_MAX]));
    stage.play(&format!("join ann {} -> entry {}", wishes[0], WAITLIST_WISHES_MAX + 1)).check();
}

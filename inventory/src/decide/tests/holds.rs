use crate::stage::Stage;

const ROW: &str = "A 1000 | oooooooo";

#[test]
fn a_hold_lapses_and_its_seats_return_when_expiry_has_run() {
    let mut stage = Stage::on_sale(ROW);
    assert_eq!(stage.inventory.next_due(), None);
    stage.play(
        "hold h1 ann A-1-1 -> A-1-1
         tick 10m
         # Due: nobody may use it any more, nobody else may have its seats yet.
         extend h1 ann     -> HOLD_EXPIRED
         order o1 h1 ann   -> HOLD_EXPIRED
         release h1 ann    -> HOLD_EXPIRED
         hold h2 bob A-1-1 -> SEATS_TAKEN A-1-1",
    );
    assert_eq!(stage.inventory.next_due(), Some(stage.now));
    stage.play(
        "expire            -> expired 1
         expire            -> expired 0
         release h1 ann    -> HOLD_EXPIRED
         hold h2 bob A-1-1 -> A-1-1",
    );
    stage.check();
}

#[test]
fn expiry_takes_the_due_ones_and_leaves_the_others() {
    Stage::on_sale(ROW)
        .play(
            "hold h1 ann A-1-1 -> A-1-1
             tick 1m
             hold h2 ann A-1-2 -> A-1-2
             hold h3 ann A-1-3 -> A-1-3
             tick 1m
             extend h2 ann     -> until 720s
             release h3 ann    -> released
             tick 9m
             expire            -> expired 1
             seats             -> fhffffff
             tick 1m
             expire            -> expired 1
             seats             -> ffffffff",
        )
        .check();
}

#[test]
fn an_extension_gives_the_full_time_again_up_to_the_cap() {
    Stage::on_sale(ROW)
        .play(
            "hold h1 ann A-1-1 -> A-1-1
             extend h1 ann     -> HOLD_EXTENSION_EXHAUSTED
             tick 9m
             extend h1 ann     -> until 1140s
             tick 9m
             extend h1 ann     -> until 1680s
             tick 9m
             # Thirty minutes after it was placed, whatever is asked.
             extend h1 ann     -> until 1800s
             tick 1m
             extend h1 ann     -> HOLD_EXTENSION_EXHAUSTED",
        )
        .check();
}

#[test]
fn a_hold_is_its_owners_alone() {
    Stage::on_sale(ROW)
        .play(
            "hold h1 ann A-1-1 -> A-1-1
             extend h1 bob     -> HOLD_NOT_FOUND
             release h1 bob    -> HOLD_NOT_FOUND
             order o1 h1 bob   -> HOLD_NOT_FOUND
             release h9 ann    -> HOLD_NOT_FOUND
             release h1 ann    -> released
             # Again, by its owner: the same answer. Others still do not know it.
             release h1 ann    -> released
             release h1 bob    -> HOLD_NOT_FOUND
             extend h1 ann     -> HOLD_RELEASED
             order o1 h1 ann   -> HOLD_RELEASED
             seats             -> ffffffff",
        )
        .check();
}

#[test]
fn a_bought_hold_is_over() {
    Stage::on_sale(ROW)
        .play(
            "hold h1 ann A-1-1 -> A-1-1
             order o1 h1 ann   -> pending until 600s
             release h1 ann    -> HOLD_HAS_ORDER
             pay o1 p1 1000    -> paid 1 tickets A-1-1
             release h1 ann    -> HOLD_CONFIRMED
             extend h1 ann     -> HOLD_CONFIRMED
             order o2 h1 ann   -> HOLD_CONFIRMED
             tick 10m
             expire            -> expired 0
             seats             -> sfffffff",
        )
        .check();
}

use crate::stage::Stage;

#[test]
fn the_nearest_row_with_room_and_its_middle() {
    Stage::on_sale("far 5000 | oooooooo\nnear 1000 | oooooooo | oooooooo")
        .play(
            "hold h1 ann best*2      -> near-1-4 near-1-5
             hold h2 ann best*4      -> near-2-3 near-2-4 near-2-5 near-2-6
             hold h3 ann best/far*2  -> far-1-4 far-1-5
             seats                   -> fffhhfff fffhhfff ffhhhhff",
        )
        .check();
}

#[test]
fn no_single_seat_is_left_while_it_can_be_helped() {
    Stage::on_sale("A 1000 | ooooo | ooo")
        .play(
            "# Two from the middle of five would leave 1 + 2, from its edge 3.
             hold h1 ann best*2      -> A-1-1 A-1-2
             # Two of the three left would leave one: the next row has no better, and nobody wants an orphan.
             hold h2 ann best*3      -> A-1-3 A-1-4 A-1-5
             # Now there is no choice.
             hold h3 ann best*2      -> A-2-1 A-2-2
             seats                   -> hhhhh hhf",
        )
        .check();
}

#[test]
fn a_farther_row_without_orphans_comes_before_a_nearer_one_with() {
    Stage::on_sale("A 1000 | ooo | oooo")
        .play(
            "hold h1 ann best*2 -> A-2-1 A-2-2
             hold h2 ann best*2 -> A-2-3 A-2-4
             hold h3 ann best*2 -> A-1-1 A-1-2",
        )
        .check();
}

#[test]
fn a_party_is_split_only_when_no_row_can_take_it() {
    Stage::on_sale("A 1000 | oooo | oooooo")
        .play(
            "hold h1 ann best*8           -> A-2-1 A-2-2 A-2-3 A-2-4 A-2-5 A-2-6 A-1-2 A-1-3 split
             seats                        -> fhhf hhhhhh
             hold h2 bob best*2           -> A-1-1 A-1-4 split
             hold h3 bob best*1           -> NOT_ENOUGH_SEATS 0",
        )
        .check();
}

#[test]
fn not_enough_seats_takes_nothing_and_says_how_many() {
    Stage::on_sale("A 1000 | oo_oo")
        .play(
            "hold h1 ann A-1-1    -> A-1-1
             hold h2 bob best*4   -> NOT_ENOUGH_SEATS 3
             seats                -> hfff
             hold h2 bob best*3   -> A-1-4 A-1-5 A-1-2 split",
        )
        .check();
}

#[test]
fn seats_beside_a_gap_are_not_adjacent() {
    Stage::on_sale("A 1000 | oo_oo | ooo")
        .play("hold h1 ann best*3 -> A-2-1 A-2-2 A-2-3\nhold h2 ann best*2 -> A-1-1 A-1-2")
        .check();
}

#[test]
fn seats_named_in_the_same_hold_are_left_alone() {
    Stage::on_sale("A 1000 | ooooo | ooooo")
        .play(
            "# Without the named seat the middle would be A-1-2 to A-1-4.
             hold h1 ann A-1-3 best*2         -> A-1-3 A-1-1 A-1-2
             # Two parties of one hold do not get the same seats.
             hold h2 ann best*2 best*2        -> A-1-4 A-1-5 A-2-1 A-2-2
             hold h3 bob A-2-4 best*2         -> A-2-4 A-2-3 A-2-5 split",
        )
        .check();
}

#[test]
fn the_whole_party_is_in_one_tier() {
    Stage::draft("A 1000 | PPPPoooo | oooooooo")
        .play(
            "tier gold price=9000 categories=P   -> ok
             tier rest price=1000 sections=A     -> ok
             publish                             -> ok
             # The nearest lane is gold's; five do not fit it, and a lane is of one category.
             hold h1 ann best*4                  -> A-1-1 A-1-2 A-1-3 A-1-4
             hold h2 ann best*6:rest             -> A-2-1 A-2-2 A-2-3 A-2-4 A-2-5 A-2-6
             hold h3 bob best*5:gold             -> NOT_ENOUGH_SEATS 0
             hold h3 bob best*5:rest             -> A-1-5 A-1-6 A-1-7 A-1-8 A-2-7 split",
        )
        .check();
}

#[test]
fn accessible_seats_are_kept_for_those_who_need_them() {
    Stage::on_sale("A 1000 | acoooo | ooocao")
        .play(
            "hold h1 ann best*4  -> A-1-3 A-1-4 A-1-5 A-1-6
             # One accessible seat, its companion before an ordinary one.
             hold h2 bob acc*2   -> A-1-1 A-1-2
             hold h3 bob acc*3   -> A-2-4 A-2-5 A-2-6
             hold h4 eve acc*1   -> NOT_ENOUGH_SEATS 0
             hold h4 eve best*3  -> A-2-1 A-2-2 A-2-3",
        )
        .check();
}

#[test]
fn an_accessible_party_that_cannot_sit_together_keeps_its_accessible_seat() {
    Stage::on_sale("A 1000 | a_o | ooo").play("hold h1 ann acc*3 -> A-1-1 A-2-1 A-2-2 split").check();
}

#[test]
fn withheld_blocks_are_not_picked_until_released() {
    Stage::on_sale("A 1000 !vip | oooo\nB 2000 | oooo")
        .play(
            "withhold vip         -> ok
             hold h1 ann best*2   -> B-1-1 B-1-2
             hold h2 ann best*3   -> NOT_ENOUGH_SEATS 2
             open vip             -> ok
             hold h2 ann best*3   -> A-1-1 A-1-2 A-1-3",
        )
        .check();
}

#[test]
fn parties_larger_than_the_index_of_lanes() {
    let row = "o".repeat(40);
    Stage::on_sale(&format!("A 1000 | {row}"))
        .play(
            "policy units=100                   -> ok
             tier full max=100                  -> ok",
        )
        .play(&format!(
            "hold h1 ann best*20 -> {}",
            (11..=30).map(|seat| format!("A-1-{seat}")).collect::<Vec<_>>().join(" ")
        ))
        .play(&format!(
            "hold h2 ann best*17 -> {} split",
            (1..=10).chain(31..=37).map(|seat| format!("A-1-{seat}")).collect::<Vec<_>>().join(" ")
        ))
        .check();
}

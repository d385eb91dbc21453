//! Whose turn it is in the waiting room, as everybody is shown it.

use crate::stage::Stage;

#[test]
fn a_turn_ends_when_it_is_claimed_or_given_up() {
    let mut stage = Stage::on_sale("A 1000 | oooooooo");
    stage.play(
        "room rate=6000 claim=10s -> ok
         open-line 80             -> opened 0
         leave eve 70             -> left
         tick 1s
         call 80                  -> called 80
         tick 1s
         call 90                  -> called 90
         enter ann 65             -> session 1 until 602s
         leave bob 3              -> left",
    );
    let turns = |stage: &Stage| {
        let view = stage.inventory.line_view();
        (0..95).filter(|rank| view.claim_by(stage.now, *rank).is_some()).collect::<Vec<u32>>()
    };
    let without = |gone: &[u32], from: u32| (from..90).filter(|rank| !gone.contains(rank)).collect::<Vec<_>>();
    assert_eq!(turns(&stage), without(&[3, 65, 70], 0));
    // The same after reading a snapshot, and once the older ones have lapsed.
    let again = crate::Inventory::restore(&stage.inventory.snapshot()).unwrap();
    assert_eq!(again.line_view(), stage.inventory.line_view());
    stage.play("leave cat 89 -> left\ntick 9s\nleave dan 85 -> left");
    assert_eq!(turns(&stage), without(&[85, 89], 80));
}

mod best_available;
mod box_office;
mod configure;
mod discounts;
mod gate;
mod holds;
mod keys;
mod late_payment;
mod limits;
mod line;
mod orders;
mod place_hold;
mod promised_refunds;
mod refunds;
mod rows;
mod terms;
mod turns;
mod waitlist;

/// The tables name codes; this holds them against the enum's own list.
#[test]
fn every_rejection_is_reached_by_a_table() {
    let tables = [
        include_str!("best_available.rs"),
        include_str!("box_office.rs"),
        include_str!("configure.rs"),
        include_str!("discounts.rs"),
        include_str!("gate.rs"),
        include_str!("holds.rs"),
        include_str!("keys.rs"),
        include_str!("late_payment.rs"),
        include_str!("limits.rs"),
        include_str!("line.rs"),
        include_str!("orders.rs"),
        include_str!("place_hold.rs"),
        include_str!("promised_refunds.rs"),
        include_str!("refunds.rs"),
        include_str!("terms.rs"),
        include_str!("waitlist.rs"),
    ];
    let codes: Vec<&str> = include_str!("../../rejection.rs")
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once("=> \"")?.1.strip_suffix("\","))
        .collect();
    assert!(codes.len() > 40, "{codes:?}");
    for code in codes {
        // Told by its problem, in a table of its own.
        let is_met = code == "SEAT_MAP_INVALID" || tables.iter().any(|table| table.contains(&format!("-> {code}")));
        assert!(is_met, "no table ends in {code}");
    }
}

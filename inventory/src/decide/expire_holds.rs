use crate::{Change, Inventory, TimeUs};

/// Empty when nothing is due: whoever keeps the time asks [`Inventory::next_due`] first.
pub(super) fn decide(inventory: &Inventory, now: TimeUs) -> Change {
    Change::HoldsExpired { holds: inventory.holds.due(now) }
}

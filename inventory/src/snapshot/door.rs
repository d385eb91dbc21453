//! What the door remembers, and the rule that it counts for: what images of the first versions have no place for.

use serde::{Deserialize, Serialize};

use crate::Inventory;
use crate::door::Door;

#[derive(Serialize)]
pub(super) struct DoorRef<'a> {
    entries_max: Option<u32>,
    door: &'a Option<Box<Door>>,
}

/// Written of events that have a door, so that there is one in it.
#[derive(Default, Deserialize)]
pub(super) struct DoorImage {
    pub entries_max: Option<u32>,
    pub door: Option<Box<Door>>,
}

impl<'a> DoorRef<'a> {
    pub fn of(inventory: &'a Inventory) -> Self {
        Self { entries_max: inventory.layout.policy().entries_max, door: &inventory.door }
    }
}

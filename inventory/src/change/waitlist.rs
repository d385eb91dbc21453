use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{PlacedHold, forms};
use crate::{UserId, WaitlistEnd, WaitlistSettings, Wish};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum WaitlistChange {
    Set(WaitlistSettings),
    Joined {
        number: u32,
        customer: UserId,
        wish: Wish,
    },
    /// A hold is placed for whoever has waited.
    Offered {
        number: u32,
        #[serde(with = "forms::at_discount")]
        placed: Arc<PlacedHold>,
    },
    /// Without an offer: one ends with its hold.
    Ended {
        number: u32,
        end: WaitlistEnd,
    },
    Closed {
        numbers: Vec<u32>,
    },
}

use serde::{Deserialize, Serialize};

use crate::TimeUs;
use crate::limits::{
    BEACON_BYTES_MAX, CALL_RATE_PER_MIN_MAX, CLAIM_WITHIN_US, LATENCY_TARGET_US, SESSION_US, SHOPPERS_MAX,
};

/// How one event's waiting room works, as its organizer wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomSettings {
    /// Holds need a session while this is so. Switching it on (again) begins a new line under a new key.
    pub active: bool,
    /// Joining is possible from here on. `None`: at once.
    pub pre_queue_from: Option<TimeUs>,
    /// Who has joined by then is shuffled. `None`: nobody is, first come first served.
    pub opens_at: Option<TimeUs>,
    /// Places called per minute at most.
    pub rate_per_min: u32,
    /// Shoppers inside at once; those who come by a priority pass are counted and never kept out.
    pub shoppers_max: u32,
    /// What each hold and payment gives a shopper again.
    pub session_us: i64,
    /// How long a called place waits for its owner.
    pub claim_within_us: i64,
    /// Nobody is called while this is so.
    pub paused: bool,
    /// Names a public value that is not known yet and that the shuffle shall depend on.
    pub beacon: Option<String>,
    /// Whoever steers the rate lowers it when a hold takes longer than this. The core does not look at it.
    pub latency_target_us: i64,
}

impl Default for RoomSettings {
    /// A room that is off.
    fn default() -> Self {
        Self {
            active: false,
            pre_queue_from: None,
            opens_at: None,
            rate_per_min: 600,
            shoppers_max: 500,
            session_us: 600_000_000,
            claim_within_us: 120_000_000,
            paused: false,
            beacon: None,
            latency_target_us: 50_000,
        }
    }
}

impl RoomSettings {
    /// # Errors
    /// What is wrong, for its organizer.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(1..=CALL_RATE_PER_MIN_MAX).contains(&self.rate_per_min) {
            return Err(format!("the rate must be from 1 to {CALL_RATE_PER_MIN_MAX} places a minute"));
        }
        if !(1..=SHOPPERS_MAX).contains(&self.shoppers_max) {
            return Err(format!("shoppers at once must be from 1 to {SHOPPERS_MAX}"));
        }
        if !SESSION_US.contains(&self.session_us) {
            return Err("a session must be from 30 s to 1 h".to_owned());
        }
        if !CLAIM_WITHIN_US.contains(&self.claim_within_us) {
            return Err("the time to claim a place must be from 10 s to 1 h".to_owned());
        }
        if !LATENCY_TARGET_US.contains(&self.latency_target_us) {
            return Err("the latency target must be from 5 ms to 10 s".to_owned());
        }
        if let (Some(from), Some(opens)) = (self.pre_queue_from, self.opens_at)
            && from >= opens
        {
            return Err("the pre-queue must begin before the line opens".to_owned());
        }
        let Some(beacon) = &self.beacon else { return Ok(()) };
        if self.opens_at.is_none() {
            return Err("a beacon needs a time at which the line opens: without it nobody is shuffled".to_owned());
        }
        if !(1..=BEACON_BYTES_MAX).contains(&beacon.len()) {
            return Err(format!("the beacon's name must have 1 to {BEACON_BYTES_MAX} bytes"));
        }
        Ok(())
    }

    /// When the line may open.
    pub(crate) fn opens_from(&self) -> Option<TimeUs> {
        self.opens_at.or(self.pre_queue_from)
    }

    pub(crate) fn has_pre_queue(&self, now: TimeUs) -> bool {
        self.active && self.pre_queue_from.is_none_or(|from| from <= now)
    }
}

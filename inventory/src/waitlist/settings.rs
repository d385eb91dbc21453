use serde::{Deserialize, Serialize};

use crate::TimeUs;
use crate::limits::{WAITLIST_OFFER_DEFAULT_US, WAITLIST_OFFER_US};

/// How one event's waitlist works, as its organizer wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitlistSettings {
    /// Switched off, nobody joins, those who wait are sent home, and what is free is everybody's.
    pub active: bool,
    /// How long an offer stands, unless the sale or the list ends before.
    pub offer_us: i64,
    /// From then on it is as if switched off. `None`: never.
    pub closes_at: Option<TimeUs>,
}

impl Default for WaitlistSettings {
    /// A list that is off.
    fn default() -> Self {
        Self { active: false, offer_us: WAITLIST_OFFER_DEFAULT_US, closes_at: None }
    }
}

impl WaitlistSettings {
    /// # Errors
    /// What is wrong, for its organizer.
    pub(crate) fn check(&self, now: TimeUs) -> Result<(), String> {
        if !WAITLIST_OFFER_US.contains(&self.offer_us) {
            return Err("an offer must stand from 5 minutes to 14 days".to_owned());
        }
        if self.active && self.closes_at.is_some_and(|closes_at| closes_at <= now) {
            return Err("the list must close later than now".to_owned());
        }
        Ok(())
    }

    pub(crate) fn is_open(&self, now: TimeUs) -> bool {
        self.active && self.closes_at.is_none_or(|closes_at| now < closes_at)
    }
}

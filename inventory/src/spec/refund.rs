//! What a tier promises to those who want their money back.

use serde::{Deserialize, Serialize};

use crate::TimeUs;

/// What a buyer was promised. Kept with his order as it was when he bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPolicy {
    pub refundable: bool,
    /// Of the price that was paid. With steps, they say it.
    pub percent: u8,
    pub until: Option<TimeUs>,
    /// The longer before the event, the earlier in the list. Records up to version 3 end before it: see
    /// [`crate::Change::TierSetWithRefundSteps`].
    #[serde(skip)]
    pub steps: Vec<RefundStep>,
}

/// What goes back of the price when it is asked for early enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundStep {
    /// At least so long before the event starts.
    pub before_us: i64,
    pub percent: u8,
}

impl RefundPolicy {
    /// One percentage, at any time before the event.
    pub const fn flat(percent: u8) -> Self {
        Self { refundable: true, percent, until: None, steps: Vec::new() }
    }

    /// What goes back of a price to a buyer who asks at `now`: 0 to 100. Nothing once the event has started, and nothing
    /// later than the last step.
    pub fn percent_at(&self, now: TimeUs, starts_at: TimeUs) -> u8 {
        if !self.refundable || now >= starts_at || self.until.is_some_and(|until| now >= until) {
            return 0;
        }
        if self.steps.is_empty() {
            return self.percent;
        }
        let left_us = starts_at.since(now);
        self.steps.iter().find(|step| left_us >= step.before_us).map_or(0, |step| step.percent)
    }
}

/// A tier, its terms and the steps of its refunds: the journal's form since version 4.
pub(crate) mod with_refund_steps {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{RefundPolicy, RefundStep};
    use crate::{TierSpec, TierTerms};

    pub fn serialize<S: Serializer>(tier: &TierSpec, serializer: S) -> Result<S::Ok, S::Error> {
        let steps = tier.terms.refund.as_ref().map_or(&[][..], |refund| &refund.steps);
        (tier, &tier.terms, steps).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<TierSpec>, D::Error> {
        let (tier, terms, steps) = <(Box<TierSpec>, TierTerms, Vec<RefundStep>)>::deserialize(deserializer)?;
        let refund = terms.refund.map(|refund| RefundPolicy { steps, ..refund });
        Ok(Box::new(TierSpec { terms: TierTerms { refund, ..terms }, ..*tier }))
    }
}

//! What an organizer says about an event: its seat map, tiers, access codes and policy. Specs are plain data; the checked and indexed
//! form that the rules read is the `Layout`.

use serde::{Deserialize, Serialize};

use crate::{Rejection, TierId, TimeUs, bytes16, limits};

mod refund;

pub(crate) use refund::with_refund_steps;
pub use refund::{RefundPolicy, RefundStep};

/// ISO 4217 alphabetic code, for instance `EUR`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Currency([u8; 3]);

impl Currency {
    /// `None` unless `code` is three ASCII upper-case letters.
    pub const fn new(code: &str) -> Option<Self> {
        let bytes = code.as_bytes();
        if bytes.len() != 3 {
            return None;
        }
        let mut i = 0;
        while i < 3 {
            if !bytes[i].is_ascii_uppercase() {
                return None;
            }
            i += 1;
        }
        Some(Self([bytes[0], bytes[1], bytes[2]]))
    }

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeatMapSpec {
    pub sections: Vec<SectionSpec>,
    /// Best available looks for seats near this point. Centimetres, in the frame of the sections' positions.
    pub focal_point: (i32, i32),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SectionSpec {
    pub id: String,
    pub name: String,
    /// Centre of the first row (or of the area), centimetres.
    pub position: (i32, i32),
    /// A named block that can be withheld from sale and released at once. `None`: on sale with the event.
    pub block: Option<String>,
    pub kind: SectionKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SectionKind {
    Rows(Vec<RowSpec>),
    Area { capacity: u32, category: Option<String> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowSpec {
    pub id: String,
    /// Left to right as seen from the stage. `None` is a gap (an aisle): the seats on its sides are not adjacent.
    pub seats: Vec<Option<SeatSpec>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeatSpec {
    /// The last part of the public id `section-row-number`.
    pub number: String,
    pub category: Option<String>,
    pub accessible: bool,
    /// Beside an accessible seat, kept for whoever comes along.
    pub companion: bool,
    /// Overrides the section's block.
    pub block: Option<String>,
}

/// Half-open: on sale from `from` (inclusive) to `until` (exclusive).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleWindow {
    pub from: Option<TimeUs>,
    pub until: Option<TimeUs>,
}

impl SaleWindow {
    pub const ALWAYS: Self = Self { from: None, until: None };

    pub fn contains(&self, now: TimeUs) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    /// When both are open.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        let until = [self.until, other.until].into_iter().flatten().min();
        Self { from: self.from.max(other.from), until }
    }

    pub(crate) fn check(&self, now: TimeUs) -> Result<(), Rejection> {
        match self.from {
            Some(starts_at) if now < starts_at => Err(Rejection::SaleNotStarted { starts_at }),
            _ if self.contains(now) => Ok(()),
            _ => Err(Rejection::SaleEnded),
        }
    }
}

/// A limit on units that several tiers may share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaSpec {
    /// Tiers that name the same id share the quota; its limit is the one said last.
    pub id: String,
    pub limit: u32,
}

/// A ticket type. It prices every seat and area that it covers: those of `sections`, narrowed to `categories` when there
/// are any; no section named means all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TierSpec {
    pub id: TierId,
    pub name: String,
    pub price_minor: i64,
    /// Ids of sections and areas.
    pub sections: Vec<String>,
    pub categories: Vec<String>,
    pub quotas: Vec<QuotaSpec>,
    pub sale: SaleWindow,
    pub per_order_min: u32,
    pub per_order_max: u32,
    /// Units held and bought by one customer over all orders.
    pub per_customer_max: Option<u32>,
    /// First 16 bytes of the SHA-256 of the code that reveals the tier. `None`: open to all.
    pub access_code: Option<[u8; 16]>,
    /// A closed tier sells nothing; what it sold stays.
    pub open: bool,
    /// Records of version 1 end before it: see [`crate::Change::TierSetInFull`].
    #[serde(skip)]
    pub terms: TierTerms,
}

/// What a tier says beyond its price and limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TierTerms {
    pub description: String,
    /// Tiers are shown by ascending position, and those of one position in the order they were added.
    pub position: u16,
    /// The first that applies prices a unit; when none does, [`TierSpec::price_minor`].
    pub price_steps: Vec<PriceStep>,
    /// Sold to those who name a code of the event that opens it, or the tier's own [`TierSpec::access_code`].
    pub needs_code: bool,
    /// `None`: nothing is promised.
    pub refund: Option<RefundPolicy>,
    /// Said by [`crate::Verb::DeleteTier`] alone. The tier keeps its index and is found no more.
    pub deleted: bool,
}

impl TierTerms {
    pub(crate) fn has_refund_steps(&self) -> bool {
        self.refund.as_ref().is_some_and(|refund| !refund.steps.is_empty())
    }

    /// One price for everybody, and nothing promised.
    pub const PLAIN: Self = Self {
        description: String::new(),
        position: 0,
        price_steps: Vec::new(),
        needs_code: false,
        refund: None,
        deleted: false,
    };
}

impl Default for TierTerms {
    fn default() -> Self {
        Self::PLAIN
    }
}

/// A price for those who come early. No two prices of a tier are the same, so that a price names its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceStep {
    pub price_minor: i64,
    /// Ends at this time.
    pub until: Option<TimeUs>,
    /// Ends while so many units are held or sold at this price. What is given back is on offer again.
    pub first: Option<u32>,
}

/// A code that opens tiers that need one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessCodeSpec {
    /// Keyed digest: whoever reads the journal cannot buy with the code.
    #[serde(with = "bytes16")]
    pub digest: [u8; 16],
    /// For the organizer.
    pub label: String,
    /// Tiers that it opens. Empty: all that need a code.
    pub tiers: Vec<TierId>,
    /// Units held and bought by it over all tiers and customers.
    pub units_max: Option<u32>,
    pub window: SaleWindow,
    /// A closed code opens nothing; what was held or bought by it stays.
    pub open: bool,
}

impl TierSpec {
    /// Prices every seat and area alike, for everybody and at any time, without a quota.
    pub const fn new(id: TierId, name: String, price_minor: i64) -> Self {
        Self {
            id,
            name,
            price_minor,
            sections: Vec::new(),
            categories: Vec::new(),
            quotas: Vec::new(),
            sale: SaleWindow::ALWAYS,
            per_order_min: 1,
            per_order_max: 10,
            per_customer_max: None,
            access_code: None,
            open: true,
            terms: TierTerms::PLAIN,
        }
    }

    /// The price step whose price this is.
    pub(crate) fn step_at(&self, price_minor: i64) -> Option<usize> {
        self.terms.price_steps.iter().position(|step| step.price_minor == price_minor)
    }

    /// Sold to somebody without a code, when its time has come.
    pub const fn is_offered(&self) -> bool {
        self.open && !self.is_hidden() && !self.terms.deleted
    }

    /// Shown and sold to those alone who know a code.
    pub const fn is_hidden(&self) -> bool {
        self.access_code.is_some() || self.terms.needs_code
    }
}

/// What of a tier to change. `None`: as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TierPatch {
    pub name: Option<String>,
    pub price_minor: Option<i64>,
    /// Its limit, or one quota more.
    pub quota: Option<QuotaSpec>,
    /// A quota that it draws on no more.
    pub quota_gone: Option<String>,
    pub sale: Option<SaleWindow>,
    pub per_order_min: Option<u32>,
    pub per_order_max: Option<u32>,
    /// `Some(None)`: no limit.
    pub per_customer_max: Option<Option<u32>>,
    pub open: Option<bool>,
    pub description: Option<String>,
    pub position: Option<u16>,
    pub price_steps: Option<Vec<PriceStep>>,
    pub needs_code: Option<bool>,
    /// `Some(None)`: nothing is promised.
    pub refund: Option<Option<RefundPolicy>>,
}

impl TierPatch {
    pub fn over(&self, tier: &TierSpec) -> TierSpec {
        let terms = &tier.terms;
        let mut quotas = tier.quotas.clone();
        quotas.retain(|quota| self.quota_gone.as_ref() != Some(&quota.id));
        if let Some(said) = &self.quota {
            match quotas.iter_mut().find(|quota| quota.id == said.id) {
                Some(quota) => quota.limit = said.limit,
                None => quotas.push(said.clone()),
            }
        }
        TierSpec {
            id: tier.id,
            name: self.name.as_ref().unwrap_or(&tier.name).clone(),
            price_minor: self.price_minor.unwrap_or(tier.price_minor),
            sections: tier.sections.clone(),
            categories: tier.categories.clone(),
            quotas,
            sale: self.sale.unwrap_or(tier.sale),
            per_order_min: self.per_order_min.unwrap_or(tier.per_order_min),
            per_order_max: self.per_order_max.unwrap_or(tier.per_order_max),
            per_customer_max: self.per_customer_max.unwrap_or(tier.per_customer_max),
            access_code: tier.access_code,
            open: self.open.unwrap_or(tier.open),
            terms: TierTerms {
                description: self.description.as_ref().unwrap_or(&terms.description).clone(),
                position: self.position.unwrap_or(terms.position),
                price_steps: self.price_steps.as_ref().unwrap_or(&terms.price_steps).clone(),
                needs_code: self.needs_code.unwrap_or(terms.needs_code),
                refund: self.refund.as_ref().unwrap_or(&terms.refund).clone(),
                deleted: terms.deleted,
            },
        }
    }
}

/// A tier and its terms as one: the journal's form since version 3.
pub(crate) mod in_full {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{TierSpec, TierTerms};

    pub fn serialize<S: Serializer>(tier: &TierSpec, serializer: S) -> Result<S::Ok, S::Error> {
        (tier, &tier.terms).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<TierSpec>, D::Error> {
        let (tier, terms) = <(Box<TierSpec>, TierTerms)>::deserialize(deserializer)?;
        Ok(Box::new(TierSpec { terms, ..*tier }))
    }
}

/// Rules of the whole event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub currency: Currency,
    pub sale: SaleWindow,
    pub hold_ttl_us: i64,
    pub holds_per_customer_max: u32,
    pub units_per_hold_max: u32,
    pub units_per_customer_max: Option<u32>,
    /// Scans admit from here on; `None`: at any time.
    pub doors_from: Option<TimeUs>,
    /// Whether a checked-out ticket may enter again.
    pub reentry: bool,
    /// How often one ticket may enter. Counted exactly from when it is first set; of those before, the last few count. Records
    /// of version 1 end before it: see [`crate::Change::PolicySetInFull`].
    #[serde(skip)]
    pub entries_max: Option<u32>,
}

/// Rules to change. `None`: as it is. `Some(None)`: no such rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyPatch {
    pub sale: Option<SaleWindow>,
    pub hold_ttl_us: Option<i64>,
    pub holds_per_customer_max: Option<u32>,
    pub units_per_hold_max: Option<u32>,
    pub units_per_customer_max: Option<Option<u32>>,
    pub doors_from: Option<Option<TimeUs>>,
    pub reentry: Option<bool>,
    pub entries_max: Option<Option<u32>>,
}

impl PolicyPatch {
    pub fn over(&self, policy: &Policy) -> Policy {
        Policy {
            currency: policy.currency,
            sale: self.sale.unwrap_or(policy.sale),
            hold_ttl_us: self.hold_ttl_us.unwrap_or(policy.hold_ttl_us),
            holds_per_customer_max: self.holds_per_customer_max.unwrap_or(policy.holds_per_customer_max),
            units_per_hold_max: self.units_per_hold_max.unwrap_or(policy.units_per_hold_max),
            units_per_customer_max: self.units_per_customer_max.unwrap_or(policy.units_per_customer_max),
            doors_from: self.doors_from.unwrap_or(policy.doors_from),
            reentry: self.reentry.unwrap_or(policy.reentry),
            entries_max: self.entries_max.unwrap_or(policy.entries_max),
        }
    }
}

impl Policy {
    pub const fn new(currency: Currency) -> Self {
        Self {
            currency,
            sale: SaleWindow::ALWAYS,
            hold_ttl_us: limits::HOLD_TTL_DEFAULT_US,
            holds_per_customer_max: 4,
            units_per_hold_max: 10,
            units_per_customer_max: None,
            doors_from: None,
            reentry: true,
            entries_max: None,
        }
    }
}

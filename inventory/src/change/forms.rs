//! What belongs together in the journal and not in memory: the forms that came after the first version.

/// A policy and its limit of entries as one: the journal's form since version 4.
pub mod policy_in_full {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::Policy;

    pub fn serialize<S: Serializer>(policy: &Policy, serializer: S) -> Result<S::Ok, S::Error> {
        (policy, policy.entries_max).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<Policy>, D::Error> {
        let (policy, entries_max) = <(Box<Policy>, Option<u32>)>::deserialize(deserializer)?;
        Ok(Box::new(Policy { entries_max, ..*policy }))
    }
}

/// A hold and its codes as one: the journal's form since version 3.
pub mod by_code {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::super::{CodeUse, HoldCodes, PlacedHold};

    pub fn serialize<S: Serializer>(placed: &PlacedHold, serializer: S) -> Result<S::Ok, S::Error> {
        (placed, placed.codes()).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<PlacedHold>, D::Error> {
        let (placed, access) = <(PlacedHold, Vec<CodeUse>)>::deserialize(deserializer)?;
        let codes = HoldCodes { access, discounts: Vec::new() };
        Ok(Arc::new(PlacedHold { codes: Some(Box::new(codes)), ..placed }))
    }
}

/// A hold, its codes and what they take off as one: the journal's form since version 4.
pub mod at_discount {
    use std::sync::Arc;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::super::{CodeUse, DiscountUse, HoldCodes, PlacedHold};

    pub fn serialize<S: Serializer>(placed: &PlacedHold, serializer: S) -> Result<S::Ok, S::Error> {
        (placed, placed.codes(), placed.discounts()).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<PlacedHold>, D::Error> {
        let (mut placed, access, discounts) =
            <(PlacedHold, Vec<CodeUse>, Vec<DiscountUse>)>::deserialize(deserializer)?;
        placed.set_codes(HoldCodes { access, discounts }).ok_or_else(|| D::Error::custom("discounts of no item"))?;
        Ok(Arc::new(placed))
    }
}

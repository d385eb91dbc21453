//! What a patch says of a field. Absent, it stays as it is. `null` takes it away where there is something without it, and is
//! refused everywhere else: a client that sends it means something.
//!
//! A field that can be taken away is an `Option<Option<T>>`, read by [`clearable`]; every other one an `Option<T>`, read by
//! [`not_null`].

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// What is said of a `null` that means nothing.
pub const NOT_NULL: &str = "not null: leave the field out to keep it as it is";

/// # Errors
/// It is `null`, or no `T`.
pub fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    match Option::deserialize(deserializer)? {
        Some(value) => Ok(Some(value)),
        None => Err(D::Error::custom(NOT_NULL)),
    }
}

/// # Errors
/// It is neither `null` nor a `T`.
pub fn clearable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    struct Patch {
        #[serde(default, deserialize_with = "not_null")]
        name: Option<String>,
        #[serde(default, deserialize_with = "clearable")]
        limit: Option<Option<u32>>,
    }

    #[test]
    fn absent_stays_and_null_is_taken_away_or_refused() {
        let read = serde_json::from_str::<Patch>;
        assert_eq!(read("{}").unwrap(), Patch::default());
        assert_eq!(read(r#"{"limit":null}"#).unwrap(), Patch { limit: Some(None), ..Patch::default() });
        assert_eq!(read(r#"{"limit":7}"#).unwrap(), Patch { limit: Some(Some(7)), ..Patch::default() });
        assert_eq!(read(r#"{"name":"x"}"#).unwrap(), Patch { name: Some("x".to_owned()), ..Patch::default() });
        let refused = read(r#"{"name":null}"#).unwrap_err().to_string();
        assert!(refused.starts_with(NOT_NULL), "{refused}");
        read(r#"{"limit":"7"}"#).unwrap_err();
    }
}

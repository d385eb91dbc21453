use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;
use wire::Page;

use crate::error::{ApiError, Malformed};

pub const PAGE_DEFAULT: u32 = 50;
pub const PAGE_MAX: u32 = 200;

/// Where a page ended: the id of its last item. Opaque to clients, so that what is inside may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub Uuid);

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.as_bytes()))
    }
}

impl std::str::FromStr for Cursor {
    type Err = ApiError;

    fn from_str(text: &str) -> Result<Self, ApiError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ApiError::Malformed(Malformed::Cursor))?;
        Uuid::from_slice(&bytes).map(Self).map_err(|_| ApiError::Malformed(Malformed::Cursor))
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("not a cursor of this list"))
    }
}

/// `rows` were read with a limit of one more than `limit`: the surplus one tells that there is a next page.
pub fn page<R, T>(mut rows: Vec<R>, limit: u32, id: impl Fn(&R) -> Uuid, show: impl Fn(R) -> T) -> Page<T> {
    let limit = limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(|last| Cursor(id(last)).to_string());
    Page { items: rows.into_iter().map(show).collect(), next_cursor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_round_trip_and_nothing_else_is_one() {
        let cursor = Cursor(Uuid::from_u128(7));
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for text in ["", "x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "ä"] {
            text.parse::<Cursor>().unwrap_err();
        }
    }

    #[test]
    fn only_a_full_page_with_a_successor_has_a_cursor() {
        let id = |n: &u128| Uuid::from_u128(*n);
        let last = page(vec![1, 2], 2, id, |n| n);
        assert_eq!((last.items, last.next_cursor), (vec![1, 2], None));
        let first = page(vec![1, 2, 3], 2, id, |n| n);
        assert_eq!((first.items, first.next_cursor), (vec![1, 2], Some(Cursor(Uuid::from_u128(2)).to_string())));
    }
}

//! Where a page of found events ended: the place in the order, and a digest of what was asked, so that a cursor continues
//! its own list only. Opaque to clients, so that what is inside may change.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use persistence::{EventCursor, EventQuery, EventSort, SortKey};

use crate::digest;
use crate::error::Malformed;

const DIGEST_BYTES: usize = 8;
const NUMBER_BYTES: usize = 8;
const HEAD_BYTES: usize = DIGEST_BYTES + NUMBER_BYTES;

pub fn render(query: &EventQuery, cursor: &EventCursor) -> String {
    let mut bytes = digest_of(query).to_vec();
    bytes.extend(cursor.number.to_be_bytes());
    match &cursor.key {
        SortKey::Number(key) => bytes.extend(key.to_be_bytes()),
        SortKey::Text(key) => bytes.extend(key.as_bytes()),
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// # Errors
/// Not a cursor at all, or that of another list.
pub fn parse(query: &EventQuery, text: &str) -> Result<EventCursor, Malformed> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Malformed::Cursor)?;
    if bytes.len() < HEAD_BYTES {
        return Err(Malformed::Cursor);
    }
    let (head, key) = bytes.split_at(HEAD_BYTES);
    let (digest, number) = head.split_at(DIGEST_BYTES);
    if digest != digest_of(query) {
        return Err(Malformed::CursorOfOtherQuery);
    }
    let key = match query.sort {
        EventSort::Title => SortKey::Text(std::str::from_utf8(key).map_err(|_| Malformed::Cursor)?.to_owned()),
        EventSort::Newest | EventSort::Date | EventSort::Price | EventSort::Relevance => {
            SortKey::Number(i64::from_be_bytes(key.try_into().map_err(|_| Malformed::Cursor)?))
        }
    };
    let number = i64::from_be_bytes(number.try_into().map_err(|_| Malformed::Cursor)?);
    Ok(EventCursor { key, number })
}

fn digest_of(query: &EventQuery) -> [u8; DIGEST_BYTES] {
    let asked = EventQuery { after: None, ..query.clone() };
    let full = digest::of(&[b"event-list", format!("{asked:?}").as_bytes()]);
    let mut short = [0; DIGEST_BYTES];
    short.copy_from_slice(&full[..DIGEST_BYTES]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(sort: EventSort) -> EventQuery {
        EventQuery { sort, city: Some("Rome".to_owned()), ..EventQuery::default() }
    }

    #[test]
    fn a_cursor_survives_the_round_trip() {
        for key in [i64::MIN, -1, 0, i64::MAX] {
            let cursor = EventCursor { key: SortKey::Number(key), number: 7 };
            let query = query(EventSort::Date);
            assert_eq!(parse(&query, &render(&query, &cursor)).unwrap(), cursor);
        }
        let cursor = EventCursor { key: SortKey::Text("élan".to_owned()), number: i64::MAX };
        let query = query(EventSort::Title);
        assert_eq!(parse(&query, &render(&query, &cursor)).unwrap(), cursor);
    }

    #[test]
    fn a_cursor_continues_its_own_list_only() {
        let cursor = EventCursor { key: SortKey::Number(1), number: 7 };
        let text = render(&query(EventSort::Date), &cursor);
        assert_eq!(parse(&query(EventSort::Price), &text), Err(Malformed::CursorOfOtherQuery));
        let elsewhere = EventQuery { city: Some("Paris".to_owned()), ..query(EventSort::Date) };
        assert_eq!(parse(&elsewhere, &text), Err(Malformed::CursorOfOtherQuery));
        for text in ["", "x", "AAAA", "ä", "AAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(parse(&elsewhere, text), Err(Malformed::Cursor), "{text}");
        }
        let cut = render(&elsewhere, &cursor);
        assert_eq!(parse(&elsewhere, &cut[..cut.len() - 4]), Err(Malformed::Cursor));
    }
}

//! Ids of things that an idempotency key makes: the same key must make the same thing, even when the first answer was
//! lost before anybody learnt the id.

use inventory::{CallerKey, TimeUs};
use uuid::{Builder, Uuid};

use crate::digest;

/// A UUIDv7 with the time of `owner` (itself a v7) and bits that follow from the key.
pub fn derive(owner: Uuid, kind: &'static str, key: CallerKey) -> Uuid {
    of_owner(owner, kind, &key.key)
}

/// The nth of its kind.
pub fn nth(owner: Uuid, kind: &'static str, n: u64) -> Uuid {
    of_owner(owner, kind, &n.to_be_bytes())
}

fn of_owner(owner: Uuid, kind: &'static str, which: &[u8]) -> Uuid {
    let millis = owner.get_timestamp().map_or(0, |at| {
        let (seconds, nanos) = at.to_unix();
        seconds.saturating_mul(1_000).saturating_add(u64::from(nanos / 1_000_000))
    });
    made(millis, &[owner.as_bytes(), kind.as_bytes(), which])
}

/// Of what follows from something that happened `at` a time: told twice, it has the same id.
pub fn of(at: TimeUs, parts: &[&[u8]]) -> Uuid {
    made(u64::try_from(at.0 / 1_000).unwrap_or(0), parts)
}

fn made(millis: u64, parts: &[&[u8]]) -> Uuid {
    let bits = digest::of(parts);
    let mut random = [0; 10];
    random.copy_from_slice(&bits[..10]);
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_gives_the_same_id_and_another_key_owner_or_kind_another() {
        let owner = Builder::from_unix_timestamp_millis(1_700_000_000_000, &[7; 10]).into_uuid();
        let key = |byte| CallerKey { key: [byte; 16], body: [0; 16] };
        let id = derive(owner, "tier", key(1));
        assert_eq!(id, derive(owner, "tier", key(1)));
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.as_bytes()[..6], owner.as_bytes()[..6]);
        assert_ne!(id, derive(owner, "tier", key(2)));
        assert_ne!(id, derive(owner, "payment", key(1)));
        assert_ne!(id, derive(Uuid::from_u128(7), "tier", key(1)));
        assert_ne!(nth(owner, "checkout", 0), nth(owner, "checkout", 1));
        assert_eq!(nth(owner, "checkout", 1), nth(owner, "checkout", 1));
    }

    #[test]
    fn what_is_told_twice_has_one_id_that_sorts_by_its_time() {
        let at = TimeUs(1_700_000_000_000_000);
        let id = of(at, &[b"order_paid", b"ada"]);
        assert_eq!((id, id.get_version_num()), (of(at, &[b"order_paid", b"ada"]), 7));
        assert_ne!(id, of(at, &[b"order_paid", b"bob"]));
        assert!(id < of(at.plus_us(1_000), &[b"order_paid", b"ada"]));
    }
}

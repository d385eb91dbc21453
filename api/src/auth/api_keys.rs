//! Keys of machines, and what is known of those in use.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hashbrown::HashMap;
use inventory::{EventId, TimeUs, UserId};
use parking_lot::Mutex;
use persistence::{Store, StoreError};
use uuid::Uuid;
use wire::{Role, UserStatus};

use super::{Scopes, roles};
use crate::{digest, ids};

/// Tells a key from an access token, and tells scanners of source code what they have found.
const MARK: &str = "usher_";
const BYTES: usize = 32;
/// Characters of a key that are kept to show it: six beyond its mark, of 43.
const PREFIX_CHARS: usize = MARK.len() + 6;
/// How long another node's change of a key, or of its owner's role and status, may go unnoticed here. This node's own
/// changes are noticed at once.
const FRESH_US: i64 = 5_000_000;
/// Keys that are known at the same time. Only good ones enter.
const KNOWN_MAX: usize = 10_000;

/// What the machine keeps: 256 random bits.
pub struct ApiKey([u8; BYTES]);

impl ApiKey {
    pub fn random() -> Self {
        Self(ids::entropy())
    }

    pub fn is_meant(text: &str) -> bool {
        text.starts_with(MARK)
    }

    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(MARK)?).ok()?;
        bytes.try_into().ok().map(Self)
    }

    pub fn text(&self) -> String {
        format!("{MARK}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    pub fn prefix(&self) -> String {
        self.text().chars().take(PREFIX_CHARS).collect()
    }

    pub fn hash(&self) -> [u8; 32] {
        digest::full(&[&self.0])
    }
}

/// A device at a gate, whose key is good for one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scanner {
    pub event: EventId,
    /// The check-in list that it is bound to.
    pub list: Option<Uuid>,
}

/// A key that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub id: Uuid,
    pub user: UserId,
    pub scopes: Scopes,
    pub expires_at: Option<TimeUs>,
    /// Of a scanner.
    pub scanner: Option<Scanner>,
    pub role: Role,
    pub status: UserStatus,
}

/// The keys in use, so that not every request asks the store, and when each was used last.
#[derive(Default)]
pub struct ApiKeys {
    known: Mutex<HashMap<[u8; 32], (Known, TimeUs)>>,
    /// Counts what was forgotten: what was read from the store before that is not kept.
    forgotten: AtomicU64,
    used: Mutex<HashMap<Uuid, TimeUs>>,
}

impl ApiKeys {
    /// # Errors
    /// The store is not available.
    pub async fn find(&self, store: &Store, key: &ApiKey, now: TimeUs) -> Result<Option<Known>, StoreError> {
        let hash = key.hash();
        if let Some((known, read_at)) = self.known.lock().get(&hash).copied()
            && now.since(read_at) < FRESH_US
        {
            return Ok(Some(known));
        }
        let forgotten = self.forgotten.load(Ordering::Acquire);
        let found = store.api_key_find(hash).await?.map(|found| Known {
            id: found.id,
            user: found.user_id,
            scopes: Scopes::read(&found.scopes),
            expires_at: found.expires_at,
            scanner: found.event_id.map(|event| Scanner { event, list: found.list_id }),
            role: roles::role(found.role),
            status: roles::status(found.status),
        });
        let mut known = self.known.lock();
        match found {
            Some(found) if self.forgotten.load(Ordering::Acquire) == forgotten => {
                if known.len() >= KNOWN_MAX {
                    known.clear();
                }
                known.insert(hash, (found, now));
            }
            Some(_) => {}
            None => drop(known.remove(&hash)),
        }
        Ok(found)
    }

    pub fn used(&self, id: Uuid, now: TimeUs) {
        self.used.lock().insert(id, now);
    }

    /// After a key was revoked.
    pub fn forget(&self, id: Uuid) {
        self.forget_where(|known| known.id == id);
    }

    /// After an account's role or status has changed, or the account is gone.
    pub fn forget_of(&self, user: UserId) {
        self.forget_where(|known| known.user == user);
    }

    fn forget_where(&self, is_meant: impl Fn(&Known) -> bool) {
        let mut known = self.known.lock();
        self.forgotten.fetch_add(1, Ordering::AcqRel);
        known.retain(|_, (known, _)| !is_meant(known));
    }

    /// Writes down when keys were used. Called each minute, apart from any request.
    ///
    /// # Errors
    /// The store is not available; what was not written is not tried again.
    pub async fn write_used(&self, store: &Store) -> Result<(), StoreError> {
        let used = std::mem::take(&mut *self.used.lock());
        for (id, at) in used {
            store.api_key_used(id, at).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_nothing_else_does() {
        let key = ApiKey::random();
        let text = key.text();
        assert!(ApiKey::is_meant(&text) && text.starts_with(&key.prefix()));
        assert_eq!(ApiKey::parse(&text).unwrap().0, key.0);
        assert_eq!((text.len(), key.prefix().len()), (49, 12));
        let without_mark = text.strip_prefix(MARK).unwrap();
        for text in ["", "usher_", "usher_abc", without_mark, &format!("{text}A"), &format!("Usher_{without_mark}")] {
            assert!(ApiKey::parse(text).is_none(), "{text}");
        }
    }
}

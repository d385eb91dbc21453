use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::Mutex;

use super::tokens::Claims;

const SHARDS: usize = 64;
/// Tokens of one generation of one shard. Two generations of all shards: about 130,000 tokens, 60 MB at most.
const GENERATION_MAX: usize = 1_024;

/// Tokens whose signature was found good. The key is the whole token: a good signature under another payload is not in
/// it. Only verified tokens enter, so nobody chooses keys that collide.
///
/// Two generations per shard: the young one fills up, becomes the old one, and what was old is forgotten. What is in
/// use moves back to the young one, so a hot token stays.
pub struct Cache {
    shards: Box<[Mutex<Shard>]>,
    hasher: DefaultHashBuilder,
}

#[derive(Default)]
struct Shard {
    young: HashMap<Box<str>, Arc<Claims>>,
    old: HashMap<Box<str>, Arc<Claims>>,
}

impl Default for Cache {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), hasher: DefaultHashBuilder::default() }
    }
}

impl Cache {
    pub fn find(&self, token: &str) -> Option<Arc<Claims>> {
        let mut shard = self.shard(token).lock();
        if let Some(claims) = shard.young.get(token) {
            return Some(Arc::clone(claims));
        }
        let (token, claims) = shard.old.remove_entry(token)?;
        shard.insert(token, Arc::clone(&claims));
        Some(claims)
    }

    pub fn keep(&self, token: &str, claims: &Arc<Claims>) {
        self.shard(token).lock().insert(token.into(), Arc::clone(claims));
    }

    /// The signature's end is as random as a hash, and cheaper.
    fn shard(&self, token: &str) -> &Mutex<Shard> {
        let tail = &token.as_bytes()[token.len().saturating_sub(8)..];
        let ix = usize::try_from(self.hasher.hash_one(tail) % SHARDS as u64).unwrap_or(0);
        &self.shards[ix]
    }
}

impl Shard {
    fn insert(&mut self, token: Box<str>, claims: Arc<Claims>) {
        if self.young.len() >= GENERATION_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, claims);
    }
}

#[cfg(test)]
mod tests {
    use inventory::{TimeUs, UserId};
    use uuid::Uuid;
    use wire::{Role, UserStatus};

    use super::*;
    use crate::auth::Tokens;

    fn claims() -> Arc<Claims> {
        let tokens = Tokens::new(&[1; 32], std::time::Duration::from_secs(900), Uuid::nil());
        let now = TimeUs(1_800_000_000_000_000);
        let token =
            tokens.issue(UserId::from_bytes([1; 16]), Role::Attendee, UserStatus::Active, Uuid::nil(), now).unwrap();
        tokens.verify(&token, now).unwrap().claims
    }

    #[test]
    fn it_stays_bounded_and_keeps_what_is_in_use() {
        let cache = Cache::default();
        let claims = claims();
        cache.keep("hot", &claims);
        for ix in 0..3 * SHARDS * GENERATION_MAX {
            cache.keep(&format!("token {ix}"), &claims);
            if ix % 256 == 0 {
                assert!(cache.find("hot").is_some(), "forgotten after {ix}");
            }
        }
        let kept: usize =
            cache.shards.iter().map(|shard| shard.lock()).map(|shard| shard.young.len() + shard.old.len()).sum();
        assert!(kept <= 2 * SHARDS * GENERATION_MAX, "{kept}");
        assert!(cache.find("token 0").is_none());
    }
}

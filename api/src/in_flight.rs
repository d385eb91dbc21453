use std::sync::Arc;

use hashbrown::HashSet;
use parking_lot::Mutex;

const SHARDS: usize = 64;

/// Idempotency keys whose first request is being answered by this node. As many as there are requests at once.
#[derive(Clone)]
pub struct InFlight(Arc<[Mutex<HashSet<[u8; 16]>>]>);

/// One key, given back when dropped.
pub struct Claim {
    key: [u8; 16],
    of: InFlight,
}

impl Default for InFlight {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| Mutex::default()).collect())
    }
}

impl InFlight {
    /// `None`: somebody has it.
    pub fn claim(&self, key: [u8; 16]) -> Option<Claim> {
        let is_new = self.shard(key).lock().insert(key);
        is_new.then(|| Claim { key, of: self.clone() })
    }

    /// Keys are digests: any byte is as good as a hash.
    fn shard(&self, key: [u8; 16]) -> &Mutex<HashSet<[u8; 16]>> {
        &self.0[usize::from(key[0]) % SHARDS]
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.of.shard(self.key).lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_claimed_once_at_a_time() {
        let in_flight = InFlight::default();
        let claim = in_flight.claim([1; 16]).unwrap();
        assert!(in_flight.claim([1; 16]).is_none());
        assert!(in_flight.claim([2; 16]).is_some());
        drop(claim);
        assert!(in_flight.claim([1; 16]).is_some());
    }
}

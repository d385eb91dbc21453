use hashbrown::HashMap;
use inventory::{TimeUs, UserId};
use parking_lot::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use uuid::Uuid;
use wire::{Role, UserStatus};

use super::Claims;
use crate::time;

/// What is true of an account now, where its token says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub role: Role,
    pub status: UserStatus,
}

/// Changes that live tokens do not know of: accounts whose role or status has changed, logins that have ended. An entry
/// is of use for as long as a token from before may live, then it is dropped.
///
/// Filled by this node's own changes, and from the store for a token of another run of the server.
pub struct Standings {
    ttl: Duration,
    changed: RwLock<HashMap<UserId, (Standing, TimeUs)>>,
    ended: RwLock<HashMap<Uuid, TimeUs>>,
    /// Entries of both: nearly always 0, and then a request takes no lock.
    entries: AtomicUsize,
}

impl Standings {
    /// `ttl` is the longest that an access token lives.
    pub fn new(ttl: Duration) -> Self {
        Self { ttl, changed: RwLock::default(), ended: RwLock::default(), entries: AtomicUsize::new(0) }
    }

    /// `None`: the login that the token comes from has ended.
    pub fn of(&self, claims: &Claims) -> Option<Standing> {
        let claimed = Standing { role: claims.role, status: claims.status };
        if self.entries.load(Ordering::Acquire) == 0 {
            return Some(claimed);
        }
        if self.ended.read().contains_key(&claims.sid) {
            return None;
        }
        Some(self.changed.read().get(&claims.user()).map_or(claimed, |(standing, _)| *standing))
    }

    pub fn change(&self, user: UserId, standing: Standing, now: TimeUs) {
        self.changed.write().insert(user, (standing, time::plus(now, self.ttl)));
        self.count();
    }

    pub fn end(&self, session: Uuid, now: TimeUs) {
        self.ended.write().insert(session, time::plus(now, self.ttl));
        self.count();
    }

    /// Drops what no live token contradicts any more. Called each minute.
    pub fn prune(&self, now: TimeUs) {
        self.changed.write().retain(|_, (_, until)| *until > now);
        self.ended.write().retain(|_, until| *until > now);
        self.count();
    }

    fn count(&self) {
        let entries = self.changed.read().len() + self.ended.read().len();
        self.entries.store(entries, Ordering::Release);
    }
}

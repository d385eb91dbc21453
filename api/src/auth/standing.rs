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
        self.ended.write().entry(session).or_insert_with(|| time::plus(now, self.ttl));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Tokens;

    const TTL: Duration = Duration::from_secs(900);
    const NOW: TimeUs = TimeUs(1_800_000_000_000_000);
    const ATTENDEE: Standing = Standing { role: Role::Attendee, status: UserStatus::Active };

    fn claims(user: UserId, session: u128) -> std::sync::Arc<Claims> {
        let tokens = Tokens::new(&[1; 32], TTL, Uuid::nil());
        let token = tokens.issue(user, ATTENDEE.role, ATTENDEE.status, Uuid::from_u128(session), NOW).unwrap();
        tokens.verify(&token, NOW).unwrap().claims
    }

    #[test]
    fn a_change_holds_for_every_token_of_the_account_and_no_other() {
        let standings = Standings::new(TTL);
        let (alice, bob) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        assert_eq!(standings.of(&claims(alice, 1)), Some(ATTENDEE));
        let suspended = Standing { status: UserStatus::Suspended, ..ATTENDEE };
        standings.change(alice, suspended, NOW);
        assert_eq!(standings.of(&claims(alice, 1)), Some(suspended));
        assert_eq!(standings.of(&claims(alice, 2)), Some(suspended));
        assert_eq!(standings.of(&claims(bob, 3)), Some(ATTENDEE));
    }

    #[test]
    fn a_login_that_ended_has_no_standing() {
        let standings = Standings::new(TTL);
        let alice = UserId::from_bytes([1; 16]);
        standings.end(Uuid::from_u128(1), NOW);
        assert_eq!(standings.of(&claims(alice, 1)), None);
        assert_eq!(standings.of(&claims(alice, 2)), Some(ATTENDEE));
    }

    #[test]
    fn what_no_token_can_contradict_any_more_is_dropped() {
        let standings = Standings::new(TTL);
        standings.end(Uuid::from_u128(1), NOW);
        standings.change(UserId::from_bytes([1; 16]), ATTENDEE, NOW);
        standings.prune(time::plus(NOW, TTL).plus_us(-1));
        assert_eq!(standings.entries.load(Ordering::Relaxed), 2);
        standings.prune(time::plus(NOW, TTL));
        assert_eq!(standings.entries.load(Ordering::Relaxed), 0);
    }
}

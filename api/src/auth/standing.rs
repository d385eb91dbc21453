use hashbrown::HashMap;
use inventory::{TimeUs, UserId};
use parking_lot::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use uuid::Uuid;
use wire::{Role, UserStatus};

use super::Claims;
use crate::time;

/// Clocks of two nodes differ, and a token may be signed a moment after its account was read.
const MARGIN: Duration = Duration::from_secs(60);

/// What is true of an account now, where its token says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub role: Role,
    pub status: UserStatus,
}

/// Changes that live tokens do not know of: accounts whose role or status has changed, logins that have ended. An entry
/// is of use for as long as a token from before may live, then it is dropped.
///
/// Filled by this node's own changes, from the store for a token of another run of the server, and with what other nodes
/// change (`revocations`).
pub struct Standings {
    ttl: Duration,
    /// With the time of the change, by which of two that are told the later one is known.
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

    /// `at`: of the change, as the store has it. Whether it is news: what is not later than what is known changes nothing.
    pub fn change(&self, user: UserId, standing: Standing, at: TimeUs) -> bool {
        let mut changed = self.changed.write();
        if changed.get(&user).is_some_and(|(_, known)| *known >= at) {
            return false;
        }
        changed.insert(user, (standing, at));
        drop(changed);
        self.count();
        true
    }

    pub fn end(&self, session: Uuid, now: TimeUs) {
        self.ended.write().entry(session).or_insert(now);
        self.count();
    }

    /// Drops what no live token contradicts any more. Called each minute.
    pub fn prune(&self, now: TimeUs) {
        self.changed.write().retain(|_, (_, at)| time::plus(*at, self.ttl + MARGIN) > now);
        self.ended.write().retain(|_, at| time::plus(*at, self.ttl + MARGIN) > now);
        self.count();
    }

    fn count(&self) {
        // Both held while it is told: otherwise an older count could take the place of a newer one.
        let (changed, ended) = (self.changed.read(), self.ended.read());
        self.entries.store(changed.len() + ended.len(), Ordering::Release);
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
        standings.prune(time::plus(NOW, TTL + MARGIN));
        assert_eq!(standings.entries.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn of_two_changes_the_later_one_holds_whichever_is_told_last() {
        let standings = Standings::new(TTL);
        let alice = UserId::from_bytes([1; 16]);
        let admin = Standing { role: Role::Admin, ..ATTENDEE };
        standings.change(alice, ATTENDEE, NOW.plus_us(1));
        standings.change(alice, admin, NOW);
        assert_eq!(standings.of(&claims(alice, 1)), Some(ATTENDEE));
        standings.change(alice, admin, NOW.plus_us(2));
        assert_eq!(standings.of(&claims(alice, 1)), Some(admin));
    }
}

//! Shoppers inside. A session that is over by time is simply not counted any more; its entry goes with the next change of
//! the line.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::limits::SESSION_AGE_MAX_US;
use crate::{TimeUs, UserId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Counts the sessions of the event, from 1.
    pub serial: u64,
    pub started_at: TimeUs,
    pub until: TimeUs,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sessions {
    /// Of the last that was started.
    pub serial: u64,
    by_user: BTreeMap<UserId, Session>,
    #[serde(skip)]
    by_end: BTreeSet<(TimeUs, UserId)>,
}

impl Sessions {
    pub fn live(&self, now: TimeUs, user: UserId) -> Option<&Session> {
        self.by_user.get(&user).filter(|session| session.until > now)
    }

    /// When the user's session ends, which may be past.
    pub fn until(&self, user: UserId) -> Option<TimeUs> {
        self.by_user.get(&user).map(|session| session.until)
    }

    pub fn ends(&self) -> impl Iterator<Item = (TimeUs, UserId)> {
        self.by_end.iter().copied()
    }

    /// How many are live.
    pub fn count(&self, now: TimeUs) -> u32 {
        let over = self.by_end.iter().take_while(|(until, _)| *until <= now).count();
        (self.by_user.len() - over) as u32
    }

    /// Those that the last change of the line has left.
    pub fn len(&self) -> usize {
        self.by_user.len()
    }

    pub fn start(&mut self, user: UserId, session: Session) {
        assert_eq!(session.serial, self.serial + 1, "sessions are counted without gaps");
        self.serial = session.serial;
        let before = self.by_user.insert(user, session);
        assert!(before.is_none(), "a shopper has one session");
        self.by_end.insert((session.until, user));
    }

    /// Gives a live session time until `until`, within its age; never takes any.
    pub fn renew(&mut self, at: TimeUs, user: UserId, until: TimeUs) {
        let Some(session) = self.by_user.get_mut(&user).filter(|session| session.until > at) else { return };
        let until = until.min(session.started_at.plus_us(SESSION_AGE_MAX_US));
        if until > session.until {
            self.by_end.remove(&(session.until, user));
            self.by_end.insert((until, user));
            session.until = until;
        }
    }

    /// Whether there was one.
    pub fn end(&mut self, user: UserId) -> bool {
        let ended = self.by_user.remove(&user);
        ended.is_some_and(|session| self.by_end.remove(&(session.until, user)))
    }

    pub fn forget(&mut self, at: TimeUs) {
        while let Some((until, user)) = self.by_end.first().copied()
            && until <= at
        {
            self.by_end.pop_first();
            self.by_user.remove(&user);
        }
    }

    /// After reading a snapshot, which has no index.
    pub fn index(&mut self) {
        self.by_end = self.by_user.iter().map(|(user, session)| (session.until, *user)).collect();
    }

    pub fn is_sound(&self) -> bool {
        self.by_end.len() == self.by_user.len()
            && self.by_user.iter().all(|(user, session)| {
                self.by_end.contains(&(session.until, *user))
                    && session.serial <= self.serial
                    && session.until <= session.started_at.plus_us(SESSION_AGE_MAX_US)
            })
    }
}

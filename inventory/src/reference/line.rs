//! The waiting room: every place, session and use of a pass that ever was, as a list.

use std::collections::{BTreeMap, BTreeSet};

use super::Reference;
use crate::{Answer, CallLimit, Entry, Phase, Rejection, RoomSettings, TimeUs, UserId, Verb, limits, line};

const MINUTE_US: i128 = 60_000_000;

#[derive(Default)]
pub(super) struct Room {
    settings: RoomSettings,
    /// Lines so far.
    round: u32,
    key: [u8; 32],
    /// How many are shuffled, once that is fixed.
    closed: Option<u32>,
    opened: Option<Order>,
    joined: u32,
    /// Of every called rank, in order: until when it may be claimed, and whether it can still be.
    called: Vec<(TimeUs, bool)>,
    given_up: BTreeSet<u32>,
    /// Places that could be called at `credit_at_us`, times a minute.
    credit: i128,
    credit_at_us: i64,
    sessions: Vec<Session>,
    passes: BTreeMap<[u8; 16], BTreeSet<UserId>>,
}

struct Order {
    seed: [u8; 32],
    shuffled: u32,
}

struct Session {
    user: UserId,
    started_at: TimeUs,
    until: TimeUs,
}

impl Room {
    fn rank(&self, number: u32) -> Option<u32> {
        self.opened.as_ref().map(|order| line::rank(&order.seed, order.shuffled, number))
    }

    fn session(&self, now: TimeUs, user: UserId) -> Option<(u64, &Session)> {
        (1..).zip(&self.sessions).find(|(_, it)| it.user == user && it.until > now)
    }

    fn live(&self, now: TimeUs) -> usize {
        self.sessions.iter().filter(|session| session.until > now).count()
    }

    fn waited_for(&self, now: TimeUs) -> usize {
        self.called.iter().filter(|(until, is_open)| *is_open && *until > now).count()
    }

    /// Nobody has used it or given it up, and it is not too late.
    fn can_be_given_up(&self, now: TimeUs, number: u32) -> bool {
        let called = self.rank(number).and_then(|rank| self.called.get(rank as usize));
        !self.given_up.contains(&number) && called.is_none_or(|(until, is_open)| *is_open && *until > now)
    }

    fn is_given_up(&self, rank: u32) -> bool {
        self.given_up.iter().any(|number| self.rank(*number) == Some(rank))
    }

    fn credit(&self, now: TimeUs, rate: u32) -> i128 {
        let grown = self.credit + i128::from(now.0 - self.credit_at_us) * i128::from(rate);
        grown.min(MINUTE_US.max(1_000_000 * i128::from(rate)))
    }
}

impl Reference {
    fn room_on(&mut self) -> Result<&mut Room, Rejection> {
        if self.phase == Phase::Cancelled {
            return Err(Rejection::EventCancelled);
        }
        self.room.as_mut().filter(|room| room.settings.active).ok_or(Rejection::RoomOff)
    }

    fn room_in(&mut self, round: u32) -> Result<&mut Room, Rejection> {
        let room = self.room_on()?;
        if room.round != round {
            return Err(Rejection::LineBeganAnew);
        }
        Ok(room)
    }

    pub(super) fn must_be_inside(&self, now: TimeUs, user: UserId) -> Result<(), Rejection> {
        match &self.room {
            Some(room) if room.settings.active && room.session(now, user).is_none() => Err(Rejection::QueueRequired),
            Some(_) | None => Ok(()),
        }
    }

    /// Whoever is inside is told so again; whoever has nothing to leave has left.
    pub(super) fn line_repeated(&self, now: TimeUs, verb: &Verb) -> Option<Answer> {
        let room = self.room.as_ref().filter(|room| room.settings.active);
        match verb {
            Verb::StartSession { user, .. } => {
                let (serial, session) = room?.session(now, *user)?;
                Some(Answer::SessionStarted { serial, started_at: session.started_at, until: session.until })
            }
            // Whatever there is to leave is in another line.
            Verb::LeaveLine { round, .. } if room.is_some_and(|room| room.round != *round) => None,
            Verb::LeaveLine { user, number, .. } => {
                let has_session = room.is_some_and(|room| room.session(now, *user).is_some());
                let has_place = room.zip(*number).is_some_and(|(room, number)| room.can_be_given_up(now, number));
                (!has_session && !has_place).then_some(Answer::LineLeft)
            }
            _ => None,
        }
    }

    /// Holds, orders and payments keep a session alive, a purchase ends it.
    pub(super) fn session_follows(&mut self, now: TimeUs, verb: &Verb, answer: &Answer) {
        let (user, is_over) = match (verb, answer) {
            (Verb::PlaceHold(place), _) => (place.customer, false),
            (Verb::ExtendHold { customer, .. } | Verb::StartPayment { customer, .. }, _) => (*customer, false),
            (Verb::PlaceOrder(place), _) => (place.customer, false),
            (Verb::SettlePayment(_), Answer::OrderPaid(paid)) => {
                let Some(order) = self.orders.iter().find(|order| order.id == paid.order) else { return };
                (order.customer, true)
            }
            _ => return,
        };
        let Some(room) = &mut self.room else { return };
        let renewed = now.plus_us(room.settings.session_us);
        for session in room.sessions.iter_mut().filter(|it| it.user == user && it.until > now) {
            let cap = session.started_at.plus_us(limits::SESSION_AGE_MAX_US);
            session.until = if is_over { now } else { session.until.max(renewed.min(cap)) };
        }
    }

    pub(super) fn set_room(
        &mut self,
        now: TimeUs,
        settings: &RoomSettings,
        key: [u8; 32],
    ) -> Result<Answer, Rejection> {
        if settings.active && self.phase == Phase::Cancelled {
            return Err(Rejection::EventCancelled);
        }
        settings.check().map_err(|problem| Rejection::RoomInvalid { problem })?;
        let is_new = self.room.is_none();
        let room = self.room.get_or_insert_default();
        let (was_on, is_fixed) = (room.settings.active, room.closed.is_some() || room.opened.is_some());
        if was_on && settings.active && (is_fixed || room.settings.pre_queue_from.is_none_or(|from| from <= now)) {
            let (was, is) = (&room.settings, settings);
            if was.pre_queue_from != is.pre_queue_from {
                return Err(Rejection::RoomFrozen { field: "pre_queue_from" });
            }
            if was.beacon != is.beacon {
                return Err(Rejection::RoomFrozen { field: "beacon" });
            }
            let is_moved = was.opens_at != is.opens_at;
            let may_move = !is_fixed && was.opens_at.is_some() && is.opens_at.is_some_and(|at| at >= now);
            if is_moved && !may_move {
                return Err(Rejection::RoomFrozen { field: "opens_at" });
            }
        }
        if is_new || (settings.active && !was_on) {
            let (sessions, passes) = (std::mem::take(&mut room.sessions), std::mem::take(&mut room.passes));
            *room = Room { round: room.round + 1, key, sessions, passes, ..Room::default() };
        }
        room.settings = settings.clone();
        Ok(Answer::Configured)
    }

    pub(super) fn open_line(
        &mut self,
        now: TimeUs,
        round: u32,
        joined: u32,
        value: Option<&str>,
    ) -> Result<Answer, Rejection> {
        let room = self.room_in(round)?;
        if room.opened.is_some() {
            return Err(Rejection::LineAlreadyOpen);
        }
        let times = [room.settings.opens_at, room.settings.pre_queue_from];
        if let Some(opens_at) = times.into_iter().flatten().next().filter(|at| now < *at) {
            return Err(Rejection::LineOpensLater { opens_at });
        }
        let is_possible = |value: &str| !value.is_empty() && value.len() <= limits::BEACON_BYTES_MAX;
        match (&room.settings.beacon, value) {
            (None, Some(_)) => return Err(Rejection::BeaconInvalid),
            (Some(_), Some(value)) if !is_possible(value) => return Err(Rejection::BeaconInvalid),
            (Some(_), _) if room.closed.is_none() => {
                room.joined = room.joined.max(joined);
                room.closed = Some(room.joined);
                return Ok(Answer::PreQueueClosed { shuffled: room.joined });
            }
            (Some(_), None) => return Err(Rejection::BeaconRequired),
            (Some(_), Some(_)) | (None, None) => {}
        }
        room.joined = room.joined.max(joined);
        let all = if room.settings.opens_at.is_some() { room.joined } else { 0 };
        let shuffled = room.closed.unwrap_or(all);
        room.opened = Some(Order { seed: line::seed(&room.key, value), shuffled });
        (room.credit, room.credit_at_us) = (MINUTE_US, now.0);
        Ok(Answer::LineOpened { shuffled })
    }

    pub(super) fn call_places(&mut self, now: TimeUs, round: u32, joined: u32, rate: u32) -> Result<Answer, Rejection> {
        let room = self.room_in(round)?;
        if room.opened.is_none() {
            return Err(Rejection::LineNotOpen);
        }
        if room.settings.paused {
            return Err(Rejection::NobodyToCall { limited_by: CallLimit::Paused });
        }
        let joined = joined.max(room.joined);
        if joined as usize == room.called.len() {
            return Err(Rejection::NobodyToCall { limited_by: CallLimit::Demand });
        }
        let rate = rate.min(room.settings.rate_per_min);
        let mut credit = room.credit(now, rate);
        let inside = room.live(now) + room.waited_for(now);
        let mut slots = (room.settings.shoppers_max as usize).saturating_sub(inside);
        let latest = room.called.last().map_or(TimeUs::MIN, |(until, _)| *until);
        let due_us = now.plus_us(room.settings.claim_within_us).0;
        let until = TimeUs((due_us + 999_999).div_euclid(1_000_000) * 1_000_000).max(latest);
        let before = room.called.len();
        let limited_by = if credit < MINUTE_US { CallLimit::Rate } else { CallLimit::Shoppers };
        while (room.called.len() as u32) < joined {
            if room.is_given_up(room.called.len() as u32) {
                room.called.push((until, false));
                continue;
            }
            if credit < MINUTE_US || slots == 0 {
                break;
            }
            (credit, slots) = (credit - MINUTE_US, slots - 1);
            room.called.push((until, true));
        }
        if room.called.len() == before {
            return Err(Rejection::NobodyToCall { limited_by });
        }
        (room.joined, room.credit, room.credit_at_us) = (joined, credit, now.0);
        Ok(Answer::PlacesCalled { called: room.called.len() as u32 })
    }

    pub(super) fn start_session(&mut self, now: TimeUs, user: UserId, entry: Entry) -> Result<Answer, Rejection> {
        let room = match entry {
            Entry::Place { round, .. } => self.room_in(round)?,
            Entry::Priority { .. } => self.room_on()?,
        };
        match entry {
            Entry::Place { number, .. } => {
                let rank = room.rank(number).ok_or(Rejection::LineNotOpen)?;
                if room.given_up.contains(&number) {
                    return Err(Rejection::PlaceLapsed);
                }
                let called = room.called.len() as u32;
                let place = room.called.get_mut(rank as usize).ok_or(Rejection::PlaceNotCalled { rank, called })?;
                if !place.1 || place.0 <= now {
                    return Err(Rejection::PlaceLapsed);
                }
                place.1 = false;
            }
            Entry::Priority { until, .. } if until <= now => return Err(Rejection::PassExpired),
            Entry::Priority { pass, uses_max, .. } => {
                let users = room.passes.entry(pass).or_default();
                if !users.contains(&user) && users.len() >= uses_max as usize {
                    return Err(Rejection::PassSpent);
                }
                users.insert(user);
            }
        }
        let until = now.plus_us(room.settings.session_us);
        room.sessions.push(Session { user, started_at: now, until });
        Ok(Answer::SessionStarted { serial: room.sessions.len() as u64, started_at: now, until })
    }

    pub(super) fn leave_line(
        &mut self,
        now: TimeUs,
        user: UserId,
        round: u32,
        number: Option<u32>,
    ) -> Result<Answer, Rejection> {
        let room = self.room_in(round)?;
        if let Some(number) = number.filter(|number| room.can_be_given_up(now, *number)) {
            room.given_up.insert(number);
            if let Some(rank) = room.rank(number)
                && let Some(place) = room.called.get_mut(rank as usize)
            {
                place.1 = false;
            }
        }
        for session in room.sessions.iter_mut().filter(|it| it.user == user && it.until > now) {
            session.until = now;
        }
        Ok(Answer::LineLeft)
    }

    /// Ranks called, shoppers inside, and called ones who are waited for.
    pub fn line(&self, now: TimeUs) -> (u32, u32, u32) {
        let counts = |room: &Room| (room.called.len(), room.live(now), room.waited_for(now));
        let (called, live, waited_for) = self.room.as_ref().map_or((0, 0, 0), counts);
        (called as u32, live as u32, waited_for as u32)
    }
}

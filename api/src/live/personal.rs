//! What goes to one customer alone: his holds and his session in the waiting room, to each of his sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use hashbrown::HashMap;
use inventory::{HoldId, HoldKind, HoldNews, ShopperNews, TimeUs, UserId};
use wire::{LiveFrame, LiveHold, LiveHoldState, LiveSession, LiveSessionState};

use super::frame;
use super::inbox::Inbox;
use crate::line::tokens::PlaceTicket;
use crate::time;

/// Live holds and sessions of the event, and the sockets of those who may hear of them.
#[derive(Default)]
pub struct Personal {
    holds: BTreeMap<(UserId, HoldId), HoldNews>,
    sessions: BTreeMap<UserId, TimeUs>,
    /// `sessions` by their ends.
    ends: BTreeSet<(TimeUs, UserId)>,
    inboxes: HashMap<UserId, Vec<Arc<Inbox>>>,
}

impl Personal {
    /// All live holds there are.
    pub fn replace(&mut self, holds: Vec<HoldNews>) {
        self.holds = holds.into_iter().map(|hold| ((hold.customer, hold.hold), hold)).collect();
        for (user, inboxes) in &self.inboxes {
            let frame = self.list(*user);
            inboxes.iter().for_each(|inbox| inbox.put(frame.clone()));
        }
    }

    pub fn tell(&mut self, news: HoldNews) {
        let key = (news.customer, news.hold);
        if is_live(news.kind) {
            self.holds.insert(key, news);
        } else {
            self.holds.remove(&key);
        }
        if let Some(inboxes) = self.inboxes.get(&news.customer) {
            let frame = frame::text(&LiveFrame::Hold(render(&news)));
            inboxes.iter().for_each(|inbox| inbox.put(frame.clone()));
        }
    }

    /// All sessions there are.
    pub fn replace_sessions(&mut self, shoppers: &[ShopperNews], now: TimeUs) {
        let new: BTreeSet<UserId> = shoppers.iter().map(|news| news.user).collect();
        let gone: Vec<UserId> = self.sessions.keys().filter(|user| !new.contains(user)).copied().collect();
        gone.into_iter().for_each(|user| self.session(user, None));
        shoppers.iter().for_each(|news| self.tell_shopper(news, now));
    }

    /// Also when only his place has changed, which his sockets look up themselves.
    pub fn tell_shopper(&mut self, news: &ShopperNews, now: TimeUs) {
        self.session(news.user, news.until.filter(|until| *until > now));
        self.inboxes.get(&news.user).into_iter().flatten().for_each(|inbox| inbox.call());
    }

    /// Sessions end by time, too, and nothing else says so.
    pub fn end_sessions(&mut self, now: TimeUs) {
        while let Some((until, user)) = self.ends.first().copied()
            && until <= now
        {
            self.session(user, None);
        }
    }

    fn session(&mut self, user: UserId, until: Option<TimeUs>) {
        let before = match until {
            Some(until) => self.sessions.insert(user, until),
            None => self.sessions.remove(&user),
        };
        if before == until {
            return;
        }
        if let Some(before) = before {
            self.ends.remove(&(before, user));
        }
        self.ends.extend(until.map(|until| (until, user)));
        let state = match (before, until) {
            (None, _) => LiveSessionState::Admitted,
            (Some(_), Some(_)) => LiveSessionState::Renewed,
            (Some(_), None) => LiveSessionState::Ended,
        };
        if let Some(inboxes) = self.inboxes.get(&user) {
            let frame = frame::text(&LiveFrame::Session(LiveSession { state, until: until.map(time::utc) }));
            inboxes.iter().for_each(|inbox| inbox.put_session(frame.clone()));
        }
    }

    /// His place in line from now on, to all his sockets.
    pub fn follow(&self, ticket: PlaceTicket) {
        self.inboxes.get(&ticket.user).into_iter().flatten().for_each(|inbox| inbox.put_ticket(ticket));
    }

    /// Begins with the list of his holds, and his session if he has one.
    pub fn join(&mut self, user: UserId) -> Arc<Inbox> {
        let inbox = Arc::new(Inbox::default());
        inbox.put(self.list(user));
        if let Some(until) = self.sessions.get(&user) {
            let session = LiveSession { state: LiveSessionState::Admitted, until: Some(time::utc(*until)) };
            inbox.put_session(frame::text(&LiveFrame::Session(session)));
        }
        self.inboxes.entry(user).or_default().push(Arc::clone(&inbox));
        inbox
    }

    pub fn leave(&mut self, user: UserId, inbox: &Arc<Inbox>) {
        if let Some(inboxes) = self.inboxes.get_mut(&user) {
            inboxes.retain(|other| !Arc::ptr_eq(other, inbox));
            if inboxes.is_empty() {
                self.inboxes.remove(&user);
            }
        }
    }

    pub fn list(&self, user: UserId) -> Bytes {
        let first = (user, HoldId::from_bytes([0; 16]));
        let own = self.holds.range(first..).take_while(|((customer, _), _)| *customer == user);
        frame::text(&LiveFrame::Holds { holds: own.map(|(_, hold)| render(hold)).collect() })
    }
}

const fn is_live(kind: HoldKind) -> bool {
    match kind {
        HoldKind::Placed | HoldKind::Extended => true,
        HoldKind::Released | HoldKind::Expired | HoldKind::Confirmed => false,
    }
}

fn render(news: &HoldNews) -> LiveHold {
    LiveHold {
        id: news.hold.uuid(),
        state: match news.kind {
            HoldKind::Placed => LiveHoldState::Placed,
            HoldKind::Extended => LiveHoldState::Extended,
            HoldKind::Released => LiveHoldState::Released,
            HoldKind::Expired => LiveHoldState::Expired,
            HoldKind::Confirmed => LiveHoldState::Confirmed,
        },
        expires_at: is_live(news.kind).then(|| time::utc(news.expires_at)),
        seq: news.lsn.0,
    }
}

#[cfg(test)]
mod tests {
    use inventory::Lsn;

    use super::super::inbox::{FRAMES_MAX, Post};
    use super::*;

    const ALICE: UserId = UserId::from_bytes([1; 16]);
    const BOB: UserId = UserId::from_bytes([2; 16]);

    fn news(customer: UserId, hold: u8, kind: HoldKind) -> HoldNews {
        HoldNews { hold: HoldId::from_bytes([hold; 16]), customer, kind, expires_at: TimeUs(5), lsn: Lsn(9) }
    }

    fn read(inbox: &Inbox) -> Vec<String> {
        let mut read = Vec::new();
        loop {
            match inbox.take() {
                Post::Nothing => return read,
                Post::Lost => read.push("lost".to_owned()),
                Post::Frame(bytes) => {
                    let json = bytes.iter().position(|byte| *byte == b'{').unwrap();
                    let frame: LiveFrame = serde_json::from_slice(&bytes[json..]).unwrap();
                    read.push(match frame {
                        LiveFrame::Hold(hold) => format!("{:?} {}", hold.state, hold.id.as_bytes()[0]),
                        LiveFrame::Holds { holds } => format!("{} holds", holds.len()),
                        LiveFrame::Session(session) => format!("{:?}", session.state),
                        other => panic!("{other:?}"),
                    });
                }
            }
        }
    }

    #[test]
    fn holds_are_told_to_every_socket_of_their_owner_and_to_no_other() {
        let mut personal = Personal::default();
        personal.replace(vec![news(ALICE, 1, HoldKind::Placed), news(BOB, 2, HoldKind::Placed)]);
        let (first, second, bob) = (personal.join(ALICE), personal.join(ALICE), personal.join(BOB));
        personal.tell(news(ALICE, 3, HoldKind::Placed));
        personal.tell(news(ALICE, 1, HoldKind::Expired));
        for inbox in [&first, &second] {
            assert_eq!(read(inbox), ["1 holds", "Placed 3", "Expired 1"]);
        }
        assert_eq!(read(&bob), ["1 holds"]);
        personal.leave(ALICE, &first);
        personal.tell(news(ALICE, 3, HoldKind::Confirmed));
        assert_eq!((read(&first), read(&second)), (vec![], vec!["Confirmed 3".to_owned()]));
        assert_eq!(read(&personal.join(ALICE)), ["0 holds"]);
        personal.leave(ALICE, &second);
        personal.leave(BOB, &bob);
        assert_eq!(personal.inboxes.len(), 1);
    }

    #[test]
    fn a_queue_that_is_full_gives_way_to_a_new_list() {
        let mut personal = Personal::default();
        let inbox = personal.join(ALICE);
        for _ in 0..=FRAMES_MAX {
            personal.tell(news(ALICE, 1, HoldKind::Extended));
        }
        let read = read(&inbox);
        assert!(read.len() <= FRAMES_MAX && read[0] == "lost", "{read:?}");
    }

    #[test]
    fn another_picture_is_told_as_a_new_list() {
        let mut personal = Personal::default();
        let inbox = personal.join(ALICE);
        personal.replace(vec![news(ALICE, 1, HoldKind::Placed), news(ALICE, 2, HoldKind::Extended)]);
        assert_eq!(read(&inbox), ["0 holds", "2 holds"]);
    }
    fn shopper(user: UserId, until: Option<i64>) -> ShopperNews {
        ShopperNews { user, until: until.map(TimeUs), lsn: Lsn(9) }
    }

    #[test]
    fn a_session_is_told_as_it_begins_grows_and_ends_and_only_once() {
        let mut personal = Personal::default();
        let (alice, bob) = (personal.join(ALICE), personal.join(BOB));
        assert_eq!((read(&alice).len(), read(&bob).len()), (1, 1));
        let now = TimeUs(10);
        personal.tell_shopper(&shopper(ALICE, Some(20)), now);
        assert_eq!(read(&alice), ["Admitted"]);
        personal.tell_shopper(&shopper(ALICE, Some(20)), now);
        assert!(read(&alice).is_empty(), "he knows");
        personal.tell_shopper(&shopper(ALICE, Some(30)), now);
        assert_eq!(read(&alice), ["Renewed"]);
        assert_eq!(read(&personal.join(ALICE)), ["0 holds", "Admitted"], "whoever comes back is told again");
        personal.tell_shopper(&shopper(ALICE, None), now);
        assert_eq!(read(&alice), ["Ended"]);
        personal.tell_shopper(&shopper(ALICE, Some(40)), now);
        personal.tell_shopper(&shopper(ALICE, Some(50)), now);
        assert_eq!(read(&alice), ["Renewed"], "the latest counts");
        personal.end_sessions(TimeUs(49));
        assert!(read(&alice).is_empty());
        personal.end_sessions(TimeUs(50));
        assert_eq!(read(&alice), ["Ended"], "by time");
        assert!(personal.ends.is_empty() && personal.sessions.is_empty());
        assert!(read(&bob).is_empty(), "nothing of it is anybody else's business");
    }

    #[test]
    fn another_picture_tells_what_became_of_sessions_meanwhile() {
        let mut personal = Personal::default();
        personal.replace_sessions(&[shopper(ALICE, Some(20)), shopper(BOB, Some(20))], TimeUs(10));
        let (alice, bob) = (personal.join(ALICE), personal.join(BOB));
        assert_eq!((read(&alice).len(), read(&bob).len()), (2, 2));
        personal.replace_sessions(&[shopper(BOB, Some(25)), shopper(ALICE, Some(9))], TimeUs(10));
        assert_eq!((read(&alice), read(&bob)), (vec!["Ended".to_owned()], vec!["Renewed".to_owned()]));
    }
}

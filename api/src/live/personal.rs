//! What goes to one customer alone: his holds, to each of his sockets.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use hashbrown::HashMap;
use inventory::{HoldId, HoldKind, HoldNews, UserId};
use parking_lot::Mutex;
use tokio::sync::Notify;
use wire::{LiveFrame, LiveHold, LiveHoldState};

use super::frame;
use crate::time;

/// Private frames that wait for one socket. One more, and all of them give way to the list of his holds.
const FRAMES_MAX: usize = 32;

/// Live holds of the event, and the sockets of those who may hear of them.
#[derive(Default)]
pub struct Personal {
    holds: BTreeMap<(UserId, HoldId), HoldNews>,
    inboxes: HashMap<UserId, Vec<Arc<Inbox>>>,
}

/// Private frames on their way to one socket.
#[derive(Default)]
pub struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Bytes>,
    /// Some were lost: the holds must be listed anew.
    lost: bool,
}

/// What an inbox held.
#[derive(Debug, PartialEq, Eq)]
pub enum Post {
    Nothing,
    Frame(Bytes),
    Lost,
}

impl Inbox {
    /// Until something was put since the last time. Whoever takes, takes until there is nothing: the one permit that `put`
    /// leaves, always after its frame, is enough, and one too many costs a look.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    pub fn take(&self) -> Post {
        let mut waiting = self.waiting.lock();
        if std::mem::take(&mut waiting.lost) {
            return Post::Lost;
        }
        waiting.frames.pop_front().map_or(Post::Nothing, Post::Frame)
    }

    pub fn put(&self, frame: Bytes) {
        {
            let mut waiting = self.waiting.lock();
            if waiting.frames.len() < FRAMES_MAX {
                waiting.frames.push_back(frame);
            } else {
                waiting.frames.clear();
                waiting.lost = true;
            }
        }
        self.arrived.notify_one();
    }
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

    /// Begins with the list of his holds.
    pub fn join(&mut self, user: UserId) -> Arc<Inbox> {
        let inbox = Arc::new(Inbox::default());
        inbox.put(self.list(user));
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
    use inventory::{Lsn, TimeUs};

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
        assert!(inbox.waiting.lock().frames.len() <= FRAMES_MAX);
        let read = read(&inbox);
        assert_eq!(read[0], "lost", "{read:?}");
    }

    #[test]
    fn another_picture_is_told_as_a_new_list() {
        let mut personal = Personal::default();
        let inbox = personal.join(ALICE);
        personal.replace(vec![news(ALICE, 1, HoldKind::Placed), news(ALICE, 2, HoldKind::Extended)]);
        assert_eq!(read(&inbox), ["0 holds", "2 holds"]);
    }
}

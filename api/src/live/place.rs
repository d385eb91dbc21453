//! The place in line that a socket follows.

use bytes::Bytes;
use inventory::{LineView, TimeUs, UserId};
use wire::{LiveFrame, LivePlace};

use super::feed::Feed;
use super::frame;
use super::outlet::Outlet;
use crate::line::tokens::PlaceTicket;
use crate::state::AppState;
use crate::time;

#[derive(Default)]
pub struct Following {
    place: Option<Box<Followed>>,
    /// The round of the waiting room in which the account's own place was looked up. 0: none.
    looked_up: u32,
}

struct Followed {
    ticket: PlaceTicket,
    told: Option<LivePlace>,
}

impl Following {
    pub fn stand_at(&mut self, ticket: PlaceTicket, outlet: &Outlet) {
        self.place = Some(Box::new(Followed { ticket, told: None }));
        outlet.call_on_notice();
    }

    /// The account's own place, if it has one: of one that it takes from now on it is told. Once in each round of the room.
    pub async fn find(&mut self, state: &AppState, feed: &Feed, outlet: &Outlet, user: UserId) {
        let line = state.directory.get(feed.event()).map(|handle| handle.line());
        let Some(line) = line.filter(|line| line.is_active && line.round != self.looked_up) else { return };
        let found = state.live.find_place(&state.store, feed.event(), line.round, user).await;
        let Some(number) = found else { return };
        self.looked_up = line.round;
        let is_new = self.place.as_ref().is_none_or(|place| place.ticket.round != line.round);
        if let Some(number) = number.filter(|_| is_new) {
            self.stand_at(PlaceTicket { user, round: line.round, number }, outlet);
        }
    }

    /// What its waiter does not know yet.
    pub fn news(&mut self, feed: &Feed, now: TimeUs) -> Option<Bytes> {
        let followed = self.place.as_mut()?;
        followed.news(&*feed.line()?, now)
    }
}

impl Followed {
    /// A place of an earlier round of the room stands nowhere, and is not told.
    fn news(&mut self, line: &LineView, now: TimeUs) -> Option<Bytes> {
        if self.ticket.round != line.round {
            return None;
        }
        let rank = line.rank(self.ticket.number);
        let claim_by = rank.and_then(|rank| line.claim_by(now, rank)).map(time::utc);
        let place = LivePlace { number: self.ticket.number, rank, claim_by };
        if self.told.as_ref() == Some(&place) {
            return None;
        }
        let frame = frame::text(&LiveFrame::Place(place.clone()));
        self.told = Some(place);
        Some(frame)
    }
}

//! The actor's side of the feed: what has been applied and is not durable yet, and the taps to which it goes then.

use std::collections::VecDeque;
use std::sync::Arc;

use inventory::{
    AreaIx, Counts, HoldNews, Inventory, Lsn, Phase, Record, SeatIx, SeatState, ShopperNews, TimeUs, Touched,
};

use super::exchange::{Exchange, Filled};
use super::{Changes, Picture, TAP_CHANGES_MAX, TAPS_MAX, Tap};
use crate::{Unavailable, metrics};

/// Changes that wait to become durable. Far more than one commit and the next can hold, unless whole blocks of seats
/// change hands many times meanwhile: then every tap is closed.
const QUEUED_MAX: usize = 4 * TAP_CHANGES_MAX;

pub(crate) struct Source {
    taps: Vec<Tapped>,
    queue: VecDeque<(Lsn, News)>,
    /// Of `queue`: a picture counts as all its seats.
    queued: usize,
    touched: Touched,
    delivered: Lsn,
}

struct Tapped {
    /// The LSN of its picture: earlier news is in that.
    since: Lsn,
    exchange: Arc<Exchange<Changes>>,
}

#[derive(Clone)]
enum News {
    Seat(SeatIx, SeatState),
    Area(AreaIx, Counts),
    Hold(HoldNews),
    Shopper(ShopperNews),
    Phase(Phase),
    Picture(Box<Picture>),
}

impl News {
    fn weight(&self) -> usize {
        match self {
            Self::Seat(..) | Self::Area(..) | Self::Hold(_) | Self::Shopper(_) | Self::Phase(_) => 1,
            Self::Picture(picture) => 1 + picture.seats.len(),
        }
    }
}

impl Source {
    /// Nobody taps, and everything up to `durable` is durable.
    pub(crate) fn new(durable: Lsn) -> Self {
        Self { taps: Vec::new(), queue: VecDeque::new(), queued: 0, touched: Touched::default(), delivered: durable }
    }

    pub(crate) fn is_tapped(&self) -> bool {
        !self.taps.is_empty()
    }

    /// Unlike [`Source::is_tapped`] it sees at once when a tap was dropped.
    pub(crate) fn is_watched(&self) -> bool {
        self.taps.iter().any(|tap| !tap.exchange.is_closed())
    }

    /// A tap from the present state on. To be handed out once that is durable.
    pub(crate) fn tap(&mut self, inventory: &Inventory) -> Result<(Picture, Tap), Unavailable> {
        self.taps.retain(|tap| !tap.exchange.is_closed());
        if self.taps.len() >= TAPS_MAX {
            return Err(Unavailable::TooManyTaps);
        }
        let exchange = Exchange::new();
        self.taps.push(Tapped { since: inventory.lsn(), exchange: Arc::clone(&exchange) });
        Ok((Picture::of(inventory), Tap::new(exchange)))
    }

    /// To be called right before the record is applied.
    pub(crate) fn look(&mut self, inventory: &Inventory, record: &Record) {
        self.touched.clear();
        inventory.touches(record, &mut self.touched);
    }

    /// To be called right after it.
    pub(crate) fn queue(&mut self, inventory: &Inventory, has_new_layout: bool) {
        let lsn = inventory.lsn();
        if has_new_layout {
            self.push(lsn, News::Picture(Box::new(Picture::of(inventory))));
        }
        let touched = std::mem::take(&mut self.touched);
        touched.seats.iter().for_each(|seat| self.push(lsn, News::Seat(*seat, inventory.seat_state(*seat))));
        touched.areas.iter().for_each(|area| self.push(lsn, News::Area(*area, inventory.area_counts(*area))));
        touched.holds.iter().for_each(|news| self.push(lsn, News::Hold(*news)));
        touched.shoppers.iter().for_each(|user| self.push(lsn, News::Shopper(inventory.shopper(*user))));
        if let Some(phase) = touched.phase {
            self.push(lsn, News::Phase(phase));
        }
        self.touched = touched;
        if self.queued > QUEUED_MAX {
            self.taps.iter().for_each(|tap| tap.exchange.abandon());
            self.forget();
            metrics::observe_tap_lagged();
        }
    }

    fn push(&mut self, lsn: Lsn, news: News) {
        self.queued += news.weight();
        self.queue.push_back((lsn, news));
    }

    fn forget(&mut self) {
        self.taps.clear();
        self.queue = VecDeque::new();
        self.queued = 0;
    }

    /// Gives every tap what has become durable.
    pub(crate) fn deliver(&mut self, durable: Lsn, now: TimeUs) {
        if durable <= self.delivered {
            return;
        }
        self.delivered = durable;
        let end = self.queue.partition_point(|(lsn, _)| *lsn <= durable);
        let news = || self.queue.range(..end);
        self.taps.retain(|tap| {
            if durable <= tap.since {
                return !tap.exchange.is_closed();
            }
            tap.exchange.put(|changes| {
                fill(changes, durable, now, news().filter(|(lsn, _)| *lsn > tap.since).map(|(_, news)| news));
                if changes.len() <= TAP_CHANGES_MAX {
                    return Filled::Kept;
                }
                metrics::observe_tap_lagged();
                Filled::TooMuch
            })
        });
        if self.taps.is_empty() {
            self.forget();
            return;
        }
        for (_, news) in self.queue.drain(..end) {
            self.queued -= news.weight();
        }
    }
}

/// Nobody learns anything from here any more.
impl Drop for Source {
    fn drop(&mut self) {
        self.taps.iter().for_each(|tap| tap.exchange.close());
    }
}

fn fill<'a>(changes: &mut Changes, durable: Lsn, now: TimeUs, news: impl Iterator<Item = &'a News>) {
    changes.lsn = durable;
    for news in news {
        changes.oldest.get_or_insert(now);
        match news {
            News::Seat(seat, state) => changes.seats.push((*seat, *state)),
            News::Area(area, counts) => changes.areas.push((*area, *counts)),
            News::Hold(news) => changes.holds.push(*news),
            News::Shopper(news) => changes.shoppers.push(*news),
            News::Phase(phase) => changes.phase = Some(*phase),
            News::Picture(picture) => {
                changes.seats.clear();
                changes.areas.clear();
                changes.picture = Some(picture.clone());
            }
        }
    }
}

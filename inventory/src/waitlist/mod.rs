//! Those who wait for places that are sold out. What is freed is offered to them in their order, and an offer is a hold
//! in the customer's name: no place is in a state of its own.
//!
//! Invariant: a customer has one entry at most; an entry has an offer exactly as long as that hold is live. Those who
//! wait are kept by what they want as well, so that the work of one turn grows with the kinds of wishes, not with the
//! people.

mod settings;

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::limits::{WAITLIST_ENTRIES_MAX, WAITLIST_WISHES_MAX};
use crate::{AreaIx, BestAvailable, HoldId, SectionIx, TierIx, TimeUs, UserId, Want};

pub use settings::WaitlistSettings;

/// What somebody waits for: so many of one tier, to be had together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wish {
    pub tier: TierIx,
    pub place: WishedPlace,
    pub quantity: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum WishedPlace {
    Area(AreaIx),
    Seats {
        section: Option<SectionIx>,
        /// As [`BestAvailable::accessible`].
        accessible: bool,
        /// Also seats that do not stand together, when there are no others.
        apart: bool,
    },
}

impl Wish {
    pub(crate) const fn want(self) -> Want {
        let Self { tier, place, quantity } = self;
        match place {
            WishedPlace::Area(area) => Want::Area { area, quantity, tier: Some(tier) },
            WishedPlace::Seats { section, accessible, apart: _ } => {
                Want::BestAvailable(BestAvailable { quantity, tier: Some(tier), section, accessible })
            }
        }
    }
}

/// How an entry came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitlistEnd {
    /// The offer was paid for.
    Accepted,
    /// The offer ran out, or the order on it.
    Lapsed,
    /// The customer left, or gave the offer back.
    Left,
    /// Taken off by the organizer.
    Removed,
    /// His turn came, and he has as much already as one customer may.
    Limited,
    /// The list closed.
    Closed,
}

impl WaitlistEnd {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Lapsed => "lapsed",
            Self::Left => "left",
            Self::Removed => "removed",
            Self::Limited => "limited",
            Self::Closed => "closed",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Counted from 1, over all entries that ever were.
    pub number: u32,
    pub customer: UserId,
    pub wish: Wish,
    pub joined_at: TimeUs,
    /// Before all others: his money came when the places were gone.
    pub has_priority: bool,
    pub offer: Option<HoldId>,
}

/// Whose turn is first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    is_ordinary: bool,
    pub number: u32,
}

impl Entry {
    pub const fn rank(&self) -> Rank {
        Rank { is_ordinary: !self.has_priority, number: self.number }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Waiting,
    Offered { until: TimeUs },
    Ended(WaitlistEnd),
}

/// What the last change did to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryNews {
    pub entry: Entry,
    pub status: Status,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Waitlist {
    pub settings: WaitlistSettings,
    /// Of the last entry.
    last_number: u32,
    entries: BTreeMap<u32, Entry>,
    #[serde(skip)]
    by_customer: HashMap<UserId, u32>,
    #[serde(skip)]
    offers: HashMap<HoldId, u32>,
    #[serde(skip)]
    waiting: BTreeMap<Wish, BTreeSet<Rank>>,
    /// For the rows that follow from the change. No part of the state.
    #[serde(skip)]
    pub news: Vec<EntryNews>,
}

impl Waitlist {
    pub const fn next_number(&self) -> u32 {
        self.last_number + 1
    }

    pub fn get(&self, number: u32) -> Option<&Entry> {
        self.entries.get(&number)
    }

    pub fn of_customer(&self, customer: UserId) -> Option<&Entry> {
        self.entries.get(self.by_customer.get(&customer)?)
    }

    pub fn of_offer(&self, hold: HoldId) -> Option<&Entry> {
        self.entries.get(self.offers.get(&hold)?)
    }

    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Those who wait, by what they wish.
    pub const fn waiting(&self) -> &BTreeMap<Wish, BTreeSet<Rank>> {
        &self.waiting
    }

    pub fn offer_count(&self) -> usize {
        self.offers.len()
    }

    pub fn has_waiters(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Room for one more, who wishes this.
    pub fn has_room(&self, wish: &Wish) -> bool {
        self.entries.len() < WAITLIST_ENTRIES_MAX
            && self.last_number < u32::MAX
            && (self.waiting.contains_key(wish) || self.waiting.len() < WAITLIST_WISHES_MAX)
    }

    pub fn join(&mut self, entry: Entry) {
        assert!(entry.number > self.last_number && entry.offer.is_none(), "numbers of entries grow");
        self.last_number = entry.number;
        self.entries.insert(entry.number, entry);
        self.add_to_index(&entry);
        self.news.push(EntryNews { entry, status: Status::Waiting });
    }

    fn add_to_index(&mut self, entry: &Entry) {
        let known = self.by_customer.insert(entry.customer, entry.number);
        assert!(known.is_none(), "a customer has one entry");
        match entry.offer {
            Some(hold) => {
                self.offers.insert(hold, entry.number);
            }
            None => {
                self.waiting.entry(entry.wish).or_default().insert(entry.rank());
            }
        }
    }

    fn wait_no_more(&mut self, entry: &Entry) {
        let alike = self.waiting.get_mut(&entry.wish).expect("those who wait are found by their wish");
        assert!(alike.remove(&entry.rank()), "whoever waits stands in line");
        if alike.is_empty() {
            self.waiting.remove(&entry.wish);
        }
    }

    /// Goes before all who have no priority. Nothing for one that has an offer.
    pub fn prefer(&mut self, number: u32) {
        let mut entry = self.entries[&number];
        if entry.offer.is_some() || entry.has_priority {
            return;
        }
        self.wait_no_more(&entry);
        entry.has_priority = true;
        self.entries.insert(number, entry);
        self.waiting.entry(entry.wish).or_default().insert(entry.rank());
        self.news.push(EntryNews { entry, status: Status::Waiting });
    }

    pub fn offer(&mut self, number: u32, hold: HoldId, until: TimeUs) {
        let mut entry = self.entries[&number];
        assert!(entry.offer.is_none(), "an entry has one offer");
        self.wait_no_more(&entry);
        entry.offer = Some(hold);
        self.entries.insert(number, entry);
        self.offers.insert(hold, number);
        self.news.push(EntryNews { entry, status: Status::Offered { until } });
    }

    /// The hold lives longer.
    pub fn prolong(&mut self, hold: HoldId, until: TimeUs) {
        if let Some(entry) = self.of_offer(hold).copied() {
            self.news.push(EntryNews { entry, status: Status::Offered { until } });
        }
    }

    pub fn end(&mut self, number: u32, end: WaitlistEnd) {
        let entry = self.entries.remove(&number).expect("only an entry that is there ends");
        self.by_customer.remove(&entry.customer);
        match entry.offer {
            Some(hold) => {
                self.offers.remove(&hold);
            }
            None => self.wait_no_more(&entry),
        }
        self.news.push(EntryNews { entry, status: Status::Ended(end) });
    }

    /// The hold has ended: so has the entry that it was offered to, if it was.
    pub fn end_offer(&mut self, hold: HoldId, end: WaitlistEnd) {
        if let Some(number) = self.offers.get(&hold).copied() {
            self.end(number, end);
        }
    }

    /// After reading a snapshot. `None` when the entries contradict each other.
    pub fn index(&mut self) -> Option<()> {
        let entries: Vec<Entry> = self.entries.values().copied().collect();
        for entry in entries {
            if self.by_customer.contains_key(&entry.customer) {
                return None;
            }
            self.add_to_index(&entry);
        }
        Some(())
    }

    /// What is wrong, if anything is.
    pub fn fault(&self, is_live: impl Fn(HoldId, UserId) -> bool) -> Option<&'static str> {
        let mut fresh = Self { entries: self.entries.clone(), ..Self::default() };
        if fresh.index().is_none() || fresh.by_customer != self.by_customer {
            return Some("the customers");
        }
        if fresh.offers != self.offers {
            return Some("the offers");
        }
        if fresh.waiting != self.waiting {
            return Some("those who wait");
        }
        let is_numbered = |(at, it): (&u32, &Entry)| *at == it.number && (1..=self.last_number).contains(at);
        if !self.entries.iter().all(is_numbered) || self.entries.len() > WAITLIST_ENTRIES_MAX {
            return Some("the numbers");
        }
        let offered = self.all().filter_map(|it| Some((it.offer?, it.customer)));
        let mut offered = offered.filter(|(hold, customer)| !is_live(*hold, *customer));
        offered.next().is_some().then_some("an offer without its hold")
    }
}

//! What a watcher of the event knows: one picture, and after it only what each change says it touches.

use std::collections::BTreeMap;
use std::sync::Arc;

use inventory::{
    AreaIx, Counts, HoldId, HoldKind, HoldNews, Inventory, Layout, Phase, Record, SeatIx, SeatState, TimeUs, Touched,
    UserId,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

pub struct Board {
    touched: Touched,
    layout: Arc<Layout>,
    phase: Phase,
    seats: Vec<SeatState>,
    areas: Vec<Counts>,
    holds: BTreeMap<HoldId, (UserId, TimeUs)>,
    shoppers: BTreeMap<UserId, TimeUs>,
}

impl Board {
    pub fn new(inventory: &Inventory) -> Self {
        let layout = inventory.layout();
        Self {
            touched: Touched::default(),
            layout: Arc::clone(layout),
            phase: inventory.phase(),
            seats: (0..layout.seat_count()).map(|seat| inventory.seat_state(SeatIx(seat))).collect(),
            areas: (0..layout.area_count()).map(|area| inventory.area_counts(AreaIx(area as u16))).collect(),
            holds: inventory.live_holds().map(|news| (news.hold, (news.customer, news.expires_at))).collect(),
            shoppers: inventory.shoppers().filter_map(|news| Some((news.user, news.until?))).collect(),
        }
    }

    /// Right before the record is applied.
    pub fn look(&mut self, inventory: &Inventory, record: &Record) {
        self.touched.clear();
        inventory.touches(record, &mut self.touched);
    }

    /// Right after it.
    pub fn fold(&mut self, inventory: &Inventory) -> Result<(), TestCaseError> {
        if !Arc::ptr_eq(&self.layout, inventory.layout()) {
            *self = Self { touched: std::mem::take(&mut self.touched), ..Self::new(inventory) };
        }
        for seat in &self.touched.seats {
            self.seats[seat.ix()] = inventory.seat_state(*seat);
        }
        for area in &self.touched.areas {
            self.areas[area.ix()] = inventory.area_counts(*area);
        }
        self.phase = self.touched.phase.unwrap_or(self.phase);
        for user in &self.touched.shoppers {
            match inventory.shopper(*user).until {
                Some(until) => self.shoppers.insert(*user, until),
                None => self.shoppers.remove(user),
            };
        }
        for news in std::mem::take(&mut self.touched.holds) {
            prop_assert_eq!(news.lsn, inventory.lsn());
            self.hear(news)?;
        }
        Ok(())
    }

    fn hear(&mut self, news: HoldNews) -> Result<(), TestCaseError> {
        let told = (news.customer, news.expires_at);
        let known = match news.kind {
            HoldKind::Placed | HoldKind::Extended => self.holds.insert(news.hold, told),
            HoldKind::Released | HoldKind::Expired | HoldKind::Confirmed => self.holds.remove(&news.hold),
        };
        match news.kind {
            HoldKind::Placed => prop_assert_eq!(known, None),
            HoldKind::Extended => prop_assert_eq!(known.map(|(customer, _)| customer), Some(news.customer)),
            HoldKind::Released | HoldKind::Expired | HoldKind::Confirmed => prop_assert_eq!(known, Some(told)),
        }
        Ok(())
    }

    pub fn must_be(&self, inventory: &Inventory, at: TimeUs) -> Result<(), TestCaseError> {
        let now = Self::new(inventory);
        prop_assert_eq!(&self.seats, &now.seats, "I9: seats");
        prop_assert_eq!(&self.areas, &now.areas, "I9: areas");
        prop_assert_eq!(&self.holds, &now.holds, "I9: live holds");
        prop_assert_eq!(self.phase, now.phase, "I9: phase");
        // Sessions that are over by time are dropped without a word: whoever was told their end knows.
        prop_assert!(now.shoppers.iter().all(|(user, until)| self.shoppers.get(user) == Some(until)), "I9: shoppers");
        let is_past = |(user, until): (&UserId, &TimeUs)| now.shoppers.contains_key(user) || *until <= at;
        prop_assert!(self.shoppers.iter().all(is_past), "I9: shoppers who are not there any more");
        Ok(())
    }
}

//! The waitlist: the entries that there are, in the order in which they were made.

use std::sync::Arc;

use super::choice::{Class, Party};
use super::seating::ByTier;
use super::{Hold, HoldState, OrderState, Reference, Refusal, Said};
use crate::{
    Answer, BestAvailable, Change, HoldId, Item, Leaver, OrderId, Phase, Place, PlaceHold, PlacedHold, Rejection,
    SeatIx, TierIx, TimeUs, UserId, Verb, WaitlistChange, WaitlistSettings, Wish, WishedPlace, limits,
};

#[derive(Default)]
pub(super) struct List {
    settings: WaitlistSettings,
    last_number: u32,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
pub(super) struct Entry {
    number: u32,
    customer: UserId,
    pub(super) wish: Wish,
    has_priority: bool,
    offer: Option<HoldId>,
}

/// In place of seats that nobody has told: those that the fast core would have chosen.
pub(super) const UNKNOWN: SeatIx = SeatIx(u32::MAX);

impl List {
    pub(super) fn is_open(&self, now: TimeUs) -> bool {
        self.settings.active && self.settings.closes_at.is_none_or(|closes_at| closes_at > now)
    }

    /// Whose turn is first.
    pub(super) fn waiting(&self) -> Vec<Entry> {
        let mut waiting: Vec<Entry> = self.entries.iter().copied().filter(|entry| entry.offer.is_none()).collect();
        waiting.sort_by_key(|entry| (!entry.has_priority, entry.number));
        waiting
    }

    fn join(&mut self, customer: UserId, wish: Wish, has_priority: bool) -> u32 {
        self.last_number += 1;
        let number = self.last_number;
        self.entries.push(Entry { number, customer, wish, has_priority, offer: None });
        number
    }
}

pub(super) const fn best(wish: Wish) -> Option<BestAvailable> {
    match wish.place {
        WishedPlace::Area(_) => None,
        WishedPlace::Seats { section, accessible, apart: _ } => {
            Some(BestAvailable { quantity: wish.quantity, tier: Some(wish.tier), section, accessible })
        }
    }
}

impl Reference {
    pub(super) fn set_waitlist(&mut self, now: TimeUs, settings: &WaitlistSettings) -> Result<Answer, Rejection> {
        if settings.active {
            self.not_cancelled()?;
        }
        let is_late = settings.active && settings.closes_at.is_some_and(|at| at <= now);
        if is_late || !limits::WAITLIST_OFFER_US.contains(&settings.offer_us) {
            return Err(Rejection::WaitlistInvalid { problem: String::new() });
        }
        self.list.get_or_insert_default().settings = *settings;
        Ok(Answer::Configured)
    }

    pub(super) fn join_waitlist(
        &mut self,
        now: TimeUs,
        customer: UserId,
        wish: Wish,
        said: Said<'_>,
    ) -> Result<Answer, Refusal> {
        self.on_sale()?;
        let list = self.list.as_ref().filter(|list| list.settings.active).ok_or(Rejection::WaitlistOff)?;
        if !list.is_open(now) {
            return Err(Rejection::WaitlistClosed.into());
        }
        if let Some(entry) = list.entries.iter().find(|entry| entry.customer == customer) {
            return Err(Rejection::WaitlistJoined { number: entry.number }.into());
        }
        if self.tiers.get(wish.tier.ix()).is_some_and(|tier| tier.is_hidden()) {
            return Err(Rejection::AccessCodeRequired { item: 0 }.into());
        }
        let place = PlaceHold {
            hold: HoldId::from_bytes([0; 16]),
            customer,
            wants: vec![wish.want()],
            access_codes: vec![],
            discount_codes: Box::default(),
            box_office: None,
        };
        // Said to be refused for something else: a refusal by a rule is one, and anything else would have been a hold.
        match self.check_hold(now, &place, Err(&Rejection::HoldEmpty)) {
            Ok(_) | Err(Refusal::Choice(_)) if self.is_needed_though_free(now, wish, said) => {}
            Ok(_) | Err(Refusal::Choice(_)) => return Err(Rejection::WaitlistNotNeeded.into()),
            Err(Refusal::Rule(
                Rejection::AreaSoldOut { .. } | Rejection::QuotaExhausted { .. } | Rejection::NotEnoughSeats { .. },
            )) => {}
            Err(other) => return Err(other),
        }
        let longest = match wish.place {
            WishedPlace::Area(area) => self.map.as_ref().map_or(0, |map| map.areas[area.ix()].capacity),
            WishedPlace::Seats { accessible: true, .. } => u32::MAX,
            WishedPlace::Seats { apart: true, .. } => self.runs_ever(wish).iter().sum(),
            WishedPlace::Seats { .. } => self.runs_ever(wish).into_iter().max().unwrap_or(0),
        };
        if longest < wish.quantity {
            return Err(Rejection::WaitlistNeverTogether { longest }.into());
        }
        let list = self.list.get_or_insert_default();
        Ok(Answer::WaitlistJoined { number: list.join(customer, wish, false) })
    }

    /// There are places, and they are somebody else's who waits.
    fn is_needed_though_free(&self, now: TimeUs, wish: Wish, said: Said<'_>) -> bool {
        let price_minor = 0;
        let items = match (wish.place, best(wish)) {
            (WishedPlace::Area(area), _) => {
                vec![Item::new(Place::Area { area, quantity: wish.quantity }, wish.tier, price_minor)]
            }
            (_, Some(best)) => {
                let states = self.seat_states();
                let party = Party { twin: self, states: &states, best, tiers: &[wish.tier] };
                let known = party.seats_together().filter(|_| !best.accessible);
                let seats = known.unwrap_or_else(|| vec![UNKNOWN]);
                seats.into_iter().map(|seat| Item::new(Place::Seat(seat), wish.tier, price_minor)).collect()
            }
            (_, None) => Vec::new(),
        };
        let is_known = items.iter().all(|item| item.place != Place::Seat(UNKNOWN));
        let is_said = !matches!(said, Err(Rejection::WaitlistNotNeeded));
        self.may_pass_by(now, &items) && (is_known || is_said)
    }

    fn runs_ever(&self, wish: Wish) -> Vec<u32> {
        let (WishedPlace::Seats { section, .. }, Some(map)) = (wish.place, &self.map) else { return Vec::new() };
        let (mut runs, mut is_open) = (Vec::new(), false);
        for ix in 0..map.seats.len() {
            let seat = &map.seats[ix];
            let counts = self.covers_seat(wish.tier, SeatIx(ix as u32))
                && section.is_none_or(|section| section.ix() == seat.section)
                && !seat.accessible
                && !seat.companion;
            let follows = ix.checked_sub(1).map(|ix| &map.seats[ix]).is_some_and(|before| {
                (before.section, before.row, before.column + 1) == (seat.section, seat.row, seat.column)
                    && before.category == seat.category
                    && !before.accessible
                    && !before.companion
            });
            match runs.last_mut() {
                Some(run) if counts && follows && is_open => *run += 1,
                _ if counts => runs.push(1),
                _ => {}
            }
            is_open = counts;
        }
        runs
    }

    pub(super) fn leave_repeated(&self, leaver: Leaver) -> Option<Answer> {
        let Leaver::Customer(customer) = leaver else { return None };
        let is_listed = self.list.iter().flat_map(|list| &list.entries).any(|entry| entry.customer == customer);
        (!is_listed).then_some(Answer::WaitlistLeft)
    }

    pub(super) fn leave_waitlist(&mut self, now: TimeUs, leaver: Leaver) -> Result<Answer, Rejection> {
        let (Leaver::Customer(who) | Leaver::Removed(who)) = leaver;
        let is_meant = |entry: &&Entry| entry.customer == who;
        let entries = self.list.iter().flat_map(|list| &list.entries);
        let Entry { number, customer, offer, .. } =
            *entries.into_iter().find(is_meant).ok_or(Rejection::WaitlistEntryNotFound)?;
        if let Some(hold) = offer {
            return self.release_hold(now, hold, customer);
        }
        self.list.get_or_insert_default().entries.retain(|entry| entry.number != number);
        Ok(Answer::WaitlistLeft)
    }

    pub(super) fn serve_waitlist(&mut self, now: TimeUs, said: Said<'_>) -> Result<Answer, Refusal> {
        self.on_sale()?;
        let list = self.list.as_ref().filter(|list| list.is_open(now)).ok_or(Rejection::WaitlistIdle)?;
        let mut waiting = list.waiting().into_iter();
        let first = waiting.find(|entry| self.is_awake(now, entry.wish) && self.lacks(entry.wish) == (false, false));
        let entry = first.ok_or(Rejection::WaitlistIdle)?;
        let by_tier = ByTier::from([(entry.wish.tier, entry.wish.quantity)]);
        if self.check_customer(entry.customer, entry.wish.quantity, &by_tier).is_err() {
            self.list.get_or_insert_default().entries.retain(|it| it.number != entry.number);
            return Ok(Answer::WaitlistLeft);
        }
        let Ok((Change::Waitlist(WaitlistChange::Offered { number, placed }), _)) = said else {
            return Err(Refusal::Choice(format!("entry {} should have an offer", entry.number)));
        };
        if *number != entry.number || self.holds.iter().any(|hold| hold.id == placed.hold) {
            return Err(Refusal::Choice(format!("the offer is entry {}'s, under an id of its own", entry.number)));
        }
        let adjacent = self.check_offer(now, &entry, placed)?;
        let expected = PlacedHold {
            hold: placed.hold,
            customer: entry.customer,
            items: placed.items.clone(),
            expires_at: self.offered_until(now, entry.wish.tier),
            adjacent,
            codes: None,
        };
        if expected != **placed {
            return Err(Refusal::Choice(format!("{expected:?} should have been offered")));
        }
        self.hold_offer(now, entry.number, placed);
        Ok(Answer::WaitlistOffered { number: entry.number, hold: placed.hold })
    }

    fn offered_until(&self, now: TimeUs, tier: TierIx) -> TimeUs {
        let settings = self.list.as_ref().map(|list| list.settings).unwrap_or_default();
        let ends = [settings.closes_at, self.policy.sale.until, self.tiers[tier.ix()].sale.until];
        ends.into_iter().flatten().chain([now.plus_us(settings.offer_us)]).min().unwrap_or(now)
    }

    /// Whether the places stand together, if they are of the right kind and price.
    fn check_offer(&self, now: TimeUs, entry: &Entry, placed: &Arc<PlacedHold>) -> Result<bool, Refusal> {
        let wish = entry.wish;
        let price_minor = self.tiers[wish.tier.ix()].price_minor;
        let (places, adjacent): (Vec<Place>, bool) = match (wish.place, best(wish)) {
            (WishedPlace::Area(area), _) => (vec![Place::Area { area, quantity: wish.quantity }], true),
            (_, Some(best)) => {
                let states = self.seat_states();
                let class = Party { twin: self, states: &states, best, tiers: &[wish.tier] }.check(&placed.items)?;
                let together = class != Class::Split || wish.quantity == 1;
                if !together && !matches!(wish.place, WishedPlace::Seats { apart: true, .. }) {
                    return Err(Refusal::Choice("the party was to stay together".into()));
                }
                (placed.items.iter().map(|item| item.place).collect(), together)
            }
            (_, None) => (Vec::new(), true),
        };
        let items: Vec<Item> = places.into_iter().map(|place| Item::new(place, wish.tier, price_minor)).collect();
        if self.priced(now, &items) == placed.items {
            Ok(adjacent)
        } else {
            Err(Refusal::Choice(format!("{:?} is not what was wished, or its price", placed.items)))
        }
    }

    fn hold_offer(&mut self, now: TimeUs, number: u32, placed: &PlacedHold) {
        self.holds.push(Hold {
            id: placed.hold,
            customer: placed.customer,
            items: placed.items.clone(),
            codes: vec![],
            discounts: vec![],
            placed_at: now,
            expires_at: placed.expires_at,
            state: HoldState::Active,
            payment_extended: false,
            order: None,
        });
        let list = self.list.get_or_insert_default();
        for entry in list.entries.iter_mut().filter(|entry| entry.number == number) {
            entry.offer = Some(placed.hold);
        }
    }

    pub(super) fn close_waitlist(&mut self, now: TimeUs) -> Result<Answer, Rejection> {
        if self.list_due().is_none_or(|due| due > now) {
            return Err(Rejection::WaitlistIdle);
        }
        let list = self.list.get_or_insert_default();
        let count = list.waiting().len() as u32;
        list.entries.retain(|entry| entry.offer.is_some());
        Ok(Answer::WaitlistClosed { count })
    }

    /// When those who wait are to be sent home.
    pub(super) fn list_due(&self) -> Option<TimeUs> {
        let list = self.list.as_ref().filter(|list| !list.waiting().is_empty())?;
        let is_over = !list.settings.active || self.phase == Phase::Cancelled;
        if is_over { Some(TimeUs::MIN) } else { list.settings.closes_at }
    }

    pub(super) fn is_offer(&self, hold: HoldId) -> bool {
        self.list.iter().flat_map(|list| &list.entries).any(|entry| entry.offer == Some(hold))
    }

    /// What a command has done to holds and orders ends entries, and begins one for money that came too late.
    pub(super) fn list_follows(&mut self, now: TimeUs, verb: &Verb, answer: &Answer) {
        let Some(list) = &mut self.list else { return };
        let is_live = |id| self.holds.iter().any(|hold| hold.id == id && hold.state == HoldState::Active);
        list.entries.retain(|entry| entry.offer.is_none_or(is_live));
        if let (Verb::SettlePayment(settle), Answer::PaymentRefused { .. }) = (verb, answer) {
            self.rescue(now, settle.order);
        }
    }

    fn rescue(&mut self, now: TimeUs, order: OrderId) {
        let Some(order) = self.orders.iter().find(|it| it.id == order && it.state == OrderState::Expired) else {
            return;
        };
        let (customer, wish) = (order.customer, self.wish_of(&order.items));
        let Some(list) = self.list.as_mut().filter(|list| list.is_open(now)) else { return };
        let Some(wish) = wish.filter(|_| self.phase == Phase::Published) else { return };
        match list.entries.iter_mut().find(|entry| entry.customer == customer) {
            Some(entry) if entry.offer.is_none() => entry.has_priority = true,
            Some(_) => {}
            None => {
                list.join(customer, wish, true);
            }
        }
    }

    fn wish_of(&self, items: &[Item]) -> Option<Wish> {
        let tier = items[0].tier;
        let spec = &self.tiers[tier.ix()];
        if !spec.open || spec.is_hidden() || spec.terms.deleted || items.iter().any(|item| item.tier != tier) {
            return None;
        }
        let quantity = items.iter().map(|item| item.place.units()).sum();
        let map = self.map.as_ref()?;
        let mut seats: Vec<SeatIx> = Vec::new();
        for item in items {
            match (item.place, items[0].place) {
                (Place::Seat(seat), Place::Seat(_)) => seats.push(seat),
                (Place::Area { area, .. }, Place::Area { area: first, .. }) if area == first => {}
                _ => return None,
            }
        }
        if let Place::Area { area, .. } = items[0].place {
            return Some(Wish { tier, place: WishedPlace::Area(area), quantity });
        }
        seats.sort_unstable();
        let seat = |at: SeatIx| &map.seats[at.ix()];
        let at = |at: SeatIx| (seat(at).section, seat(at).row, seat(at).column);
        let together = seats.windows(2).all(|pair| {
            let (section, row, column) = at(pair[0]);
            at(pair[1]) == (section, row, column + 1)
        });
        let accessible = seats.iter().any(|it| seat(*it).accessible);
        let place = WishedPlace::Seats { section: None, accessible, apart: !together };
        Some(Wish { tier, place, quantity })
    }

    /// Number, customer and offer of every entry.
    pub fn waitlist_entries(&self) -> Vec<(u32, UserId, Option<HoldId>)> {
        let entries = self.list.iter().flat_map(|list| &list.entries);
        entries.map(|entry| (entry.number, entry.customer, entry.offer)).collect()
    }
}

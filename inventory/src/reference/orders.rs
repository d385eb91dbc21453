//! Orders and their money: place, pay (in time or late), cancel, refund.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Hold, HoldState, Order, OrderState, Reference, Refusal, Said, Ticket, TicketState};
use crate::{
    Answer, Change, Item, OrderId, PaidOrder, PaymentOutcome, Phase, Place, PlaceOrder, RefundPolicy, Rejection,
    Reseated, SeatState, SettlePayment, TicketId, TierIx, TierSpec, TimeUs, UserId, limits,
};

impl Reference {
    pub(super) fn place_order(&mut self, now: TimeUs, place: &PlaceOrder) -> Result<Answer, Rejection> {
        if self.orders.iter().any(|order| order.id == place.order) {
            return Err(Rejection::KeyReused);
        }
        self.on_sale()?;
        let ix = self.live_hold(now, place.hold, place.customer)?;
        let hold = &mut self.holds[ix];
        if hold.order.is_some() {
            return Err(Rejection::HoldHasOrder);
        }
        hold.order = Some(place.order);
        self.orders.push(Order {
            promised: promises(&self.tiers, &hold.items),
            id: place.order,
            hold: place.hold,
            customer: place.customer,
            accept_other_seats: place.accept_other_seats,
            state: OrderState::PendingPayment,
            settled: Vec::new(),
            items: hold.items.clone(),
            codes: hold.codes.clone(),
            discounts: hold.discounts.clone(),
            refunded_minor: 0,
        });
        Ok(Answer::OrderPlaced { order: place.order, expires_at: hold.expires_at })
    }

    pub(super) fn start_payment(&mut self, now: TimeUs, id: OrderId, customer: UserId) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let ix = self.order_of(id, customer)?;
        self.must_be_pending(now, ix, "pending_payment")?;
        let is_offer = self.is_offer(self.orders[ix].hold);
        let hold = self.hold_of(ix);
        if !hold.payment_extended {
            hold.payment_extended = true;
            let longest = if is_offer { TimeUs::MAX } else { hold.placed_at.plus_us(limits::HOLD_AGE_MAX_US) };
            let extended = hold.expires_at.plus_us(limits::PAYMENT_EXTENSION_US).min(longest);
            hold.expires_at = hold.expires_at.max(extended);
        }
        Ok(Answer::PaymentStarted { order: id, expires_at: hold.expires_at })
    }

    /// A captured payment, or one that was turned away, is answered once and for all.
    pub(super) fn settle_repeated(&self, settle: &SettlePayment) -> Option<Answer> {
        let order = self.orders.iter().find(|order| order.id == settle.order)?;
        let (_, answer) = order.settled.iter().find(|(payment, _)| *payment == settle.payment)?;
        matches!(settle.outcome, PaymentOutcome::Paid { .. }).then(|| answer.clone())
    }

    pub(super) fn settle_payment(
        &mut self,
        now: TimeUs,
        settle: &SettlePayment,
        said: Said<'_>,
    ) -> Result<Answer, Refusal> {
        let found = self.orders.iter().position(|order| order.id == settle.order);
        let ix = found.ok_or(Rejection::OrderNotFound)?;
        let PaymentOutcome::Paid { amount_minor, currency } = settle.outcome else {
            self.must_be_pending(now, ix, "pending_payment")?;
            return Ok(Answer::PaymentDeclined { order: settle.order });
        };
        if currency != self.policy.currency {
            return Err(Rejection::CurrencyMismatch.into());
        }
        let expected_minor = self.orders[ix].total_minor();
        if amount_minor != expected_minor {
            return Err(Rejection::AmountMismatch { expected_minor }.into());
        }
        let answer = match self.places_for(ix, said)? {
            None => {
                let refused = |(_, answer): &&(_, Answer)| matches!(answer, Answer::PaymentRefused { .. });
                if self.orders[ix].settled.iter().filter(refused).count() >= limits::PAYMENTS_REFUSED_MAX {
                    return Err(Rejection::PaymentsTooMany { max: limits::PAYMENTS_REFUSED_MAX as u32 }.into());
                }
                Answer::PaymentRefused { order: settle.order }
            }
            Some(items) => {
                let reseated = items != self.orders[ix].items;
                self.confirm(ix, items);
                let tickets = self.issue(ix, said)?;
                Answer::OrderPaid(Arc::new(PaidOrder { order: settle.order, tickets, reseated }))
            }
        };
        self.orders[ix].settled.push((settle.payment, answer.clone()));
        Ok(answer)
    }

    /// The places that the money buys; `None` when it goes back.
    fn places_for(&self, ix: usize, said: Said<'_>) -> Result<Option<Vec<Item>>, Refusal> {
        let order = &self.orders[ix];
        if self.phase == Phase::Cancelled {
            return Ok(None);
        }
        match order.state {
            OrderState::PendingPayment => return Ok(Some(order.items.clone())),
            OrderState::Expired => {}
            OrderState::Paid | OrderState::PartiallyRefunded | OrderState::Refunded | OrderState::Cancelled => {
                return Ok(None);
            }
        }
        if !self.are_within_limits(order) || !self.are_areas_free(&order.items) {
            return Ok(None);
        }
        let states = self.seat_states();
        let is_free = |item: &Item| match item.place {
            Place::Seat(seat) => states[seat.ix()] == SeatState::Free,
            Place::Area { .. } => true,
        };
        if order.items.iter().all(is_free) {
            return Ok(Some(order.items.clone()));
        }
        match said {
            Ok((Change::OrderPaid { reseated: Reseated::OtherPlaces(items), .. }, _)) if order.accept_other_seats => {
                self.check_other_places(&order.items, items, is_free)?;
                Ok(Some(items.clone()))
            }
            // Whether other seats would have been no worse is the fast core's judgement.
            _ => Ok(None),
        }
    }

    fn check_other_places(&self, old: &[Item], new: &[Item], is_free: impl Fn(&Item) -> bool) -> Result<(), Refusal> {
        let mut seen: Vec<Place> = Vec::new();
        let is_exchange = |old: &Item, new: &Item| {
            old.tier == new.tier
                && old.price_minor == new.price_minor
                && match (old.place, new.place) {
                    (Place::Seat(_), Place::Seat(seat)) => is_free(new) && self.covers_seat(new.tier, seat),
                    (old, new) => old == new,
                }
        };
        let mut is_new = |place: Place| {
            let is_area = matches!(place, Place::Area { .. });
            let is_new = is_area || !seen.contains(&place);
            seen.push(place);
            is_new
        };
        if old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_exchange(old, new) && is_new(new.place)) {
            Ok(())
        } else {
            Err(Refusal::Choice(format!("{new:?} cannot stand for {old:?}")))
        }
    }

    fn are_areas_free(&self, items: &[Item]) -> bool {
        (0..self.map.as_ref().map_or(0, |map| map.areas.len())).all(|area| {
            let units = |item: &Item| match item.place {
                Place::Area { area: of, quantity } if of.ix() == area => quantity,
                Place::Area { .. } | Place::Seat(_) => 0,
            };
            items.iter().map(units).sum::<u32>() <= self.area_counts(area).free
        })
    }

    fn confirm(&mut self, ix: usize, items: Vec<Item>) {
        let hold = self.hold_of(ix);
        if hold.state == HoldState::Active {
            hold.state = HoldState::Confirmed;
        }
        self.orders[ix].state = OrderState::Paid;
        self.orders[ix].items = items;
    }

    /// One ticket per unit, under the ids that the fast core drew, which must be new.
    pub(super) fn issue(&mut self, order: usize, said: Said<'_>) -> Result<Vec<TicketId>, Refusal> {
        let Ok((_, Answer::OrderPaid(paid))) = said else {
            return Err(Refusal::Choice("the payment should have been accepted".into()));
        };
        let discounts = &self.orders[order].discounts;
        let units = |(at, item): (usize, &Item)| {
            let discount = discounts.iter().find(|used| used.item as usize == at).and_then(|used| used.code);
            let unit = match item.place {
                Place::Seat(_) => item.place,
                Place::Area { area, .. } => Place::Area { area, quantity: 1 },
            };
            vec![(unit, item.tier, item.price_minor, item.list_minor(), discount); item.place.units() as usize]
        };
        let places: Vec<_> = self.orders[order].items.iter().enumerate().flat_map(units).collect();
        if paid.tickets.len() != places.len() {
            return Err(Refusal::Choice(format!("{} tickets for {} units", paid.tickets.len(), places.len())));
        }
        for (&id, (place, tier, price_minor, list_minor, discount)) in paid.tickets.iter().zip(places) {
            if self.tickets.iter().any(|ticket| ticket.id == id) {
                return Err(Refusal::Choice(format!("{id:?} was issued before")));
            }
            self.tickets.push(Ticket {
                id,
                order: self.orders[order].id,
                holder: self.orders[order].customer,
                place,
                tier,
                price_minor,
                list_minor,
                discount,
                state: TicketState::Issued,
                refunded: false,
                generation: 1,
                scans: Vec::new(),
                nonces: Vec::new(),
                undone: Vec::new(),
                conflicts: Vec::new(),
            });
        }
        Ok(paid.tickets.clone())
    }

    pub(super) fn cancel_order(&mut self, now: TimeUs, id: OrderId, customer: UserId) -> Result<Answer, Rejection> {
        let ix = self.order_of(id, customer)?;
        self.must_be_pending(now, ix, "cancelled")?;
        self.orders[ix].state = OrderState::Cancelled;
        self.hold_of(ix).state = HoldState::Released;
        Ok(Answer::OrderCancelled { order: id })
    }

    /// Another's order is not found.
    fn order_of(&self, id: OrderId, customer: UserId) -> Result<usize, Rejection> {
        let found = self.orders.iter().position(|order| order.id == id && order.customer == customer);
        found.ok_or(Rejection::OrderNotFound)
    }

    fn hold_of(&mut self, order: usize) -> &mut Hold {
        let id = self.orders[order].hold;
        self.holds.iter_mut().find(|hold| hold.id == id).expect("an order has a hold")
    }

    /// An order whose hold is due is expired, even before its places have been freed.
    fn must_be_pending(&mut self, now: TimeUs, order: usize, to: &'static str) -> Result<(), Rejection> {
        let is_due = self.hold_of(order).expires_at <= now;
        let state = match self.orders[order].state {
            OrderState::PendingPayment if is_due => OrderState::Expired,
            state => state,
        };
        if state == OrderState::PendingPayment {
            Ok(())
        } else {
            Err(Rejection::OrderTransition { from: state.name(), to })
        }
    }
}

/// What the tiers of the items promise at this moment.
pub(super) fn promises(tiers: &[TierSpec], items: &[Item]) -> BTreeMap<TierIx, RefundPolicy> {
    items.iter().filter_map(|item| Some((item.tier, tiers[item.tier.ix()].terms.refund.clone()?))).collect()
}

//! What staff may take and sell, and at which price.

use std::sync::Arc;

use super::orders::promises;
use super::{Hold, HoldState, Order, OrderState, Reference, Refusal, Said};
use crate::{
    Answer, BoxOfficeSale, CodeUse, DiscountUse, HoldId, Item, MinorOff, PaidOrder, PlaceHold, Rejection, SeatIx,
    SeatState, Sold, TimeUs,
};

/// What somebody gets.
pub(super) struct Bought {
    pub items: Vec<Item>,
    pub codes: Vec<CodeUse>,
    pub discounts: Vec<DiscountUse>,
}

/// The items, and what was taken off which.
type Repriced = (Vec<Item>, Vec<DiscountUse>);

impl Reference {
    /// At the price that staff has set, if it has.
    pub(super) fn repriced(price_minor: Option<i64>, items: &[Item]) -> Result<Option<Repriced>, Rejection> {
        let Some(price_minor) = price_minor else { return Ok(None) };
        let lists: Vec<i64> = items.iter().map(Item::list_minor).collect();
        let max_minor = lists.iter().copied().min().unwrap_or(0);
        if price_minor < 0 || lists.iter().any(|list| price_minor > *list) {
            return Err(Rejection::PriceAboveTier { max_minor });
        }
        let off = |list: i64| MinorOff::new(list - price_minor).expect("no price is higher than the highest");
        let priced = items.iter().zip(&lists).map(|(item, list)| Item { price_minor, off: off(*list), ..*item });
        let uses = (0..).zip(&lists).filter(|(_, list)| **list > price_minor);
        let uses = uses.map(|(item, list)| DiscountUse { item, code: None, off_minor: list - price_minor });
        Ok(Some((priced.collect(), uses.collect())))
    }

    /// Nobody has it, and it is on sale or of a block that staff has named.
    pub(super) fn may_have(&self, place: &PlaceHold, seat: SeatIx, state: SeatState) -> bool {
        let block = self.map.as_ref().and_then(|map| map.seats[seat.ix()].block.as_deref());
        state == SeatState::Free || (state == SeatState::Blocked && names(place, block))
    }

    pub(super) fn area_left(&self, place: &PlaceHold, area: usize) -> u32 {
        let counts = self.area_counts(area);
        let block = self.map.as_ref().and_then(|map| map.areas[area].block.as_deref());
        if names(place, block) { counts.free + counts.blocked } else { counts.free }
    }

    pub(super) fn sell_at_box_office(
        &mut self,
        now: TimeUs,
        sale: &BoxOfficeSale,
        said: Said<'_>,
    ) -> Result<Answer, Refusal> {
        if self.orders.iter().any(|order| order.id == sale.order) {
            return Err(Rejection::KeyReused.into());
        }
        let (hold, sold) = match &sale.sold {
            Sold::Fresh(place) => {
                let (sold, _) = self.seated(now, place, said)?;
                self.holds.push(Hold {
                    id: place.hold,
                    customer: sale.customer,
                    items: sold.items.clone(),
                    codes: sold.codes.clone(),
                    discounts: sold.discounts.clone(),
                    placed_at: now,
                    expires_at: TimeUs::NEVER,
                    state: HoldState::Confirmed,
                    payment_extended: false,
                    order: Some(sale.order),
                });
                (place.hold, sold)
            }
            Sold::Held { hold, price_minor } => (*hold, self.bought(now, sale, *hold, *price_minor)?),
        };
        self.orders.push(Order {
            promised: promises(&self.tiers, &sold.items),
            id: sale.order,
            hold,
            customer: sale.customer,
            accept_other_seats: false,
            state: OrderState::Paid,
            settled: Vec::new(),
            items: sold.items,
            codes: sold.codes,
            discounts: sold.discounts,
            refunded_minor: 0,
        });
        let ix = self.orders.len() - 1;
        let tickets = self.issue(ix, said)?;
        let answer = Answer::OrderPaid(Arc::new(PaidOrder { order: sale.order, tickets, reseated: false }));
        self.orders[ix].settled.push((sale.payment, answer.clone()));
        Ok(answer)
    }

    fn bought(
        &mut self,
        now: TimeUs,
        sale: &BoxOfficeSale,
        id: HoldId,
        price_minor: Option<i64>,
    ) -> Result<Bought, Rejection> {
        self.on_sale()?;
        let ix = self.live_hold(now, id, sale.customer)?;
        let hold = &self.holds[ix];
        if hold.expires_at != TimeUs::NEVER {
            return Err(Rejection::HoldNotFound);
        }
        if hold.order.is_some() {
            return Err(Rejection::HoldHasOrder);
        }
        let (items, discounts) =
            Self::repriced(price_minor, &hold.items)?.unwrap_or_else(|| (hold.items.clone(), hold.discounts.clone()));
        let codes = hold.codes.clone();
        self.holds[ix].state = HoldState::Confirmed;
        self.holds[ix].order = Some(sale.order);
        Ok(Bought { items, codes, discounts })
    }
}

fn names(place: &PlaceHold, block: Option<&str>) -> bool {
    let named = place.box_office.as_ref().map_or(&[][..], |staff| &staff.blocks);
    block.is_some_and(|block| named.iter().any(|name| name == block))
}

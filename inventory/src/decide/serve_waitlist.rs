//! Offers what is free to whoever comes first of those whom it fits. One entry by one change.

use crate::tickets::ticket_id;
use crate::waitlist::{Entry, Waitlist};
use crate::{
    Change, HoldId, Inventory, Lsn, PlaceHold, PlacedHold, Rejection, TimeUs, WaitlistChange, WaitlistEnd, Wish,
};

use super::{Decision, place_hold, shortage};

pub(super) fn decide(inventory: &Inventory, now: TimeUs) -> Decision {
    inventory.must_be_on_sale()?;
    let Some(list) = inventory.waitlist.as_deref().filter(|list| list.settings.is_open(now)) else {
        return Err(Rejection::WaitlistIdle);
    };
    // Who is first of each kind, in their order: those behind wish the same.
    let mut firsts: Vec<_> = list.waiting().iter().filter_map(|(wish, alike)| Some((*alike.first()?, *wish))).collect();
    firsts.sort_unstable();
    let offer = firsts.into_iter().find_map(|(rank, wish)| {
        let entry = list.get(rank.number)?;
        if shortage::is_fulfillable(inventory, now, wish) { offer(inventory, now, list, entry) } else { None }
    });
    offer.map(Change::Waitlist).ok_or(Rejection::WaitlistIdle)
}

fn offer(inventory: &Inventory, now: TimeUs, list: &Waitlist, entry: &Entry) -> Option<WaitlistChange> {
    let wanted = PlaceHold {
        hold: offer_id(inventory, now, entry.number),
        customer: entry.customer,
        wants: vec![entry.wish.want()],
        access_codes: Vec::new(),
        discount_codes: Box::default(),
        box_office: None,
    };
    match place_hold::offer(inventory, now, &wanted) {
        Ok(placed) => {
            let expires_at = until(inventory, now, list, entry.wish);
            let placed = PlacedHold { expires_at, ..placed };
            Some(WaitlistChange::Offered { number: entry.number, placed: placed.into() })
        }
        Err(Rejection::UnitsPerCustomerExceeded { .. } | Rejection::PerCustomerMaximum { .. }) => {
            Some(WaitlistChange::Ended { number: entry.number, end: WaitlistEnd::Limited })
        }
        Err(_) => None,
    }
}

/// When the offer ends: with the sale or the list at the latest.
fn until(inventory: &Inventory, now: TimeUs, list: &Waitlist, wish: Wish) -> TimeUs {
    let layout = &inventory.layout;
    let ends = [list.settings.closes_at, layout.policy().sale.until, layout.tiers()[wish.tier.ix()].sale.until];
    let offered = now.plus_us(list.settings.offer_us);
    ends.into_iter().flatten().fold(offered, TimeUs::min)
}

/// New, and the same for everybody who decides it: nobody draws lots here.
fn offer_id(inventory: &Inventory, now: TimeUs, number: u32) -> HoldId {
    let Lsn(lsn) = inventory.lsn;
    let mut entropy = inventory.event.bytes();
    for (byte, of_lsn) in entropy.iter_mut().zip(lsn.to_be_bytes()) {
        *byte ^= of_lsn;
    }
    let ids = (0..).map(|again: u32| ticket_id(now, entropy, number.wrapping_add(again << 16)).bytes());
    let mut fresh = ids.map(HoldId::from_bytes).filter(|id| !inventory.holds.knows(*id));
    fresh.next().expect("of all ids few are known")
}

use super::holds;
use crate::orders::{Order, OrderStatus};
use crate::waitlist::{Entry, Waitlist};
use crate::{
    Answer, Change, Inventory, Item, OrderId, Phase, Place, Record, SeatIx, TimeUs, UserId, WaitlistChange,
    WaitlistEnd, Wish, WishedPlace,
};

/// What other changes do to the list.
pub(super) fn follow(inventory: &mut Inventory, record: &Record) {
    let hold_of = |order: &OrderId| inventory.orders.get(inventory.orders.at(*order)).placed.hold;
    match &record.change {
        Change::HoldReleased { hold } => {
            let list = list(inventory);
            let is_his_word = |customer: UserId| record.origin.user.is_none_or(|user| user == customer);
            let is_left = list.of_offer(*hold).is_none_or(|entry| is_his_word(entry.customer));
            list.end_offer(*hold, if is_left { WaitlistEnd::Left } else { WaitlistEnd::Removed });
        }
        Change::HoldsExpired { holds } => {
            let list = list(inventory);
            holds.iter().for_each(|hold| list.end_offer(*hold, WaitlistEnd::Lapsed));
        }
        Change::OrderCancelled { order } => {
            let hold = hold_of(order);
            list(inventory).end_offer(hold, WaitlistEnd::Left);
        }
        Change::OrderPaid { order, .. } => {
            let hold = hold_of(order);
            list(inventory).end_offer(hold, WaitlistEnd::Accepted);
        }
        Change::PaymentStarted { order, expires_at, .. } => {
            let hold = hold_of(order);
            list(inventory).prolong(hold, *expires_at);
        }
        Change::PaymentRefused { order, .. } => rescue(inventory, record.at, *order),
        Change::SeatMapSet(_)
        | Change::TierSet(_)
        | Change::TierSetInFull(_)
        | Change::TierSetWithRefundSteps(_)
        | Change::PolicySet(_)
        | Change::PolicySetInFull(_)
        | Change::Published
        | Change::EventCancelled
        | Change::BlockSet { .. }
        | Change::HoldPlaced(_)
        | Change::HoldPlacedByCode(_)
        | Change::HoldPlacedAtDiscount(_)
        | Change::HoldPlacedAtBoxOffice(_)
        | Change::BoxOfficeSold(_)
        | Change::HoldExtended { .. }
        | Change::OrderPlaced { .. }
        | Change::PaymentDeclined { .. }
        | Change::OrderRefunded { .. }
        | Change::OrderRefundedToWallet { .. }
        | Change::TicketScanned { .. }
        | Change::TicketVoided { .. }
        | Change::TicketTransferred { .. }
        | Change::Line(_)
        | Change::AccessCodeSet(_)
        | Change::DiscountCodeSet(_)
        | Change::Door(_)
        | Change::Waitlist(_) => {}
    }
}

fn list(inventory: &mut Inventory) -> &mut Waitlist {
    inventory.waitlist.as_deref_mut().expect("a list that changes exists")
}

/// Whose money came too late for his places waits before all others, if what he had can be waited for.
fn rescue(inventory: &mut Inventory, at: TimeUs, order: OrderId) {
    let order = inventory.orders.get(inventory.orders.at(order));
    let customer = order.placed.customer;
    let is_late = order.status == OrderStatus::Expired && inventory.phase == Phase::Published;
    let Some(wish) = wish_of(inventory, order).filter(|_| is_late) else { return };
    let list = list(inventory);
    if !list.settings.is_open(at) {
        return;
    }
    if let Some(number) = list.of_customer(customer).map(|entry| entry.number) {
        list.prefer(number);
    } else if list.has_room(&wish) {
        let number = list.next_number();
        list.join(Entry { number, customer, wish, joined_at: at, has_priority: true, offer: None });
    }
}

/// The order as one wish. `None` when it is of several tiers or parts, or of a tier that is not sold to everybody.
fn wish_of(inventory: &Inventory, order: &Order) -> Option<Wish> {
    let items = &order.placed.items;
    let tier = items.first()?.tier;
    let is_offered = inventory.layout.tiers()[tier.ix()].is_offered();
    if !is_offered || items.iter().any(|item| item.tier != tier) {
        return None;
    }
    let quantity = order.placed.units();
    let seats: Vec<SeatIx> = items.iter().filter_map(Item::seat).collect();
    if seats.len() == items.len() {
        let place = WishedPlace::Seats {
            section: None,
            accessible: seats.iter().any(|seat| inventory.is_accessible(*seat)),
            apart: !are_neighbours(inventory, seats),
        };
        return Some(Wish { tier, place, quantity });
    }
    let Place::Area { area, .. } = items.first()?.place else { return None };
    let is_there = |item: &Item| matches!(item.place, Place::Area { area: at, .. } if at == area);
    items.iter().all(is_there).then_some(Wish { tier, place: WishedPlace::Area(area), quantity })
}

fn are_neighbours(inventory: &Inventory, mut seats: Vec<SeatIx>) -> bool {
    seats.sort_unstable();
    let grid = &inventory.layout.grid;
    seats.windows(2).all(|pair| {
        let (left, right) = (grid.spot(pair[0]), grid.spot(pair[1]));
        left.row == right.row && left.position + 1 == right.position
    })
}

pub(super) fn make(inventory: &mut Inventory, at: TimeUs, change: &WaitlistChange) -> Answer {
    match change {
        WaitlistChange::Set(settings) => {
            inventory.waitlist.get_or_insert_default().settings = *settings;
            Answer::Configured
        }
        WaitlistChange::Joined { number, customer, wish } => {
            let (number, customer, wish) = (*number, *customer, *wish);
            let entry = Entry { number, customer, wish, joined_at: at, has_priority: false, offer: None };
            list(inventory).join(entry);
            Answer::WaitlistJoined { number }
        }
        WaitlistChange::Offered { number, placed } => {
            holds::place(inventory, at, placed);
            let hold = placed.hold;
            list(inventory).offer(*number, hold, placed.expires_at);
            Answer::WaitlistOffered { number: *number, hold }
        }
        WaitlistChange::Ended { number, end } => {
            list(inventory).end(*number, *end);
            Answer::WaitlistLeft
        }
        WaitlistChange::Closed { numbers } => {
            let list = list(inventory);
            numbers.iter().for_each(|number| list.end(*number, WaitlistEnd::Closed));
            Answer::WaitlistClosed { count: numbers.len() as u32 }
        }
    }
}

//! Sales by staff: what the box office may take and at which price, and orders that are paid at once.

use std::sync::Arc;

use crate::tickets::ticket_id;
use crate::{
    AreaIx, BoxOffice, BoxOfficeOrder, BoxOfficeSale, Change, DiscountUse, HoldCodes, HoldId, Inventory, Item,
    MinorOff, PlacedHold, Rejection, SeatIx, Sold, TimeUs,
};

use super::{Decision, place_hold};

pub(super) fn sell(inventory: &Inventory, now: TimeUs, sale: &BoxOfficeSale) -> Decision {
    if inventory.orders.find(sale.order).is_some() || inventory.tickets.knows(ticket_id(now, sale.entropy, 0)) {
        return Err(Rejection::KeyReused);
    }
    let (placed, held) = match &sale.sold {
        Sold::Fresh(wanted) => (place_hold::placed(inventory, now, wanted)?, None),
        Sold::Held { hold, price_minor } => (bought(inventory, now, sale, *hold, *price_minor)?, Some(*hold)),
    };
    Ok(Change::BoxOfficeSold(Box::new(BoxOfficeOrder {
        order: sale.order,
        placed: Arc::new(placed),
        held,
        payment: sale.payment,
        tender: sale.tender,
        entropy: sale.entropy,
    })))
}

/// Under another id: the hold is remembered as it was placed.
fn bought(
    inventory: &Inventory,
    now: TimeUs,
    sale: &BoxOfficeSale,
    id: HoldId,
    price_minor: Option<i64>,
) -> Result<PlacedHold, Rejection> {
    inventory.must_be_on_sale()?;
    let hold = inventory.own_hold(now, id, sale.customer)?;
    if !hold.placed.is_of_box_office() {
        return Err(Rejection::HoldNotFound);
    }
    if hold.order.is_some() {
        return Err(Rejection::HoldHasOrder);
    }
    let mut placed = PlacedHold { hold: HoldId::from_bytes(sale.order.bytes()), ..(*hold.placed).clone() };
    if let Some(price_minor) = price_minor {
        let discounts = set_price(&mut placed.items, price_minor)?;
        placed.codes = HoldCodes { access: placed.codes().to_vec(), discounts }.boxed();
    }
    Ok(placed)
}

/// What the items cost from now on, whatever was off them before.
pub(super) fn set_price(items: &mut [Item], price_minor: i64) -> Result<Vec<DiscountUse>, Rejection> {
    let max_minor = items.iter().map(Item::list_minor).min().unwrap_or(0);
    if !(0..=max_minor).contains(&price_minor) {
        return Err(Rejection::PriceAboveTier { max_minor });
    }
    let mut uses = Vec::new();
    for (at, item) in (0..).zip(items) {
        let off_minor = item.list_minor() - price_minor;
        let off = MinorOff::new(off_minor).expect("no more is off than the price");
        *item = Item::new(item.place, item.tier, item.list_minor()).cheaper_by(off);
        if off_minor > 0 {
            uses.push(DiscountUse { item: at, code: None, off_minor });
        }
    }
    Ok(uses)
}

/// A bit for each block that is named.
pub(super) fn blocks(inventory: &Inventory, staff: &BoxOffice) -> u64 {
    let named = staff.blocks.iter().filter_map(|block| inventory.layout.grid.find_block(block));
    named.fold(0, |blocks, block| blocks | 1 << block)
}

pub(super) fn may_take_seat(inventory: &Inventory, blocks: u64, seat: SeatIx) -> bool {
    let grid = &inventory.layout.grid;
    let block = grid.block_of(seat);
    block < 64 && blocks >> block & 1 == 1 && inventory.house.is_kept(grid, seat)
}

pub(super) fn area_free(inventory: &Inventory, blocks: u64, area: AreaIx) -> u32 {
    let counts = inventory.house.area(area).counts();
    let block = inventory.layout.grid.areas[area.ix()].block;
    if block < 64 && blocks >> block & 1 == 1 { counts.free + counts.blocked } else { counts.free }
}

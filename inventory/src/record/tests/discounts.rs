use std::sync::Arc;

use super::{decoded, encoded, records_of};
use crate::record::{DecodeError, HEAD_BYTES};
use crate::{
    AreaIx, Change, CodeUse, Discount, DiscountCodeSpec, DiscountUse, HoldCodes, HoldId, Item, MinorOff, Place,
    PlacedHold, SaleWindow, SeatIx, TierId, TierIx, TimeUs, UserId,
};

/// Discount codes, which came with version 4. This file is never written again.
const GOLDEN: &[u8] = include_bytes!("../../../golden/record-v4-discounts.bin");

fn discount_changes() -> Vec<Change> {
    let (code, at) = ([17; 16], TimeUs(1_800_000_600_000_000));
    let off = MinorOff::new(7_050).unwrap();
    let cheaper = Item::new(Place::Seat(SeatIx(70_000)), TierIx(1), 12_050).cheaper_by(off);
    let placed = |access: Vec<CodeUse>, discounts: Vec<DiscountUse>| PlacedHold {
        hold: HoldId::from_bytes([1; 16]),
        customer: UserId::from_bytes([5; 16]),
        items: vec![Item::new(Place::Area { area: AreaIx(2), quantity: 3 }, TierIx(0), 0), cheaper],
        expires_at: at,
        adjacent: false,
        codes: HoldCodes { access, discounts }.boxed(),
    };
    let by = |code| vec![DiscountUse { item: 1, code, off_minor: 7_050 }];
    let spec = |discount| DiscountCodeSpec {
        digest: code,
        label: "Größe".into(),
        discount,
        tiers: vec![TierId::from_bytes([6; 16])],
        uses_max: Some(70_000),
        units_max: None,
        per_customer_max: Some(2),
        window: SaleWindow { from: Some(TimeUs(-1)), until: Some(at) },
        open: true,
    };
    let wide = DiscountCodeSpec {
        tiers: vec![],
        uses_max: None,
        units_max: Some(u32::MAX),
        per_customer_max: None,
        window: SaleWindow::ALWAYS,
        open: false,
        ..spec(Discount::Fixed { minor: 0 })
    };
    vec![
        Change::DiscountCodeSet(Box::new(spec(Discount::Percent { basis_points: 10_000 }))),
        Change::DiscountCodeSet(Box::new(spec(Discount::Amount { minor: 70_000 }))),
        Change::DiscountCodeSet(Box::new(wide)),
        Change::HoldPlacedAtDiscount(Arc::new(placed(vec![], by(Some(code))))),
        Change::HoldPlacedAtDiscount(Arc::new(placed(vec![CodeUse { tier: TierIx(0), code: [16; 16] }], by(None)))),
    ]
}

#[test]
fn version_4_is_written_and_read_as_ever() {
    let records = records_of(discount_changes());
    assert_eq!(decoded(GOLDEN).unwrap(), records);
    assert!(encoded(&records) == GOLDEN, "the encoding of version 4 has changed: make it another version");
    assert_eq!(GOLDEN[HEAD_BYTES], 4);
}

#[test]
fn a_discount_of_no_item_is_refused() {
    let mut records = records_of(discount_changes()).split_off(3);
    let Change::HoldPlacedAtDiscount(placed) = &mut records[0].change else { unreachable!() };
    Arc::make_mut(placed).codes.as_mut().unwrap().discounts[0].item = 2;
    assert_eq!(decoded(&encoded(&records[..1])), Err(DecodeError::Body { at: 0 }));
}

use std::sync::Arc;

use super::{decoded, encoded, records_of};
use crate::record::HEAD_BYTES;
use crate::{
    AreaIx, BoxOfficeOrder, Change, CodeUse, DiscountUse, HoldCodes, HoldId, Item, MinorOff, OrderId, PaymentId, Place,
    PlacedHold, SeatIx, Tender, TierIx, TimeUs, UserId,
};

/// Holds and sales of the box office, which came with version 4. This file is never written again.
const GOLDEN: &[u8] = include_bytes!("../../../golden/record-v4-box-office.bin");

fn box_office_changes() -> Vec<Change> {
    let by_hand = DiscountUse { item: 1, code: None, off_minor: 7_050 };
    let cheaper = Item::new(Place::Seat(SeatIx(70_000)), TierIx(1), 12_050);
    let cheaper = cheaper.cheaper_by(MinorOff::new(by_hand.off_minor).unwrap());
    let placed = |access: Vec<CodeUse>, discounts: Vec<DiscountUse>, item: Item| {
        Arc::new(PlacedHold {
            hold: HoldId::from_bytes([1; 16]),
            customer: UserId::from_bytes([5; 16]),
            items: vec![Item::new(Place::Area { area: AreaIx(2), quantity: 3 }, TierIx(0), 0), item],
            expires_at: TimeUs::NEVER,
            adjacent: false,
            codes: HoldCodes { access, discounts }.boxed(),
        })
    };
    let plain = placed(vec![], vec![], Item::new(Place::Seat(SeatIx(70_000)), TierIx(1), 12_050));
    let by_code = placed(vec![CodeUse { tier: TierIx(0), code: [16; 16] }], vec![by_hand], cheaper);
    let sold = |placed: &Arc<PlacedHold>, held: Option<HoldId>, tender: Tender| {
        Change::BoxOfficeSold(Box::new(BoxOfficeOrder {
            order: OrderId::from_bytes([2; 16]),
            placed: Arc::clone(placed),
            held,
            payment: PaymentId::from_bytes([4; 16]),
            tender,
            entropy: [9; 16],
        }))
    };
    vec![
        Change::HoldPlacedAtBoxOffice(Arc::clone(&plain)),
        Change::HoldPlacedAtBoxOffice(Arc::clone(&by_code)),
        sold(&plain, None, Tender::Cash),
        sold(&plain, None, Tender::CardTerminal),
        sold(&by_code, Some(HoldId::from_bytes([18; 16])), Tender::External),
        sold(&by_code, None, Tender::Comp),
    ]
}

#[test]
fn version_4_is_written_and_read_as_ever() {
    let records = records_of(box_office_changes());
    assert_eq!(decoded(GOLDEN).unwrap(), records);
    assert!(encoded(&records) == GOLDEN, "the encoding of version 4 has changed: make it another version");
    assert_eq!(GOLDEN[HEAD_BYTES], 4);
}

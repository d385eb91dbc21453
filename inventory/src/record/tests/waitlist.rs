use std::sync::Arc;

use super::{decoded, encoded, records_of};
use crate::record::HEAD_BYTES;
use crate::{
    AreaIx, Change, CodeUse, HoldCodes, HoldId, Item, Place, PlacedHold, SeatIx, SectionIx, TierIx, TimeUs, UserId,
    WaitlistChange, WaitlistEnd, WaitlistSettings, Wish, WishedPlace,
};

/// The waitlist, which came with version 5.
const GOLDEN: &[u8] = include_bytes!("../../../golden/record-v5-waitlist.bin");

fn waitlist_changes() -> Vec<Change> {
    let (customer, at) = (UserId::from_bytes([5; 16]), TimeUs(1_800_000_600_000_000));
    let joined = |place, quantity| WaitlistChange::Joined {
        number: 70_000,
        customer,
        wish: Wish { tier: TierIx(63), place, quantity },
    };
    let seats = WishedPlace::Seats { section: Some(SectionIx(300)), accessible: true, apart: false };
    let anywhere = WishedPlace::Seats { section: None, accessible: false, apart: true };
    let placed = PlacedHold {
        hold: HoldId::from_bytes([1; 16]),
        customer,
        items: vec![
            Item::new(Place::Seat(SeatIx(70_000)), TierIx(1), 12_050),
            Item::new(Place::Area { area: AreaIx(2), quantity: 3 }, TierIx(0), 0),
        ],
        expires_at: at,
        adjacent: false,
        codes: None,
    };
    let access = vec![CodeUse { tier: TierIx(1), code: [15; 16] }];
    let by_code = PlacedHold { codes: HoldCodes { access, discounts: vec![] }.boxed(), ..placed.clone() };
    let ends = [
        WaitlistEnd::Accepted,
        WaitlistEnd::Lapsed,
        WaitlistEnd::Left,
        WaitlistEnd::Removed,
        WaitlistEnd::Limited,
        WaitlistEnd::Closed,
    ];
    let changes = [
        WaitlistChange::Set(WaitlistSettings { active: true, offer_us: 300_000_001, closes_at: Some(at) }),
        WaitlistChange::Set(WaitlistSettings::default()),
        joined(WishedPlace::Area(AreaIx(300)), 100),
        joined(seats, 2),
        joined(anywhere, 1),
        WaitlistChange::Offered { number: 1, placed: Arc::new(placed) },
        WaitlistChange::Offered { number: u32::MAX, placed: Arc::new(by_code) },
        WaitlistChange::Closed { numbers: vec![1, 70_000] },
        WaitlistChange::Closed { numbers: vec![] },
    ];
    let ended = ends.map(|end| WaitlistChange::Ended { number: 300, end });
    changes.into_iter().chain(ended).map(Change::Waitlist).collect()
}

#[test]
fn version_5_of_the_waitlist_is_written_and_read_as_ever() {
    let records = records_of(waitlist_changes());
    assert_eq!(decoded(GOLDEN).unwrap(), records);
    assert!(encoded(&records) == GOLDEN, "the encoding of version 5 has changed: make it another version");
    assert_eq!(GOLDEN[HEAD_BYTES], 5);
}

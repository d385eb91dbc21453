mod box_office;
mod discounts;
mod door;
mod money;
mod waitlist;

use std::sync::Arc;

use super::{DecodeError, HEAD_BYTES, Lsn, Record, VERSION, hot};
use crate::{
    AccessCodeSpec, Admission, AreaIx, CallerKey, Change, CodeUse, Currency, Direction, HoldCodes, HoldId, Item,
    LineChange, OrderId, Origin, PaymentId, Place, PlacedHold, Policy, PriceStep, QuotaSpec, RefundPolicy, RequestId,
    Reseated, RoomSettings, RowSpec, SaleWindow, SeatIx, SeatMapSpec, SeatSpec, SectionKind, SectionSpec, TicketId,
    TierId, TierIx, TierSpec, TierTerms, TimeUs, UserId,
};

/// Records of version 1, as the first release wrote them. This file is never written again.
const GOLDEN: &[u8] = include_bytes!("../../golden/record-v1.bin");
/// Changes of the waiting room, which came with version 2.
const GOLDEN_LINE: &[u8] = include_bytes!("../../golden/record-v2.bin");
/// Terms of tiers and access codes, which came with version 3.
const GOLDEN_TERMS: &[u8] = include_bytes!("../../golden/record-v3.bin");

fn changes() -> Vec<Change> {
    let (hold, order, ticket) =
        (HoldId::from_bytes([1; 16]), OrderId::from_bytes([2; 16]), TicketId::from_bytes([3; 16]));
    let (payment, user) = (PaymentId::from_bytes([4; 16]), UserId::from_bytes([5; 16]));
    let expires_at = TimeUs(1_800_000_600_000_000);
    let items = vec![
        Item::new(Place::Seat(SeatIx(70_000)), TierIx(1), 12_050),
        Item::new(Place::Area { area: AreaIx(2), quantity: 3 }, TierIx(0), 0),
    ];
    vec![
        Change::SeatMapSet(Box::new(seat_map())),
        Change::TierSet(Box::new(tier())),
        Change::PolicySet(Box::new(Policy { doors_from: Some(expires_at), ..Policy::new(currency()) })),
        Change::Published,
        Change::EventCancelled,
        Change::BlockSet { block: "vip".into(), withheld: true },
        Change::HoldPlaced(Arc::new(PlacedHold {
            hold,
            customer: user,
            items: items.clone(),
            expires_at,
            adjacent: true,
            codes: None,
        })),
        Change::HoldExtended { hold, expires_at },
        Change::HoldReleased { hold },
        Change::HoldsExpired { holds: vec![hold, hold] },
        Change::OrderPlaced { order, hold, customer: user, accept_other_seats: true },
        Change::PaymentStarted { order, payment, expires_at },
        Change::PaymentDeclined { order, payment },
        paid(order, payment, Reseated::No),
        paid(order, payment, Reseated::SamePlaces),
        paid(order, payment, Reseated::OtherPlaces(items)),
        Change::PaymentRefused { order, payment, amount_minor: i64::MAX },
        Change::OrderCancelled { order },
        Change::OrderRefunded { order, tickets: vec![ticket], amount_minor: 12_050 },
        Change::TicketScanned { ticket, direction: Direction::Entry, nonce: u64::MAX },
        Change::TicketScanned { ticket, direction: Direction::Exit, nonce: 0 },
        Change::TicketVoided { ticket },
        Change::TicketTransferred { ticket, to: user, generation: 2 },
    ]
}

fn line_changes() -> Vec<Change> {
    let (user, at) = (UserId::from_bytes([5; 16]), TimeUs(1_800_000_600_000_000));
    let settings = Box::new(RoomSettings {
        active: true,
        pre_queue_from: Some(TimeUs(-1)),
        opens_at: Some(at),
        rate_per_min: 6_000,
        shoppers_max: 1_000_000,
        session_us: 600_000_001,
        claim_within_us: 120_000_001,
        paused: true,
        beacon: Some("drand quicknet round 12345678".into()),
        latency_target_us: 50_001,
    });
    let off = Box::new(RoomSettings::default());
    let place = Admission::Place { number: 70_000, rank: 3 };
    let priority = Admission::Priority { pass: [14; 16], until: at };
    [
        LineChange::RoomSet { settings, key: Some([13; 32]) },
        LineChange::RoomSet { settings: off, key: None },
        LineChange::PreQueueClosed { joined: 70_000 },
        LineChange::Opened { joined: 70_001, shuffled: 70_000, beacon_value: Some("Größe".into()) },
        LineChange::Opened { joined: 0, shuffled: 0, beacon_value: None },
        LineChange::PlacesCalled { joined: 70_002, called: 300, rate_per_min: 6_000, carry: 59_999_999, until: at },
        LineChange::SessionStarted { user, admission: place, serial: u64::MAX, until: at },
        LineChange::SessionStarted { user, admission: priority, serial: 1, until: at },
        LineChange::Left { user, session: true, place: Some(u32::MAX) },
        LineChange::Left { user, session: false, place: None },
    ]
    .map(Change::Line)
    .to_vec()
}

fn terms_changes() -> Vec<Change> {
    let (code, at) = ([15; 16], TimeUs(1_800_000_600_000_000));
    let steps = vec![
        PriceStep { price_minor: 5_000, until: Some(at), first: Some(100) },
        PriceStep { price_minor: 0, until: None, first: Some(u32::MAX) },
        PriceStep { price_minor: 7_000, until: Some(TimeUs(-1)), first: None },
    ];
    let refund = Some(RefundPolicy { until: Some(at), ..RefundPolicy::flat(50) });
    let terms = TierTerms {
        description: "Größe".into(),
        position: 7,
        price_steps: steps,
        needs_code: true,
        refund,
        deleted: false,
    };
    let refused = Some(RefundPolicy { refundable: false, ..RefundPolicy::flat(0) });
    let deleted = TierTerms { deleted: true, refund: refused, ..TierTerms::PLAIN };
    let items = vec![
        Item::new(Place::Seat(SeatIx(70_000)), TierIx(1), 5_000),
        Item::new(Place::Area { area: AreaIx(2), quantity: 3 }, TierIx(0), 0),
    ];
    let placed = PlacedHold {
        hold: HoldId::from_bytes([1; 16]),
        customer: UserId::from_bytes([5; 16]),
        items,
        expires_at: at,
        adjacent: false,
        codes: HoldCodes {
            access: vec![CodeUse { tier: TierIx(0), code }, CodeUse { tier: TierIx(1), code: [16; 16] }],
            discounts: vec![],
        }
        .boxed(),
    };
    let named = AccessCodeSpec {
        digest: code,
        label: "Größe".into(),
        tiers: vec![TierId::from_bytes([6; 16])],
        units_max: Some(70_000),
        window: SaleWindow { from: Some(TimeUs(-1)), until: Some(at) },
        open: true,
    };
    let any =
        AccessCodeSpec { tiers: vec![], units_max: None, window: SaleWindow::ALWAYS, open: false, ..named.clone() };
    vec![
        Change::TierSetInFull(Box::new(TierSpec { terms, ..tier() })),
        Change::TierSetInFull(Box::new(TierSpec { terms: deleted, ..tier() })),
        Change::HoldPlacedByCode(Arc::new(placed)),
        Change::AccessCodeSet(Box::new(named)),
        Change::AccessCodeSet(Box::new(any)),
    ]
}

fn paid(order: OrderId, payment: PaymentId, reseated: Reseated) -> Change {
    Change::OrderPaid { order, payment, amount_minor: 12_050, entropy: [9; 16], reseated }
}

fn currency() -> Currency {
    Currency::new("EUR").unwrap()
}

fn seat_map() -> SeatMapSpec {
    let seat = SeatSpec {
        number: "7".into(),
        category: Some("gold".into()),
        accessible: true,
        companion: false,
        block: Some("vip".into()),
    };
    let rows = SectionKind::Rows(vec![RowSpec { id: "12".into(), seats: vec![None, Some(seat)] }]);
    let section = |id: &str, kind: SectionKind| SectionSpec {
        id: id.into(),
        name: "Größe".into(),
        position: (-5, 1_000),
        block: None,
        kind,
    };
    let area = SectionKind::Area { capacity: 5_000, category: None };
    SeatMapSpec { sections: vec![section("A", rows), section("F", area)], focal_point: (0, -1) }
}

fn tier() -> TierSpec {
    TierSpec {
        id: TierId::from_bytes([6; 16]),
        name: "Full".into(),
        price_minor: 12_050,
        sections: vec!["A".into()],
        categories: vec![],
        quotas: vec![QuotaSpec { id: "hall".into(), limit: 300 }],
        sale: SaleWindow { from: Some(TimeUs(-1)), until: None },
        per_order_min: 1,
        per_order_max: 10,
        per_customer_max: Some(4),
        access_code: Some([8; 16]),
        open: true,
        terms: TierTerms::PLAIN,
    }
}

fn records() -> Vec<Record> {
    records_of(changes())
}

fn records_of(changes: Vec<Change>) -> Vec<Record> {
    let with_all = Origin {
        user: Some(UserId::from_bytes([5; 16])),
        request: Some(RequestId::from_bytes([10; 16])),
        key: Some(CallerKey { key: [11; 16], body: [12; 16] }),
    };
    let origin = |lsn: u64| if lsn.is_multiple_of(2) { Origin::ENGINE } else { with_all };
    let at = |lsn: u64| TimeUs(1_800_000_000_000_000 + lsn as i64);
    let record = |(lsn, change)| Record { lsn: Lsn(lsn), at: at(lsn), origin: origin(lsn), change };
    (1..).zip(changes).map(record).collect()
}

fn encoded(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        record.encode(&mut bytes);
    }
    bytes
}

fn decoded(bytes: &[u8]) -> Result<Vec<Record>, DecodeError> {
    let (mut at, mut records) = (0, Vec::new());
    while let Some(record) = Record::decode(bytes, &mut at)? {
        records.push(record);
    }
    Ok(records)
}

#[test]
fn version_1_is_written_and_read_as_ever() {
    let records = records();
    assert_eq!(decoded(GOLDEN).unwrap(), records);
    assert!(encoded(&records) == GOLDEN, "the encoding of version 1 has changed: make it another version");
}

#[test]
fn version_2_is_written_and_read_as_ever() {
    let records = records_of(line_changes());
    assert_eq!(decoded(GOLDEN_LINE).unwrap(), records);
    assert!(encoded(&records) == GOLDEN_LINE, "the encoding of version 2 has changed: make it another version");
    assert_eq!((GOLDEN[HEAD_BYTES], GOLDEN_LINE[HEAD_BYTES]), (1, 2));
}

#[test]
fn version_3_is_written_and_read_as_ever() {
    let records = records_of(terms_changes());
    assert_eq!(decoded(GOLDEN_TERMS).unwrap(), records);
    assert!(encoded(&records) == GOLDEN_TERMS, "the encoding of version 3 has changed: make it another version");
    assert_eq!(GOLDEN_TERMS[HEAD_BYTES], 3);
}

#[test]
fn a_tail_torn_at_any_byte_leaves_the_records_before_it() {
    let records = records();
    let bytes = encoded(&records);
    let mut starts = vec![0];
    while let Some(&at) = starts.last().filter(|at| **at < bytes.len()) {
        let mut next = at;
        Record::decode(&bytes, &mut next).unwrap();
        starts.push(next);
    }
    for cut in 0..bytes.len() {
        let whole = starts.iter().filter(|start| **start <= cut).count() - 1;
        let (mut at, mut read) = (0, 0);
        let end = loop {
            match Record::decode(&bytes[..cut], &mut at) {
                Ok(Some(record)) => {
                    assert_eq!(record, records[read]);
                    read += 1;
                }
                end => break end,
            }
        };
        assert_eq!(read, whole, "cut at {cut}");
        assert_eq!(at, starts[whole]);
        let is_clean = starts[whole] == cut;
        assert_eq!(end, if is_clean { Ok(None) } else { Err(DecodeError::Torn { at: starts[whole] }) });
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let record = records().swap_remove(6);
    let bytes = encoded(std::slice::from_ref(&record));
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let mut at = 0;
        let read = Record::decode(&flipped, &mut at);
        assert!(
            matches!(read, Err(DecodeError::Torn { at: 0 } | DecodeError::Checksum { at: 0 })),
            "bit {bit}: {read:?}"
        );
        assert_eq!(at, 0);
    }
}

/// A frame around any body.
fn framed(body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
    bytes.extend(crc32fast::hash(body).to_le_bytes());
    bytes.extend(body);
    bytes
}

#[test]
fn bodies_of_another_version_or_shape_are_refused() {
    let bytes = encoded(&records()[3..4]);
    let body = &bytes[HEAD_BYTES..];
    let newer = [&[VERSION + 1], &body[1..]].concat();
    let longer = [body, &[0]].concat();
    let cases = [
        (framed(&newer), DecodeError::Version { at: 0, version: VERSION + 1 }),
        (framed(&longer), DecodeError::Body { at: 0 }),
        (framed(&body[..body.len() - 1]), DecodeError::Body { at: 0 }),
        (framed(&[]), DecodeError::Body { at: 0 }),
        (framed(&[VERSION]), DecodeError::Body { at: 0 }),
    ];
    for (bytes, error) in cases {
        assert_eq!(Record::decode(&bytes, &mut 0), Err(error));
    }
}

/// Numbers around every length that a number can have.
fn edges() -> impl Iterator<Item = u64> {
    (0..64).map(|bit| 1 << bit).flat_map(|power: u64| [power - 1, power, !power, power.wrapping_neg()])
}

fn hot_records() -> Vec<Record> {
    let mut records = records();
    records.retain(|record| hot::encode(record, &mut Vec::new()));
    for edge in edges() {
        let mut with_edge = records[0].clone();
        with_edge.lsn = Lsn(edge);
        with_edge.at = TimeUs(edge as i64);
        if let Change::HoldPlaced(placed) = &mut with_edge.change {
            let placed = Arc::make_mut(placed);
            placed.expires_at = TimeUs(edge as i64);
            let place = match edge % 2 {
                0 => Place::Seat(SeatIx(edge as u32)),
                _ => Place::Area { area: AreaIx(edge as u16), quantity: edge as u32 },
            };
            placed.items = vec![Item::new(place, TierIx(edge as u8), edge as i64); 1 + edge as usize % 3];
        }
        records.push(with_edge);
    }
    let holds = (0..200).map(|byte| HoldId::from_bytes([byte; 16])).collect();
    records.push(Record { change: Change::HoldsExpired { holds }, ..records[0].clone() });
    records
}

#[test]
fn hot_records_are_written_and_read_as_by_the_general_codec() {
    let records = hot_records();
    let variants = |at: usize| std::mem::discriminant(&records[at].change);
    assert!(variants(0) != variants(1) && variants(1) != variants(2) && variants(0) != variants(2));
    for record in records {
        let mut bytes = vec![1, 2, 3];
        assert!(hot::encode(&record, &mut bytes));
        assert_eq!(bytes[..3], [1, 2, 3]);
        assert_eq!(bytes[3..], postcard::to_stdvec(&record).unwrap());
        match hot::decode(&bytes[3..]) {
            Some(decoded) => assert_eq!(decoded, record),
            // Of eight bytes and more.
            None => assert!(record.lsn.0 >= 1 << 55, "{record:?} is left to the general codec"),
        }
        assert_eq!(decoded(&encoded(std::slice::from_ref(&record))).unwrap(), [record]);
    }
}

#[test]
fn what_is_read_by_hand_is_just_what_would_be_written() {
    for record in &hot_records()[..3] {
        let bytes = postcard::to_stdvec(record).unwrap();
        for at in 0..bytes.len() {
            assert_eq!(hot::decode(&bytes[..at]), None, "cut at {at}");
            for byte in 0..=u8::MAX {
                let mut other = bytes.clone();
                other[at] = byte;
                let read = hot::decode(&other);
                assert!(read.is_none_or(|it| postcard::to_stdvec(&it).unwrap() == other), "byte {at} is {byte}");
            }
        }
    }
}

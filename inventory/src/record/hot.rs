//! The records that make up nearly all of a journal, written and read by hand: holds placed, released and expired. The
//! bytes are those of the general codec, at a fraction of its price; whatever is unusual is left to it.

use std::sync::Arc;

use super::varint::{Sink, Source, VARINT_BYTES_MAX};
use super::{Lsn, Record};
use crate::{
    AreaIx, CallerKey, Change, HoldId, Item, Origin, Place, PlacedHold, RequestId, SeatIx, TierIx, TimeUs, UserId,
};

/// Positions of the variants of [`Change`], which are their numbers on disk.
const HOLD_PLACED: u8 = 6;
const HOLD_RELEASED: u8 = 8;
const HOLDS_EXPIRED: u8 = 9;
/// Positions of the variants of [`Place`].
const SEAT: u8 = 0;
const AREA: u8 = 1;

/// An id is its length, which is 16, and its bytes.
const ID_BYTES: usize = 17;
const HEAD_BYTES_MAX: usize = 2 * VARINT_BYTES_MAX + 3 + 4 * ID_BYTES + 1;
const PLACED_BYTES_MAX: usize = 2 * ID_BYTES + 2 * VARINT_BYTES_MAX + 1;
/// Area and quantity are of 16 and 32 bits.
const ITEM_BYTES_MAX: usize = 1 + 3 + 5 + 1 + VARINT_BYTES_MAX;
const ITEM_BYTES_MIN: usize = 4;

/// Appends the record to `out`; `false`, and nothing is appended, when it is not one of these.
pub(super) fn encode(record: &Record, out: &mut Vec<u8>) -> bool {
    let change_bytes_max = match &record.change {
        Change::HoldPlaced(placed) => PLACED_BYTES_MAX + placed.items.len() * ITEM_BYTES_MAX,
        Change::HoldReleased { .. } => ID_BYTES,
        Change::HoldsExpired { holds } => VARINT_BYTES_MAX + holds.len() * ID_BYTES,
        _ => return false,
    };
    let start = out.len();
    out.resize(start + HEAD_BYTES_MAX + change_bytes_max, 0);
    let mut sink = Sink::new(&mut out[start..]);
    sink.varint(record.lsn.0);
    sink.zigzag(record.at.0);
    put_origin(&mut sink, &record.origin);
    match &record.change {
        Change::HoldPlaced(placed) => {
            sink.byte(HOLD_PLACED);
            put_placed(&mut sink, placed);
        }
        Change::HoldReleased { hold } => {
            sink.byte(HOLD_RELEASED);
            sink.sixteen(hold.bytes());
        }
        Change::HoldsExpired { holds } => {
            sink.byte(HOLDS_EXPIRED);
            sink.varint(holds.len() as u64);
            holds.iter().for_each(|hold| sink.sixteen(hold.bytes()));
        }
        _ => unreachable!("there is no room for it"),
    }
    let room = sink.room();
    out.truncate(out.len() - room);
    true
}

fn put_origin(sink: &mut Sink<'_>, origin: &Origin) {
    let Origin { user, request, key } = origin;
    sink.byte(user.is_some().into());
    if let Some(user) = user {
        sink.sixteen(user.bytes());
    }
    sink.byte(request.is_some().into());
    if let Some(request) = request {
        sink.sixteen(request.bytes());
    }
    sink.byte(key.is_some().into());
    if let Some(key) = key {
        sink.sixteen(key.key);
        sink.sixteen(key.body);
    }
}

fn put_placed(sink: &mut Sink<'_>, placed: &PlacedHold) {
    let PlacedHold { hold, customer, items, expires_at, adjacent, codes: _ } = placed;
    sink.sixteen(hold.bytes());
    sink.sixteen(customer.bytes());
    sink.varint(items.len() as u64);
    for Item { place, tier, price_minor, off: _ } in items {
        match place {
            Place::Seat(seat) => {
                sink.byte(SEAT);
                sink.varint(seat.0.into());
            }
            Place::Area { area, quantity } => {
                sink.byte(AREA);
                sink.varint(area.0.into());
                sink.varint((*quantity).into());
            }
        }
        sink.byte(tier.0);
        sink.zigzag(*price_minor);
    }
    sink.zigzag(expires_at.0);
    sink.byte((*adjacent).into());
}

/// `None` when the bytes are not just one of these records, or are unusual in any way: the general codec has the word.
pub(super) fn decode(bytes: &[u8]) -> Option<Record> {
    let mut source = Source::new(bytes);
    let lsn = Lsn(source.varint()?);
    let at = TimeUs(source.zigzag()?);
    let origin = take_origin(&mut source)?;
    let change = match source.byte()? {
        HOLD_PLACED => Change::HoldPlaced(Arc::new(take_placed(&mut source)?)),
        HOLD_RELEASED => Change::HoldReleased { hold: HoldId::from_bytes(source.sixteen()?) },
        HOLDS_EXPIRED => {
            let count = source.count(ID_BYTES)?;
            let holds = (0..count).map(|_| source.sixteen().map(HoldId::from_bytes));
            Change::HoldsExpired { holds: holds.collect::<Option<_>>()? }
        }
        _ => return None,
    };
    source.is_empty().then_some(Record { lsn, at, origin, change })
}

fn take_origin(source: &mut Source<'_>) -> Option<Origin> {
    let user = if source.bool()? { Some(UserId::from_bytes(source.sixteen()?)) } else { None };
    let request = if source.bool()? { Some(RequestId::from_bytes(source.sixteen()?)) } else { None };
    let key = if source.bool()? { Some(CallerKey { key: source.sixteen()?, body: source.sixteen()? }) } else { None };
    Some(Origin { user, request, key })
}

fn take_placed(source: &mut Source<'_>) -> Option<PlacedHold> {
    let hold = HoldId::from_bytes(source.sixteen()?);
    let customer = UserId::from_bytes(source.sixteen()?);
    let count = source.count(ITEM_BYTES_MIN)?;
    let mut items = Vec::with_capacity(count);
    for _ in 0..count {
        let place = match source.byte()? {
            SEAT => Place::Seat(SeatIx(source.varint()?.try_into().ok()?)),
            AREA => {
                let area = AreaIx(source.varint()?.try_into().ok()?);
                Place::Area { area, quantity: source.varint()?.try_into().ok()? }
            }
            _ => return None,
        };
        items.push(Item::new(place, TierIx(source.byte()?), source.zigzag()?));
    }
    let (expires_at, adjacent) = (TimeUs(source.zigzag()?), source.bool()?);
    Some(PlacedHold { hold, customer, items, expires_at, adjacent, codes: None })
}

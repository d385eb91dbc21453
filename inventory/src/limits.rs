//! Every limit of one event, and how they relate. Organizers may set lower ones in [`crate::Policy`]; nobody sets higher.

use std::ops::RangeInclusive;

const SECOND_US: i64 = 1_000_000;
const MINUTE_US: i64 = 60 * SECOND_US;

/// Reserved seats of one event.
pub const SEATS_PER_EVENT_MAX: u32 = 250_000;
/// Sections of reserved rows and areas together.
pub const SECTIONS_PER_EVENT_MAX: usize = 1_000;
pub const ROWS_PER_SECTION_MAX: usize = 500;
/// A row is one 128-bit word, gaps (aisles) included.
pub const SEATS_PER_ROW_MAX: usize = 128;
pub const AREA_CAPACITY_MAX: u32 = 1_000_000;
/// Tiers are bits of one 64-bit word per row.
pub const TIERS_PER_EVENT_MAX: usize = 64;
pub const QUOTAS_PER_EVENT_MAX: usize = 64;
pub const BLOCKS_PER_EVENT_MAX: usize = 64;
pub const CATEGORIES_PER_EVENT_MAX: usize = 1_000;
/// Positions on the plan: 100 km around its origin.
pub const COORDINATE_CM_MAX: u32 = 10_000_000;
/// Ids of sections, rows, categories, blocks and quotas: ASCII letters, digits, `_` and `.`; no `-`, which joins a seat's public id.
pub const LABEL_BYTES_MAX: usize = 32;
/// A seat's number within its row: stored inline.
pub const SEAT_NUMBER_BYTES_MAX: usize = 8;
pub const NAME_BYTES_MAX: usize = 200;

/// Wants in one hold request.
pub const ITEMS_PER_HOLD_MAX: usize = 50;
/// Seats and area units of one hold together.
pub const UNITS_PER_HOLD_MAX: u32 = 100;
pub const HOLDS_PER_CUSTOMER_MAX: u32 = 1_000;
/// Live holds of the box office of one event.
pub const BOX_OFFICE_HOLDS_MAX: u32 = 1_000;
/// Holds expired by one change: bounds the length of one actor turn.
pub const HOLDS_PER_EXPIRY_MAX: usize = 1_000;

pub const HOLD_TTL_DEFAULT_US: i64 = 10 * MINUTE_US;
pub const HOLD_TTL_MIN_US: i64 = SECOND_US;
/// A payment that starts gives its hold this much more, once.
pub const PAYMENT_EXTENSION_US: i64 = 5 * MINUTE_US;
/// No hold lives longer, whatever extends it.
pub const HOLD_AGE_MAX_US: i64 = 30 * MINUTE_US;

/// An accepted write is answered the same way again for this long.
pub const KEY_TTL_US: i64 = 24 * 60 * MINUTE_US;
/// Remembered keys of one event; past it the oldest go early. 64 bytes each, 10 to 20 in the
/// index, and the answer's own: a placed hold, or 32 bytes and more of any other.
pub const KEYS_PER_EVENT_MAX: usize = 1 << 20;
/// Ended holds remembered, so that a late caller learns what became of his; past it the oldest are not found.
pub const HOLDS_ENDED_MAX: usize = 1 << 15;
/// Payments of one order that are turned away. Each is remembered, so that no repeated notice is a second refund.
pub const PAYMENTS_REFUSED_MAX: usize = 16;
/// Scan nonces remembered per ticket.
pub const NONCES_PER_TICKET_MAX: usize = 8;
/// Entries that an event may allow one ticket.
pub const ENTRIES_PER_TICKET_MAX: u32 = 1_000;
/// Scans of one ticket that are undone, over all its life.
pub const UNDOS_PER_TICKET_MAX: usize = NONCES_PER_TICKET_MAX - 1;
/// Queued scans of one ticket that came too late. Each is remembered, so that it is told the same way again.
pub const CONFLICTS_PER_TICKET_MAX: usize = 32;

/// Prices of one tier that end at a time or after a number of units.
pub const PRICE_STEPS_PER_TIER_MAX: usize = 16;
pub const TIER_DESCRIPTION_BYTES_MAX: usize = 2_000;
/// Percentages of one tier by the time that is left before the event.
pub const REFUND_STEPS_PER_TIER_MAX: usize = 8;
/// Ten years: no refund step lies longer before the event.
pub const REFUND_BEFORE_US_MAX: i64 = 3_650 * 24 * 60 * MINUTE_US;
pub const ACCESS_CODES_PER_EVENT_MAX: usize = 10_000;
/// Codes that one hold may name.
pub const ACCESS_CODES_PER_HOLD_MAX: usize = 8;

pub const DISCOUNT_CODES_PER_EVENT_MAX: usize = 10_000;
/// Codes that one hold may name.
pub const DISCOUNT_CODES_PER_HOLD_MAX: usize = 8;

/// People on the waitlist of one event, those with an offer included.
pub const WAITLIST_ENTRIES_MAX: usize = 20_000;
/// Different wishes of those who wait: the work of one turn grows with them.
pub const WAITLIST_WISHES_MAX: usize = 256;
/// Entries that one change sends home: bounds the length of one actor turn.
pub const WAITLIST_CLOSED_PER_CHANGE_MAX: usize = 200;
pub const WAITLIST_OFFER_US: RangeInclusive<i64> = 5 * MINUTE_US..=14 * 24 * 60 * MINUTE_US;
/// A day has a night in every time zone.
pub const WAITLIST_OFFER_DEFAULT_US: i64 = 24 * 60 * MINUTE_US;

/// Price of one unit in minor units of the currency.
pub const PRICE_MINOR_MAX: i64 = 1_000_000_000_000;

/// A name or a value of a public beacon.
pub const BEACON_BYTES_MAX: usize = 256;
pub const CALL_RATE_PER_MIN_MAX: u32 = 600_000;
pub const SHOPPERS_MAX: u32 = 1_000_000;
pub const SESSION_US: RangeInclusive<i64> = 30 * SECOND_US..=60 * MINUTE_US;
/// No session lives longer, whatever renews it.
pub const SESSION_AGE_MAX_US: i64 = 120 * MINUTE_US;
pub const CLAIM_WITHIN_US: RangeInclusive<i64> = 10 * SECOND_US..=60 * MINUTE_US;
pub const LATENCY_TARGET_US: RangeInclusive<i64> = 5_000..=10 * SECOND_US;
/// Ranks that one change calls or skips: bounds the length of one actor turn.
pub const RANKS_PER_CALL_MAX: u32 = 1 << 16;
/// Places given up before their turn that are remembered. Past it, they are called and lapse.
pub const GIVEN_UP_MAX: usize = 1 << 20;
/// Accounts that have entered by the priority passes of one event, all together.
pub const PASS_USERS_MAX: usize = 100_000;

const _: () = {
    assert!(*SESSION_US.end() <= SESSION_AGE_MAX_US);
    assert!(HOLD_AGE_MAX_US + PAYMENT_EXTENSION_US <= SESSION_AGE_MAX_US);
    assert!(*LATENCY_TARGET_US.end() < *SESSION_US.start());
    // A second's worth of calls fits into one change.
    assert!(CALL_RATE_PER_MIN_MAX / 60 <= RANKS_PER_CALL_MAX);
    assert!(SHOPPERS_MAX as usize + PASS_USERS_MAX < u32::MAX as usize);
};

const _: () = {
    assert!(*WAITLIST_OFFER_US.start() <= WAITLIST_OFFER_DEFAULT_US);
    assert!(WAITLIST_OFFER_DEFAULT_US <= *WAITLIST_OFFER_US.end());
    assert!(WAITLIST_ENTRIES_MAX < u32::MAX as usize);
};

const _: () = {
    assert!(HOLD_TTL_MIN_US < HOLD_TTL_DEFAULT_US);
    assert!(HOLD_TTL_DEFAULT_US + PAYMENT_EXTENSION_US <= HOLD_AGE_MAX_US);
    assert!(HOLD_AGE_MAX_US < KEY_TTL_US);
    assert!(ITEMS_PER_HOLD_MAX as u32 <= UNITS_PER_HOLD_MAX);
    // Where every remembered scan was undone, none was forgotten: the ticket has never been inside.
    assert!(UNDOS_PER_TICKET_MAX < NONCES_PER_TICKET_MAX);
    assert!(UNITS_PER_HOLD_MAX <= SEATS_PER_EVENT_MAX);
    assert!(SEATS_PER_ROW_MAX <= u128::BITS as usize);
    assert!(TIERS_PER_EVENT_MAX <= u64::BITS as usize);
    assert!(PRICE_MINOR_MAX < i64::MAX / UNITS_PER_HOLD_MAX as i64);
    assert!(CATEGORIES_PER_EVENT_MAX < u16::MAX as usize);
    assert!(BLOCKS_PER_EVENT_MAX < u8::MAX as usize);
    assert!((COORDINATE_CM_MAX as i64) < (1 << 30));
    assert!(SECTIONS_PER_EVENT_MAX <= u16::MAX as usize);
};

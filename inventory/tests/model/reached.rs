//! What a run of the model has met. A model that never sells out a quota proves nothing about quotas, so a run that
//! misses anything of the list fails.

use std::collections::BTreeMap;

use inventory::{Answer, Item, PlacedHold, Rejection, TimeUs};

#[derive(Debug, Default)]
pub struct Reached(BTreeMap<String, u32>);

/// Answers by name, refusals by code, and a few things that neither tells.
pub const WANTED: &str = "Configured HoldPlaced HoldExtended HoldReleased HoldsExpired OrderPlaced PaymentStarted \
    PaymentDeclined OrderPaid PaymentRefused OrderCancelled OrderRefunded TicketScanned TicketVoided TicketTransferred \
    IDEMPOTENCY_KEY_REUSED EVENT_CANCELLED EVENT_SOLD EVENT_NOT_PUBLISHED EVENT_ALREADY_PUBLISHED TIER_INVALID POLICY_INVALID \
    BLOCK_UNKNOWN HOLD_EMPTY ITEMS_TOO_MANY QUANTITY_INVALID SEAT_UNKNOWN AREA_UNKNOWN SECTION_UNKNOWN TIER_UNKNOWN \
    SEAT_DUPLICATE TIER_NOT_FOR_PLACE NOT_PRICED SALE_NOT_STARTED SALE_ENDED ACCESS_CODE_REQUIRED \
    UNITS_PER_HOLD_EXCEEDED PER_ORDER_MINIMUM PER_ORDER_MAXIMUM HOLDS_PER_CUSTOMER_EXCEEDED \
    UNITS_PER_CUSTOMER_EXCEEDED PER_CUSTOMER_MAXIMUM SEATS_TAKEN AREA_SOLD_OUT QUOTA_EXHAUSTED NOT_ENOUGH_SEATS \
    HOLD_NOT_FOUND HOLD_EXPIRED HOLD_RELEASED HOLD_CONFIRMED HOLD_EXTENSION_EXHAUSTED HOLD_HAS_ORDER ORDER_NOT_FOUND \
    ORDER_TRANSITION CURRENCY_MISMATCH AMOUNT_MISMATCH REFUND_EXCEEDS TICKET_NOT_FOUND TICKET_VOID TICKET_USED \
    SCAN_REFUSED:already_redeemed SCAN_REFUSED:canceled SCAN_REFUSED:invalid SCAN_REFUSED:invalid_time \
    SCAN_REFUSED:no_reentry SCAN_REFUSED:not_inside SCAN_REFUSED:revoked \
    PreQueueClosed LineOpened PlacesCalled SessionStarted LineLeft WAITING_ROOM_INVALID WAITING_ROOM_FROZEN \
    WAITING_ROOM_OFF LINE_BEGAN_ANEW LINE_ALREADY_OPEN LINE_OPENS_LATER BEACON_REQUIRED BEACON_INVALID LINE_NOT_OPEN \
    NOBODY_TO_CALL:demand NOBODY_TO_CALL:rate NOBODY_TO_CALL:shoppers NOBODY_TO_CALL:paused PLACE_NOT_CALLED \
    PLACE_LAPSED PASS_EXPIRED PASS_SPENT QUEUE_REQUIRED \
    ACCESS_CODE_INVALID ACCESS_CODE_SPENT TIER_NOT_FOUND TIER_IN_USE REFUND_NOT_PROMISED \
    SCAN_REFUSED:product SCAN_REFUSED:rules SCAN_REFUSED:undone ScanUndone ScanConflicted SCAN_NOT_FOUND SCAN_NOT_LAST \
    DISCOUNT_CODE_INVALID DISCOUNT_CODE_UNKNOWN DISCOUNT_CODE_NOT_STARTED DISCOUNT_CODE_EXPIRED \
    DISCOUNT_CODE_NOT_APPLICABLE DISCOUNT_CODE_PER_CUSTOMER DISCOUNT_CODE_SPENT \
    WaitlistJoined WaitlistOffered WaitlistLeft WaitlistClosed WAITLIST_INVALID WAITLIST_OFF WAITLIST_CLOSED \
    WAITLIST_JOINED WAITLIST_NOT_NEEDED WAITLIST_NEVER_TOGETHER WAITLIST_ENTRY_NOT_FOUND WAITLIST_IDLE WAITLIST_FIRST rescued \
    repeat split_party late_same_places late_other_places several_prices by_code at_discount PRICE_ABOVE_TIER kept";

/// Where people wait.
pub const WANTED_OF_LISTS: &str = "WaitlistJoined WaitlistOffered WaitlistLeft WaitlistClosed WAITLIST_CLOSED WAITLIST_JOINED \
    WAITLIST_NOT_NEEDED WAITLIST_NEVER_TOGETHER WAITLIST_IDLE WAITLIST_FIRST OrderPaid PaymentRefused limited";

impl Reached {
    pub fn answer(&mut self, answer: &Answer) {
        let name = format!("{answer:?}");
        let name = name.split([' ', '(', '{']).next().unwrap_or_default().to_owned();
        self.note(name);
        if matches!(answer, Answer::HoldPlaced(placed) if !placed.adjacent) {
            self.note("split_party".to_owned());
        }
        if let Answer::HoldPlaced(placed) = answer {
            self.placed(placed);
        }
    }

    fn placed(&mut self, placed: &PlacedHold) {
        let first = placed.items[0];
        let has_other = |item: &Item| item.tier == first.tier && item.price_minor != first.price_minor;
        if placed.items.iter().any(has_other) {
            self.note("several_prices".to_owned());
        }
        if !placed.codes().is_empty() {
            self.note("by_code".to_owned());
        }
        if placed.expires_at == TimeUs::NEVER {
            self.note("kept".to_owned());
        }
        if !placed.discounts().is_empty() {
            self.note("at_discount".to_owned());
        }
    }

    pub fn rejection(&mut self, rejection: &Rejection) {
        self.note(match rejection {
            Rejection::ScanRefused(refused) => format!("{}:{refused}", rejection.code()),
            Rejection::NobodyToCall { limited_by } => format!("{}:{}", rejection.code(), limited_by.name()),
            _ => rejection.code().to_owned(),
        });
    }

    pub fn note(&mut self, what: String) {
        *self.0.entry(what).or_default() += 1;
    }

    pub fn missed<'a>(&self, wanted: &'a str) -> Vec<&'a str> {
        wanted.split_whitespace().filter(|wanted| !self.0.contains_key(*wanted)).collect()
    }
}

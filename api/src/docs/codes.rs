//! Every code that a problem document may carry, with its status, its meaning and what to do about it: the lines of
//! `codes.txt`. They are the page that `type` in a problem document points at, and `docs/errors.md`.

use std::sync::LazyLock;

use axum::response::Html;

use crate::field_codes::FIELD_CODES;
pub(super) const CODES: &[(&str, &str)] = &[
    ("JSON_MALFORMED", "The body is not JSON."),
    ("MEDIA_TYPE_UNSUPPORTED", "Bodies are sent as application/json."),
    ("BODY_TOO_LARGE", "The body is larger than this call takes."),
    ("QUERY_INVALID", "The query string has an unknown name or a value that cannot be right."),
    ("CURSOR_INVALID", "The cursor is not one that this list gave."),
    ("CURSOR_OF_OTHER_QUERY", "The cursor continues a list with other filters or another order. Begin without it."),
    ("IDEMPOTENCY_KEY_INVALID", "A key is 1 to 255 visible ASCII characters, given once."),
    ("METHOD_NOT_ALLOWED", "The address exists, the method does not. See Allow."),
    ("UPGRADE_REQUIRED", "The live feed is a WebSocket of version 13; the request does not open one."),
    ("ROUTE_NOT_FOUND", "There is nothing at this address."),
    ("VALIDATION_FAILED", "Fields that cannot be right; each is named in errors."),
    ("TOKEN_MISSING", "The call needs an access token: Authorization: Bearer …"),
    ("TOKEN_INVALID", "The access token is not one of this server, or its login has ended."),
    ("TOKEN_EXPIRED", "Refresh the access token."),
    ("CREDENTIALS_WRONG", "E-mail address or password is wrong."),
    ("REFRESH_TOKEN_INVALID", "The refresh token was used, revoked, or never issued. Sign in again."),
    ("API_KEY_INVALID", "The API key was never issued, was revoked, or has expired."),
    ("SCOPE_REQUIRED", "The call needs a scope that the API key does not have; detail names it."),
    ("NOT_FOR_API_KEYS", "The call is for people. Sign in and send an access token."),
    ("API_KEY_NOT_FOUND", "The account has no such API key."),
    ("API_KEYS_TOO_MANY", "The account has as many API keys as it may. Revoke one."),
    (
        "SECOND_FACTOR_REQUIRED",
        "The account has a second factor. Send challenge and a code to POST /auth/second-factor.",
    ),
    ("SECOND_FACTOR_WRONG", "The code is wrong, or was used before."),
    ("SECOND_FACTOR_ON", "The account has a second factor already. Switch it off first."),
    ("SECOND_FACTOR_OFF", "The account has no second factor, or none that waits to be confirmed."),
    ("CHALLENGE_INVALID", "The challenge is unknown, expired, used, or was guessed at too often. Sign in again."),
    ("EVENTS_LIVE", "An account that organizes published events is not erased before they are over or cancelled."),
    ("LAST_ADMIN", "The only active admin is neither erased, demoted nor suspended. Make another one first."),
    ("SIGN_IN_ATTEMPT_INVALID", "This browser has not begun this sign-in with Google, or has ended it. Begin again."),
    ("SIGN_IN_REFUSED", "Google did not sign the browser in, or its answer does not hold. Begin again."),
    ("EMAIL_NOT_VERIFIED", "Google does not vouch for the e-mail address. Verify it there first."),
    ("GOOGLE_SIGN_IN_OFF", "This server is not configured for signing in with Google."),
    ("IDENTITY_PROVIDER_UNAVAILABLE", "Google does not answer. Begin the sign-in again."),
    ("SESSION_NOT_FOUND", "The account has no such session, or never had."),
    ("CODE_WRONG", "The code of the mail is wrong, has expired, was used or tried too often. Ask for a new one."),
    ("LINK_INVALID", "The link of the mail was used, has expired, or was never sent. Ask for a new one."),
    ("EMAIL_NOT_CONFIRMED", "The server wants a confirmed address. Follow the mail's link, or have it sent again."),
    ("ROLE_REQUIRED", "The account's role does not allow this."),
    ("ACCOUNT_SUSPENDED", "The account may look, not change."),
    ("ORIGIN_NOT_ALLOWED", "Pages of this origin may not open a live feed. See the setting cors_origins."),
    ("OWN_ACCOUNT", "Nobody changes the role or status of the own account, or resets its second factor."),
    ("EMAIL_TAKEN", "An account with this address exists. Told to whoever registers, who has to know; nowhere else."),
    ("IN_PROGRESS", "The same idempotency key is being answered at this moment. Ask again."),
    ("IDEMPOTENCY_KEY_REUSED", "The key was used for another request before."),
    ("RATE_LIMITED", "Too many requests. Nothing happened; wait as Retry-After says."),
    ("SOCKETS_TOO_MANY", "The address or the account has as many live feeds open as it may. Close one."),
    ("SOCKETS_BUSY", "As many live feeds are open or being opened as the server may have. Wait as Retry-After says."),
    ("MAILBOX_FULL", "The event gets more commands than it can decide. Nothing happened; ask again."),
    ("EVENT_RECOVERING", "The event is being brought back. Nothing happened; ask again."),
    ("JOURNAL_DOWN", "The store cannot be reached. Nothing happened; ask again."),
    ("NOT_OWNER", "Another node owns the event. Nothing happened; ask again."),
    ("SERVER_STOPPING", "The server is stopping. Nothing happened; ask again."),
    ("EVENT_DAMAGED", "The event's journal does not verify. It is closed until an operator looks."),
    ("TOO_MANY_TAPS", "The event is watched more often than it may be. Nothing happened; ask again."),
    ("TOO_MANY_EVENTS", "As many events are open as the node may hold. Nothing happened; ask again."),
    ("STORE_UNAVAILABLE", "The store does not answer. Nothing happened; ask again."),
    ("LOGIN_BUSY", "Too many passwords wait to be checked. Nothing happened; ask again."),
    ("DOCUMENTS_BUSY", "Too many documents are being set. Nothing happened; ask again."),
    ("MAIL_BUSY", "Too many mails are asked for at once. Nothing happened; ask again."),
    ("NOT_READY", "The server is starting or stopping."),
    ("DEADLINE_EXCEEDED", "It took too long, and nothing happened. Ask again."),
    ("OUTCOME_UNKNOWN", "It may have happened. Ask again with the same idempotency key to find out."),
    ("INTERNAL", "A defect of the server, logged under the request's id."),
    ("USER_NOT_FOUND", "There is no such user."),
    ("EVENT_NOT_FOUND", "There is no such event that the caller may see."),
    ("TIER_NOT_FOUND", "The event has no such tier."),
    ("SEAT_MAP_NOT_FOUND", "The event has no seat map yet, the venue none of this name, or there is no such example."),
    ("SEAT_MAPS_TOO_MANY", "The venue has as many seat maps as it may. Delete one."),
    ("SERIES_NOT_FOUND", "There is no such series that the caller may see."),
    ("SERIES_FULL", "The series would have more sessions than it may: 500. Make another series."),
    ("EVENT_IN_SERIES", "The event is a session of a series already. Take it out of that first."),
    ("CALENDAR_FEED_NOT_FOUND", "The account has no calendar feed, or the address was revoked or never made."),
    ("VENUES_TOO_MANY", "The account has as many venues as it may. Delete one."),
    ("VENUE_NOT_FOUND", "There is no such venue of the caller."),
    ("IMAGE_NOT_FOUND", "There is no such picture, or it was deleted."),
    ("IMAGE_TYPE_UNSUPPORTED", "Pictures are sent as JPEG, PNG or WebP; their content decides."),
    ("IMAGE_DAMAGED", "The picture cannot be read to its end."),
    ("IMAGE_TOO_MANY_PIXELS", "The picture has more pixels than are taken; detail says how many. Send a smaller one."),
    ("IMAGES_TOO_MANY", "The event has as many pictures as it may. Delete one."),
    ("IMAGES_BUSY", "Too many pictures are being sent. Nothing happened; ask again."),
    ("OBJECTS_UNAVAILABLE", "The storage of files does not answer. Nothing happened; ask again."),
    ("HOLD_NOT_FOUND", "There is no such hold of the caller."),
    ("ORDER_NOT_FOUND", "There is no such order of the caller."),
    ("TICKET_NOT_FOUND", "There is no such ticket of the caller."),
    ("MAIL_NOT_FOUND", "There is no such mail, or it was too long ago."),
    ("OUTBOX_NOT_FOUND", "There is no such work that was given up, or it was tried again since."),
    ("WEBHOOK_NOT_FOUND", "There is no such webhook of the caller."),
    ("WEBHOOKS_TOO_MANY", "The account has as many webhooks as it may. Delete one."),
    ("WAITING_ROOM_NOT_FOUND", "The event never had a waiting room."),
    ("WAITING_PLACE_NOT_FOUND", "The account has no place in the waiting room. Join it."),
    ("STAFF_MEMBER_NOT_FOUND", "The account has no role at the event."),
    ("STAFF_MEMBER_EXISTS", "The account organizes the event or has a role at it already, which can be changed."),
    ("WAITING_ROOM_CLOSED", "The waiting room opens later; see its pre_queue_from."),
    ("WAITING_ROOM_BUSY", "Too many join at once, or another line has just begun. Nothing happened; ask again."),
    (
        "PAYMENT_REFUND_NOT_FAILED",
        "Only a refund that was given up takes an admin's word; this one was made or still will be.",
    ),
    ("PAYMENT_REFUND_NOT_FOUND", "There is no such refund."),
    ("MAIL_NOT_FAILED", "Only a mail that was given up is tried again by hand; this one was sent or still will be."),
    ("EVENT_TITLE_TAKEN", "The organizer has another event of this title that begins at the same time."),
    ("EVENT_FIELD_FROZEN", "Date, place and time zone stand fast once anything is sold; errors names the fields."),
    ("EVENT_SOLD", "Places of the event are held or paid for. Cancel it and refund them before it is deleted."),
    ("EVENT_STARTED", "The event is under way or over; it cannot be deleted, and who comes was said before."),
    ("EVENT_ENDED", "The event is over; it cannot be changed any more."),
    ("EVENT_NOT_STARTED", "The event has not started, or does not take place: what it was like is said after."),
    ("RSVP_FULL", "As many as may say yes already do. Any other answer is taken."),
    ("TICKET_REQUIRED", "The call is for those who hold a ticket to the event."),
    ("EVENT_CANCELLED", "The event was cancelled."),
    ("EVENT_NOT_PUBLISHED", "The event is not on sale yet."),
    ("EVENT_ALREADY_PUBLISHED", "The event is published; its seat map is fixed."),
    ("SEAT_MAP_MISSING", "An event needs a seat map to be published."),
    ("TIER_MISSING", "An event needs a tier to be published."),
    ("SEAT_MAP_INVALID", "The seat map contradicts itself; detail says where."),
    ("BLOCKS_WITHHELD", "A new seat map is on sale as a whole. Release the withheld blocks before it is set."),
    ("TIER_INVALID", "The tier contradicts itself or the seat map; detail says where."),
    ("POLICY_INVALID", "The event's rules contradict each other; detail says where."),
    ("ACCESS_CODE_INVALID", "The access code contradicts itself or what was bought by it; detail says where."),
    ("TIER_IN_USE", "Units of the tier are held or sold: it cannot be deleted. Close it instead."),
    ("BLOCK_UNKNOWN", "No seat is in a block of this name."),
    ("WAITING_ROOM_INVALID", "The waiting room's settings contradict each other; detail says where."),
    ("WAITING_ROOM_FROZEN", "Once the pre-queue is open, times and beacon of the line stand fast."),
    ("WAITING_ROOM_OFF", "There is no waiting room, or it is off."),
    ("LINE_BEGAN_ANEW", "The waiting room was switched off and on meanwhile: another line has begun. Ask again."),
    ("LINE_ALREADY_OPEN", "The line was opened before."),
    ("LINE_OPENS_LATER", "It is not yet time to open the line."),
    ("LINE_NOT_OPEN", "The line is not open yet."),
    ("BEACON_REQUIRED", "The line opens with the value of the beacon that its settings name."),
    ("BEACON_INVALID", "The line opens without a beacon, or its value is empty or too long."),
    ("NOBODY_TO_CALL", "Nobody waits, or nobody may be let in yet."),
    ("PLACE_NOT_CALLED", "Others are before."),
    ("PLACE_LAPSED", "The place was used or given up, or its turn is over. Join again."),
    ("PASS_EXPIRED", "The priority pass has expired."),
    ("PASS_SPENT", "The priority pass was used by as many accounts as it is for."),
    ("QUEUE_REQUIRED", "The event has a waiting room; Link leads there. Join it and send the pass that it gives."),
    ("HOLD_EMPTY", "A hold names at least one item."),
    ("ITEMS_TOO_MANY", "The hold names more items than any hold may."),
    ("QUANTITY_INVALID", "A quantity is out of its range."),
    ("SEAT_UNKNOWN", "The event has no such seat."),
    ("AREA_UNKNOWN", "The event has no such area."),
    ("SECTION_UNKNOWN", "The event has no such section."),
    ("TIER_UNKNOWN", "The event has no such tier."),
    ("SEAT_DUPLICATE", "The hold names a seat twice."),
    ("TIER_NOT_FOR_PLACE", "The tier does not price this place."),
    ("NOT_PRICED", "No tier on sale prices this place."),
    ("SALE_NOT_STARTED", "The sale has not started."),
    ("SALE_ENDED", "The sale has ended."),
    ("ACCESS_CODE_REQUIRED", "The tier is for those who know its access code."),
    ("UNITS_PER_HOLD_EXCEEDED", "More than one hold may take."),
    ("PER_ORDER_MINIMUM", "Fewer of the tier than one order must take."),
    ("PER_ORDER_MAXIMUM", "More of the tier than one order may take."),
    ("HOLDS_PER_CUSTOMER_EXCEEDED", "The customer has as many live holds as allowed."),
    ("UNITS_PER_CUSTOMER_EXCEEDED", "The customer would have more of the event than allowed."),
    ("PER_CUSTOMER_MAXIMUM", "The customer would have more of the tier than allowed."),
    ("SEATS_TAKEN", "Some of the seats are not free; errors names each."),
    ("AREA_SOLD_OUT", "The area has fewer places left than asked for."),
    ("ACCESS_CODE_SPENT", "Less is left by the access code than was asked for."),
    ("QUOTA_EXHAUSTED", "The tier has fewer left than asked for."),
    ("NOT_ENOUGH_SEATS", "Fewer such seats are free than asked for. Nothing was held."),
    ("HOLD_EXPIRED", "The hold has expired."),
    ("HOLD_RELEASED", "The hold was released."),
    ("HOLD_CONFIRMED", "The hold was bought."),
    ("HOLD_EXTENSION_EXHAUSTED", "The hold is as old as any may become."),
    ("HOLD_HAS_ORDER", "The hold belongs to an order already."),
    ("ORDER_TRANSITION", "An order in this status cannot do this."),
    ("PAYMENT_DECLINED", "The payment was declined. The order still waits for one."),
    ("PAYMENT_TOO_LATE", "The order had lapsed and its places are gone. The money goes back."),
    ("PAYMENT_REFUSED", "The provider does not take this payment. The order still waits: try another method."),
    ("PAYMENT_PROVIDER_UNAVAILABLE", "The provider of payments does not answer. Nothing was paid; ask again."),
    ("SIGNATURE_INVALID", "A provider's notice must be signed, within five minutes, with a secret of this server."),
    ("WEBHOOK_SECRET_INVALID", "A provider's report must carry the secret that both sides know."),
    ("WEBHOOK_OFF", "No secret is configured for this provider's reports, so none of them is believed."),
    ("PAYMENTS_TOO_MANY", "So many payments of the order were turned away that no other is looked at."),
    ("CURRENCY_MISMATCH", "The payment is in another currency than the order."),
    ("AMOUNT_MISMATCH", "The payment is not the order's total."),
    ("REFUND_EXCEEDS", "More than is left to refund."),
    (
        "REFUND_NOT_PROMISED",
        "By the terms under which they were bought, nothing goes back for these tickets, or nothing any more. Ask the organizer.",
    ),
    ("CANCELLATION_NOT_FOUND", "The event was not cancelled."),
    ("WALLET_NOT_EMPTY", "An account is not erased while there is money in its wallet, or on its way out of it."),
    ("FUNDS_INSUFFICIENT", "The wallet has less in this currency than was asked for. Nothing was taken."),
    ("WITHDRAWALS_TOO_MANY", "As many withdrawals of the account as may wait to be decided do."),
    ("WITHDRAWAL_DECIDED", "The withdrawal was decided otherwise before. A decision is final."),
    ("WITHDRAWAL_NOT_FOUND", "There is no such withdrawal."),
    ("TICKET_VOID", "The ticket was voided."),
    ("TICKET_USED", "The ticket has been inside."),
    ("SCAN_NOT_FOUND", "The ticket has no such scan, or others have followed it for long."),
    ("SCAN_NOT_LAST", "The ticket was scanned again since, or is not as the caller saw it. Look again."),
    ("UNDOS_TOO_MANY", "As many scans of the ticket were undone as may be."),
    ("CHECK_IN_LIST_NOT_FOUND", "The event has no such check-in list."),
    ("CHECK_IN_LISTS_TOO_MANY", "The event has as many check-in lists as it may. Delete one."),
    ("CHECK_IN_LIST_IN_USE", "A scanner is bound to the list. Revoke the scanner before the list is deleted."),
    ("SCANNER_NOT_FOUND", "The event has no such scanner."),
    ("SCANNERS_TOO_MANY", "The event has as many scanners as it may. Revoke one."),
    ("TRANSFER_NOT_FOUND", "There is no such offer of a ticket by or to the caller, or none is open."),
    (
        "PAYMENT_UNDER_WAY",
        "The order was paid on its page at Stripe and the money is on its way. It is bought when that arrives; should it \
         not, the order can be paid again.",
    ),
    ("TRANSFER_OPEN", "The ticket is offered to somebody already. Take that back first."),
    (
        "TRANSFER_CLOSED",
        "The offer was accepted, declined, taken back or is too old, or the ticket cannot be had any more.",
    ),
    ("ATTENDEES_FIXED", "It is too late to change who comes with a ticket; see editable_until."),
    ("SCAN_REFUSED", "The gate does not admit the ticket; reason says why."),
    ("DISCOUNT_CODE_INVALID", "The discount code contradicts itself or what was bought by it; detail says where."),
    ("DISCOUNT_CODE_UNKNOWN", "The event has no such discount code; errors says which."),
    ("DISCOUNT_CODE_NOT_STARTED", "The discount code is not valid yet."),
    ("DISCOUNT_CODE_EXPIRED", "The discount code is not valid any more."),
    ("DISCOUNT_CODE_NOT_APPLICABLE", "The discount code takes nothing off what the hold asks for."),
    ("DISCOUNT_CODE_PER_CUSTOMER", "The customer has used the discount code as often as anybody may."),
    ("DISCOUNT_CODE_SPENT", "Fewer tickets are left by the discount code than the hold would have by it."),
];

/// By ascending status: code, status, meaning, what to do.
const LINES: &str = include_str!("codes.txt");

pub struct Code {
    pub code: &'static str,
    pub status: u16,
    pub meaning: &'static str,
    pub remedy: &'static str,
}

pub static CODES: LazyLock<Vec<Code>> = LazyLock::new(|| LINES.lines().filter_map(Code::read).collect());

impl Code {
    fn read(line: &'static str) -> Option<Self> {
        let mut columns = line.split(" | ");
        let (code, status) = (columns.next()?, columns.next()?.parse().ok()?);
        let (meaning, remedy) = (columns.next()?, columns.next()?);
        columns.next().is_none().then_some(Self { code, status, meaning, remedy })
    }
}

/// Whether refusals of this code have this status.
pub fn has_status(code: &str, status: u16) -> bool {
    CODES.iter().any(|known| known.code == code && known.status == status)
}

pub(super) async fn page() -> Html<String> {
    let mut html = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>Usher: codes</title><style>body{font:16px/1.5 system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem;\
         color-scheme:light dark}dt{font-family:monospace;font-weight:bold}:target{outline:2px solid}</style>\
         <h1>Codes of problem documents</h1><dl>",
    );
    for Code { code, status, meaning, remedy } in CODES.iter() {
        html.push_str(&format!("<dt id=\"{code}\">{code} ({status})</dt><dd>{meaning} <em>{remedy}</em></dd>"));
    }
    html.push_str("</dl><h1>Codes of fields</h1><dl>");
    for (code, meaning, remedy) in FIELD_CODES {
        html.push_str(&format!("<dt id=\"field-{code}\">{code}</dt><dd>{meaning} <em>{remedy}</em></dd>"));
    }
    html.push_str("</dl></html>");
    Html(html)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The literals behind `=>` of the functions that name codes.
    fn codes_in(source: &str) -> impl Iterator<Item = &str> {
        let literals = source.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
        literals.filter(|text| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
    }

    #[test]
    fn every_code_is_explained_once_and_none_that_does_not_exist() {
        let sources = [
            include_str!("../error/text.rs"),
            include_str!("../../../engine/src/error.rs"),
            include_str!("../../../inventory/src/rejection.rs"),
        ];
        let given: BTreeSet<&str> = sources.into_iter().flat_map(codes_in).collect();
        let explained: BTreeSet<&str> = CODES.iter().map(|known| known.code).collect();
        assert!(given.len() > 70, "{given:?}");
        assert_eq!(explained, given);
        assert_eq!(CODES.len(), explained.len());
    }

    #[test]
    fn every_line_has_a_status_a_meaning_and_what_to_do() {
        assert_eq!(CODES.len(), LINES.lines().count(), "a line has not four columns");
        assert!(CODES.is_sorted_by_key(|known| known.status));
        for Code { code, status, meaning, remedy } in CODES.iter() {
            assert!((400..600).contains(status), "{code}");
            for text in [meaning, remedy] {
                assert!(text.len() > 10 && text.ends_with(['.', '…']), "{code}: {text}");
                assert!(!text.contains(['<', '&', '|']), "{code}: {text}");
            }
        }
    }

    /// A call that does not exist is no advice.
    #[test]
    fn every_call_that_is_advised_exists() {
        let (_, openapi) = crate::router::routes().split_for_parts();
        let plain = |path: &str| -> String {
            let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
            parts.collect::<Vec<_>>().join("/")
        };
        let mut operations = BTreeSet::new();
        for (path, item) in &openapi.paths.paths {
            let path = plain(path.trim_start_matches("/api/v1"));
            let methods = [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ];
            operations.extend(methods.into_iter().filter(|(_, it)| it.is_some()).map(|(name, _)| (name, path.clone())));
        }
        let mut advised = 0;
        for Code { code, remedy, .. } in CODES.iter() {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                for rest in remedy.split(&format!("{method} /")).skip(1) {
                    let path = rest.split([' ', ',', ';', ':']).next().unwrap_or_default().trim_end_matches('.');
                    let path = plain(&format!("/{path}"));
                    assert!(operations.contains(&(method, path.clone())), "{code}: {method} {path}");
                    advised += 1;
                }
            }
        }
        assert!(advised > 50, "{advised}");
    }
}

//! Every operation of the API.

use serde_json::json;
use usher_tests::server::PASSWORD;

use super::rules::{ADMINS, ANYBODY, OPEN, ORGANIZERS, Operation, RUNS, Rule, SIGNED_IN, op, own, shown, staff};
use crate::show;

pub fn operations() -> Vec<Operation> {
    [
        outside(),
        accounts(),
        ways_in(),
        events(),
        series(),
        calendars(),
        venues(),
        webhooks(),
        sale(),
        door(),
        audience(),
        waiting_room(),
        waitlist(),
        orders(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn outside() -> Vec<Operation> {
    vec![
        op("GET /health/live", OPEN),
        op("GET /health/ready", OPEN),
        op("GET /metrics", OPEN),
        op("POST /ping", ANYBODY).body(|_| json!({})),
    ]
}

fn accounts() -> Vec<Operation> {
    vec![
        op("POST /auth/register", OPEN)
            .body(|ids| json!({"name": "Ada", "email": format!("new-{}", ids.buyer_email), "password": PASSWORD})),
        op("POST /auth/login", OPEN).body(|ids| json!({"email": ids.buyer_email, "password": PASSWORD})),
        op("POST /auth/refresh", OPEN).body(|_| json!({"refresh_token": "none"})),
        op("POST /auth/logout", OPEN).body(|_| json!({"refresh_token": "none"})),
        op("GET /me", SIGNED_IN),
        op("PATCH /me", SIGNED_IN).body(|_| json!({"name": "Ada"})),
        op("GET /me/events", SIGNED_IN),
        op("GET /me/staff-roles", SIGNED_IN),
        op("GET /me/api-keys", SIGNED_IN),
        op("POST /me/api-keys", SIGNED_IN).body(|_| json!({"name": "Till", "scopes": ["scan"], "password": PASSWORD})),
        op("DELETE /me/api-keys/{id}", own("API_KEY_NOT_FOUND")),
        op("GET /users", ADMINS),
        op("GET /users/{id}", ADMINS),
        op("GET /auth/google", OPEN),
        op("GET /auth/google/callback", OPEN),
        op("POST /auth/google/exchange", OPEN).body(|_| json!({"code": "none"})),
        op("POST /auth/second-factor", OPEN).body(|_| json!({"challenge": "none", "code": "000000"})),
        op("DELETE /me", SIGNED_IN).body(|_| json!({"password": "not the one"})),
        op("GET /me/export", SIGNED_IN),
        op("GET /me/second-factor", SIGNED_IN),
        op("POST /me/second-factor", SIGNED_IN).body(|_| json!({"password": PASSWORD})),
        op("POST /me/second-factor/confirm", SIGNED_IN).body(|_| json!({"code": "000000"})),
        op("DELETE /me/second-factor", SIGNED_IN).body(|_| json!({"password": PASSWORD, "code": "000000"})),
        op("GET /me/sessions", SIGNED_IN),
        op("DELETE /me/sessions", SIGNED_IN).body(|_| json!({"keep_current": true})),
        op("DELETE /me/sessions/{id}", own("SESSION_NOT_FOUND")),
        op("GET /me/identities", SIGNED_IN),
        op("DELETE /me/identities/{id}", own("IDENTITY_NOT_FOUND")),
        op("DELETE /users/{id}", ADMINS),
        op("DELETE /users/{id}/second-factor", ADMINS),
        op("PATCH /users/{id}", ADMINS).body(|_| json!({"role": "organizer"})),
        op("GET /admin/summary", ADMINS),
        op("GET /admin/mails", ADMINS),
        op("POST /admin/mails/{id}/retry", ADMINS),
        op("GET /admin/payment-refunds", ADMINS),
        op("POST /admin/payment-refunds/{id}/retry", ADMINS),
        op("POST /admin/payment-refunds/{id}/done", ADMINS).body(|_| json!({"how": "by hand"})),
        op("GET /admin/outbox", ADMINS),
        op("POST /admin/outbox/{id}/retry", ADMINS),
        op("GET /admin/audit-log", ADMINS),
        op("GET /me/wallet", SIGNED_IN),
        op("GET /me/wallet/entries", SIGNED_IN),
        op("GET /withdrawals", SIGNED_IN),
        op("POST /withdrawals", SIGNED_IN).body(|_| {
            let payout = json!({"iban": "DE44500105175407324931", "holder": "Ada"});
            json!({"amount": {"amount_minor": 1_000_000_000, "currency": "EUR"}, "payout": payout})
        }),
        op("GET /withdrawals/{id}/payout", ADMINS),
        op("PATCH /withdrawals/{id}", ADMINS).body(|_| json!({"status": "rejected"})),
        op("PUT /me/avatar", SIGNED_IN),
        op("DELETE /me/avatar", SIGNED_IN),
        op("GET /images/{key}", OPEN),
    ]
}

fn ways_in() -> Vec<Operation> {
    vec![
        op("POST /auth/codes", OPEN).body(|ids| json!({"email": ids.buyer_email})),
        op("POST /auth/codes/verify", OPEN).body(|ids| json!({"email": ids.buyer_email, "code": "000000"})),
        op("POST /auth/confirm-email", OPEN).body(|_| json!({"token": "none"})),
        op("POST /auth/forgot-password", OPEN).body(|ids| json!({"email": ids.buyer_email})),
        op("POST /auth/resend-confirmation", OPEN).body(|ids| json!({"email": ids.buyer_email})),
        op("POST /auth/reset-password", OPEN).body(|_| json!({"token": "none", "password": PASSWORD})),
        op("PUT /me/email", SIGNED_IN)
            .body(|ids| json!({"email": format!("other-{}", ids.buyer_email), "password": PASSWORD})),
        op("POST /auth/confirm-email-change", OPEN).body(|_| json!({"token": "none"})),
        op("PUT /me/password", SIGNED_IN).body(|_| json!({"current_password": PASSWORD, "new_password": PASSWORD})),
    ]
}

pub fn venue() -> serde_json::Value {
    json!({"name": "The house", "city": "Graz", "country": "AT", "timezone": "Europe/Vienna"})
}

fn venues() -> Vec<Operation> {
    const OWNS: Rule = Rule::Event { staff: &[], unknown: "VENUE_NOT_FOUND" };
    vec![
        op("GET /venues", ORGANIZERS),
        op("POST /venues", ORGANIZERS).body(|_| venue()),
        op("GET /venues/{id}", OWNS),
        op("PATCH /venues/{id}", OWNS).body(|_| json!({"name": "Renamed"})),
        op("DELETE /venues/{id}", OWNS),
        op("GET /venues/{id}/seat-maps", OWNS),
        op("GET /venues/{id}/seat-maps/{name}", OWNS),
        op("PUT /venues/{id}/seat-maps/{name}", OWNS).body(|_| show::seat_map()),
        op("DELETE /venues/{id}/seat-maps/{name}", OWNS),
        op("GET /seat-map-examples", OPEN),
        op("GET /seat-map-examples/{name}", OPEN),
        op("POST /events/{id}/seat-map/copy", RUNS).draft().body(|_| json!({"example": "club"})),
    ]
}

pub fn webhook() -> serde_json::Value {
    json!({"url": "https://hooks.example.invalid/usher", "types": ["order.paid"]})
}

fn webhooks() -> Vec<Operation> {
    const OWNS: Rule = Rule::Event { staff: &[], unknown: "WEBHOOK_NOT_FOUND" };
    vec![
        op("GET /webhooks", ORGANIZERS),
        op("POST /webhooks", ORGANIZERS).body(|_| webhook()),
        op("GET /webhooks/{id}", OWNS),
        op("PATCH /webhooks/{id}", OWNS).body(|_| json!({"active": false})),
        op("DELETE /webhooks/{id}", OWNS),
        op("POST /webhooks/{id}/rotate-secret", OWNS),
        op("GET /webhooks/{id}/deliveries", OWNS),
        op("POST /webhooks/{id}/replay", OWNS).body(|ids| json!({"event_id": ids.event, "from_sequence": 1})),
    ]
}

fn events() -> Vec<Operation> {
    const COUNTER: Rule = staff(&["box_office"]);
    vec![
        op("GET /events", ANYBODY),
        op("POST /events", ORGANIZERS).body(|_| show::words()),
        op("GET /events/{id}", ANYBODY),
        op("GET /events/{id}", Rule::Preview).draft(),
        op("PATCH /events/{id}", RUNS).body(|_| json!({"description": "New"})),
        op("DELETE /events/{id}", RUNS).draft(),
        op("POST /events/{id}/publish", RUNS).draft(),
        op("POST /events/{id}/cancel", RUNS),
        op("GET /events/{id}/cancellation", RUNS),
        op("POST /events/{id}/clone", RUNS).body(|_| json!({"starts_at": "2036-05-01T19:00:00Z"})),
        op("GET /events/{id}/availability", ANYBODY),
        op("GET /events/{id}/availability", Rule::Preview).draft(),
        op("GET /events/{id}/live", Rule::Socket),
        op("GET /events/{id}/seat-map", ANYBODY),
        op("GET /events/{id}/seat-map", Rule::Preview).draft(),
        op("PUT /events/{id}/seat-map", RUNS).draft().body(|_| show::seat_map()),
        op("POST /events/{id}/tiers", RUNS).draft().body(|_| show::tier("Late", "stalls", 1)),
        op("PATCH /events/{id}/tiers/{tier_id}", RUNS).body(|_| json!({"name": "Renamed"})),
        op("DELETE /events/{id}/tiers/{tier_id}", RUNS).draft(),
        op("GET /events/{id}/tiers", ANYBODY),
        op("GET /events/{id}/tiers", Rule::Preview).draft(),
        op("GET /events/{id}/access-codes", RUNS),
        op("GET /events/{id}/discount-codes", RUNS),
        op("PUT /events/{id}/discount-codes", RUNS)
            .draft()
            .body(|_| json!({"code": "SPRING", "label": "Spring", "percent_basis_points": 1_000})),
        op("PUT /events/{id}/access-codes", RUNS).draft().body(|_| json!({"code": "SPRING", "label": "Press"})),
        op("POST /events/{id}/blocks/{name}/release", RUNS),
        op("POST /events/{id}/blocks/{name}/withhold", RUNS),
        op("GET /events/{id}/box-office/holds", COUNTER),
        op("POST /events/{id}/box-office/holds", COUNTER)
            .body(|_| json!({"items": [{"seat": "A-3-1"}], "reason": "Press"})),
        op("DELETE /events/{id}/box-office/holds/{hold_id}", COUNTER),
        op("GET /events/{id}/box-office/orders", COUNTER),
        op("POST /events/{id}/box-office/orders", COUNTER)
            .body(|_| json!({"items": [{"seat": "A-3-2"}], "payment": "cash"})),
        op("POST /events/{id}/box-office/orders/{order_id}/payouts", COUNTER).body(|_| json!({"payment": "cash"})),
        op("GET /events/{id}/box-office/takings", COUNTER),
        op("GET /events/{id}/audit-log", RUNS),
        op("GET /events/{id}/history/availability", RUNS),
        op("GET /events/{id}/history/seats/{seat}", RUNS),
        op("PUT /events/{id}/images", RUNS).body(|_| json!({"order": []})),
        op("POST /events/{id}/images", RUNS),
        op("DELETE /events/{id}/images/{image_id}", RUNS),
        op("GET /events/{id}/staff", RUNS),
        op("POST /events/{id}/staff", RUNS).body(|ids| json!({"email": ids.target_email, "role": "door"})),
        op("PATCH /events/{id}/staff/{user_id}", RUNS).body(|_| json!({"role": "box_office"})),
        op("DELETE /events/{id}/staff/{user_id}", RUNS),
    ]
}

fn series() -> Vec<Operation> {
    const OWNS: Rule = Rule::Event { staff: &[], unknown: "SERIES_NOT_FOUND" };
    vec![
        op("GET /series", ANYBODY),
        op("POST /series", RUNS)
            .body(|ids| json!({"template": ids.event, "sessions": [{"starts_at": "2036-05-02T19:00:00Z"}]})),
        op("GET /series/{id}", ANYBODY),
        op("PATCH /series/{id}", OWNS).body(|_| json!({"description": "New"})),
        op("DELETE /series/{id}", OWNS),
        op("GET /series/{id}/sessions", ANYBODY),
        op("POST /series/{id}/sessions", OWNS).body(|_| json!({"sessions": [{"starts_at": "2036-05-03T19:00:00Z"}]})),
        op("DELETE /series/{id}/sessions/{event_id}", OWNS),
        op("POST /series/{id}/publish", OWNS),
        op("POST /series/{id}/cancel", OWNS),
    ]
}

fn calendars() -> Vec<Operation> {
    vec![
        op("GET /calendar", OPEN),
        op("GET /calendar-feed.ics", OPEN),
        op("GET /organizers/{id}/calendar.ics", OPEN),
        op("GET /events/{id}/calendar.ics", ANYBODY),
        op("GET /events/{id}/calendar.ics", Rule::Preview).draft(),
        op("GET /me/calendar-feed", SIGNED_IN),
        op("POST /me/calendar-feed", SIGNED_IN),
        op("DELETE /me/calendar-feed", SIGNED_IN),
    ]
}

fn sale() -> Vec<Operation> {
    vec![
        op("POST /events/{id}/holds", SIGNED_IN).body(|_| json!({"items": [{"area": "F", "quantity": 1}]})),
        op("DELETE /events/{id}/holds/{hold_id}", own("HOLD_NOT_FOUND")),
        op("POST /events/{id}/holds/{hold_id}/extend", own("HOLD_NOT_FOUND")),
        op("POST /events/{id}/gate/scans", staff(&["door"])).body(|ids| json!({"code": ids.code, "nonce": "1"})),
    ]
}

fn door() -> Vec<Operation> {
    const DOOR: Rule = staff(&["door"]);
    vec![
        op("POST /events/{id}/gate/scans/batch", DOOR)
            .body(|ids| json!({"scans": [{"code": ids.code, "nonce": "2", "scanned_at": "2030-01-01T00:00:00Z"}]})),
        op("POST /events/{id}/gate/scans/undo", DOOR).body(|ids| json!({"code": ids.code, "nonce": "1"})),
        op("GET /events/{id}/gate/bundle", DOOR),
        op("GET /events/{id}/gate/conflicts", DOOR),
        op("GET /events/{id}/gate/occupancy", DOOR),
        op("GET /events/{id}/gate/refusals", DOOR),
        op("GET /events/{id}/gate/tickets", DOOR),
        op("GET /events/{id}/check-in-lists", DOOR),
        op("POST /events/{id}/check-in-lists", RUNS).body(|_| json!({"name": "Stalls", "sections": ["A"]})),
        op("PATCH /events/{id}/check-in-lists/{list_id}", RUNS).body(|_| json!({"name": "Renamed"})),
        op("DELETE /events/{id}/check-in-lists/{list_id}", RUNS),
        op("GET /events/{id}/scanners", RUNS),
        op("POST /events/{id}/scanners", RUNS).body(|_| json!({"name": "North 1"})),
        op("DELETE /events/{id}/scanners/{scanner_id}", RUNS),
    ]
}

fn audience() -> Vec<Operation> {
    vec![
        op("GET /events/{id}/rsvp", SIGNED_IN),
        op("PUT /events/{id}/rsvp", SIGNED_IN).body(|_| json!({"answer": "yes"})),
        op("DELETE /events/{id}/rsvp", SIGNED_IN),
        op("GET /events/{id}/rsvps", staff(&["door", "box_office"])),
        op("PUT /events/{id}/rsvps", RUNS).body(|_| json!({"yes_max": 10})),
        op("GET /events/{id}/feedback", ANYBODY),
        op("GET /events/{id}/feedback", Rule::Preview).draft(),
        op("POST /events/{id}/feedback", SIGNED_IN).body(|_| json!({"rating": 5, "text": "Again"})),
        op("GET /events/{id}/attendees", staff(&["door", "box_office"])),
        op("GET /events/{id}/attendees.csv", staff(&["door", "box_office"])),
        op("GET /events/{id}/attendees/cut-off", RUNS),
        op("PUT /events/{id}/attendees/cut-off", RUNS).body(|_| json!({"minutes_before": 60})),
    ]
}

fn waiting_room() -> Vec<Operation> {
    vec![
        op("GET /events/{id}/waiting-room", SIGNED_IN).no_mere_look(),
        op("POST /events/{id}/waiting-room", SIGNED_IN).body(|_| json!({})),
        op("DELETE /events/{id}/waiting-room", SIGNED_IN),
        op("GET /events/{id}/waiting-room/proof", ANYBODY),
        op("GET /events/{id}/waiting-room/settings", RUNS),
        op("PUT /events/{id}/waiting-room/settings", RUNS).body(|_| json!({"active": true})),
        op("POST /events/{id}/waiting-room/open", RUNS).body(|_| json!({})),
        op("GET /events/{id}/waiting-room/priority-passes", RUNS),
        op("POST /events/{id}/waiting-room/priority-passes", RUNS).body(|_| json!({"reason": "Wheelchair"})),
    ]
}

fn waitlist() -> Vec<Operation> {
    vec![
        op("GET /events/{id}/waitlist", SIGNED_IN),
        op("POST /events/{id}/waitlist", SIGNED_IN).body(|ids| json!({"tier": ids.tier, "area": "F", "quantity": 1})),
        op("DELETE /events/{id}/waitlist", SIGNED_IN),
        op("GET /events/{id}/waitlist/entries", staff(&["box_office"])),
        op("DELETE /events/{id}/waitlist/entries/{user_id}", RUNS),
        op("GET /events/{id}/waitlist/settings", RUNS),
        op("PUT /events/{id}/waitlist/settings", RUNS).body(|_| json!({"active": false})),
    ]
}

fn orders() -> Vec<Operation> {
    vec![
        op("GET /orders", SIGNED_IN),
        op("POST /orders", own("HOLD_NOT_FOUND")).body(|ids| json!({"event_id": ids.event, "hold_id": ids.hold})),
        op("GET /orders/{id}", shown(&["box_office"], "ORDER_NOT_FOUND")),
        op("GET /orders/{id}/tickets", shown(&["box_office"], "ORDER_NOT_FOUND")),
        op("POST /orders/{id}/pay", own("ORDER_NOT_FOUND")).body(|_| json!({"method": "mock"})),
        op("POST /orders/{id}/cancel", own("ORDER_NOT_FOUND")),
        op("POST /orders/{id}/status", OPEN).body(|_| json!({"status": "REJECTED"})),
        op("POST /payments/stripe/webhook", OPEN),
        op("POST /orders/{id}/refund", own("ORDER_NOT_FOUND")).body(|_| json!({})),
        op("GET /tickets", SIGNED_IN),
        op("GET /tickets/{id}", shown(&["door", "box_office"], "TICKET_NOT_FOUND")),
        op("GET /tickets/{id}/qr", own("TICKET_NOT_FOUND")),
        op("GET /tickets/{id}/pdf", own("TICKET_NOT_FOUND")),
        op("GET /tickets/{id}/print", own("TICKET_NOT_FOUND")),
        op("GET /tickets/{id}/calendar", own("TICKET_NOT_FOUND")),
        op("GET /orders/{id}/tickets.pdf", own("ORDER_NOT_FOUND")),
        op("GET /tickets/{id}/attendee", own("TICKET_NOT_FOUND")),
        op("PATCH /tickets/{id}/attendee", own("TICKET_NOT_FOUND")).body(|_| json!({"name": "Ada"})),
        op("POST /tickets/{id}/transfer", own("TICKET_NOT_FOUND")).body(|ids| json!({"email": ids.target_email})),
        op("DELETE /tickets/{id}/transfer", own("TICKET_NOT_FOUND")),
        op("GET /ticket-transfers", SIGNED_IN),
        op("POST /ticket-transfers/preview", OPEN).body(|_| json!({"token": "none"})),
        op("GET /ticket-transfers/{id}", own("TRANSFER_NOT_FOUND")),
        op("POST /ticket-transfers/{id}/accept", own("TRANSFER_NOT_FOUND")),
        op("POST /ticket-transfers/{id}/decline", own("TRANSFER_NOT_FOUND")),
    ]
}

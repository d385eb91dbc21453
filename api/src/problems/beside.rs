/// What a call may be answered with although its form does not tell so: the status, and the calls, without `/api/v1`. The
/// tests hold every answer that they get against the document.
pub const BESIDE: &[(u16, &[&str])] = &[
    (401, &["POST /auth/codes/verify"]),
    (
        403,
        &[
            // Suspended, or the address must be confirmed first.
            "POST /auth/codes/verify",
            "POST /auth/google/exchange",
            "POST /auth/login",
            "POST /auth/refresh",
            "POST /auth/second-factor",
        ],
    ),
    (
        404,
        &[
            // The account was erased a moment ago.
            "DELETE /me",
            "DELETE /me/avatar",
            "DELETE /me/second-factor",
            "GET /me/export",
            "GET /ticket-transfers",
            "PATCH /me",
            "POST /auth/register",
            "POST /me/api-keys",
            "POST /me/second-factor",
            "POST /me/second-factor/confirm",
            "PUT /me/avatar",
            "PUT /me/email",
            "PUT /me/password",
            // What their query or body names.
            "GET /calendar-feed.ics",
            "GET /orders",
            "POST /orders",
            "POST /series",
            // There may be one, or none.
            "DELETE /me/calendar-feed",
            "GET /me/calendar-feed",
        ],
    ),
    (
        409,
        &[
            "PATCH /withdrawals/{id}",
            "POST /auth/codes/verify",
            "POST /events/{id}/waiting-room",
            "POST /ticket-transfers/{id}/accept",
            "PUT /me/email",
        ],
    ),
    (
        410,
        &[
            // Links of mails.
            "POST /auth/confirm-email",
            "POST /auth/confirm-email-change",
            "POST /auth/reset-password",
            "POST /ticket-transfers/preview",
            // The event is cancelled or over.
            "DELETE /events/{id}",
            "DELETE /events/{id}/rsvp",
            "DELETE /events/{id}/tiers/{tier_id}",
            "DELETE /events/{id}/waiting-room",
            "GET /events/{id}/waiting-room",
            "PATCH /events/{id}",
            "PATCH /events/{id}/tiers/{tier_id}",
            "POST /events/{id}/blocks/{name}/release",
            "POST /events/{id}/blocks/{name}/withhold",
            "POST /events/{id}/cancel",
            "POST /events/{id}/gate/scans",
            "POST /events/{id}/gate/scans/undo",
            "POST /events/{id}/images",
            "POST /events/{id}/publish",
            "POST /events/{id}/seat-map/copy",
            "POST /events/{id}/tiers",
            "POST /events/{id}/waiting-room",
            "POST /events/{id}/waiting-room/open",
            "POST /events/{id}/waitlist",
            "POST /ticket-transfers/{id}/accept",
            "POST /tickets/{id}/transfer",
            "PUT /events/{id}/access-codes",
            "PUT /events/{id}/discount-codes",
            "PUT /events/{id}/rsvp",
            "PUT /events/{id}/seat-map",
            "PUT /events/{id}/waiting-room/settings",
            "PUT /events/{id}/waitlist/settings",
            // So are the sale, the hold or the order.
            "DELETE /events/{id}/box-office/holds/{hold_id}",
            "DELETE /events/{id}/holds/{hold_id}",
            "POST /events/{id}/box-office/holds",
            "POST /events/{id}/box-office/orders",
            "POST /events/{id}/holds",
            "POST /events/{id}/holds/{hold_id}/extend",
            "POST /orders",
            "POST /orders/{id}/cancel",
            "POST /orders/{id}/pay",
            "POST /orders/{id}/refund",
        ],
    ),
    // Pictures, by their content.
    (415, &["POST /events/{id}/images", "PUT /me/avatar"]),
    (422, &["GET /events/{id}/waiting-room"]),
    (425, &["POST /events/{id}/holds"]),
    (
        504,
        &[
            // They write something down, or let somebody in.
            "GET /auth/google",
            "GET /auth/google/callback",
            "GET /events/{id}/waiting-room",
            "GET /withdrawals/{id}/payout",
        ],
    ),
];

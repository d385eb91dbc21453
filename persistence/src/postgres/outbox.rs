/// As the shared one. Workers that claim at once pass over each other's rows, where they would otherwise wait, or lock the
/// same rows in different orders.
pub(crate) const CLAIM: &str = "
    UPDATE outbox SET attempts = attempts + 1, due_at = $2
    WHERE (event_id, lsn, kind) IN (
        SELECT event_id, lsn, kind FROM outbox
        WHERE status = 'queued' AND due_at <= $1 AND kind <> 'payment_refund'
        ORDER BY due_at, created_at, lsn LIMIT $3 FOR UPDATE SKIP LOCKED)
    RETURNING event_id, lsn, kind, order_id, user_id, created_at, status, attempts, payment_id, amount_minor,
        ticket_id, asker_id, last_error, parked_id";

pub(super) const STATEMENTS: &[&str] = &[CLAIM];

-- When the sender was told that nobody has answered in time.
ALTER TABLE ticket_transfers ADD COLUMN lapse_told_at bigint;
CREATE INDEX ticket_transfers_lapsed ON ticket_transfers (expires_at) WHERE status = 'open' AND lapse_told_at IS NULL;

-- Pages of a cancelled event's orders, which are closed.
CREATE INDEX checkouts_by_event ON checkouts (event_id) WHERE state IN ('creating', 'open', 'processing');

-- Where a withdrawal is paid out to: sealed, and masked for whoever need not know it.
ALTER TABLE withdrawals ADD COLUMN payout bytea;
ALTER TABLE withdrawals ADD COLUMN payout_iban text;
ALTER TABLE withdrawals ADD COLUMN payout_holder text;

-- Webhooks' deliveries that were given up, to be counted.
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (created_at) WHERE status = 'failed';

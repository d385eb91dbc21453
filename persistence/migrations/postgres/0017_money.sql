-- Double entry, one row per movement: see the ledger of `inventory`. Rows of orders are projected: no foreign keys and no
-- checks. Those of withdrawals are written with them.
CREATE TABLE ledger_entries (
    id uuid NOT NULL PRIMARY KEY,
    event_id uuid,
    order_id uuid,
    payment_id uuid,
    -- Whose wallet is debited or credited.
    user_id uuid,
    withdrawal_id uuid,
    lsn bigint,
    -- Position among the rows of one change.
    leg bigint NOT NULL,
    kind text NOT NULL,
    debit text NOT NULL,
    credit text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    at bigint NOT NULL
);
CREATE INDEX ledger_entries_by_event ON ledger_entries (event_id, lsn, leg);
CREATE INDEX ledger_entries_by_order ON ledger_entries (order_id);
CREATE INDEX ledger_entries_by_user ON ledger_entries (user_id, id) WHERE user_id IS NOT NULL;

CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger_entries is append-only';
END;
$$;

CREATE TRIGGER ledger_entries_keeps_rows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();

-- Locked by whoever decides by all entries of a wallet.
CREATE TABLE wallets (
    user_id uuid NOT NULL PRIMARY KEY
);

CREATE TABLE withdrawals (
    id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'approved', 'rejected')),
    created_at bigint NOT NULL,
    decided_at bigint,
    decided_by uuid,
    reason text,
    request_key bytea UNIQUE
);
CREATE INDEX withdrawals_by_user ON withdrawals (user_id, id);
CREATE INDEX withdrawals_by_status ON withdrawals (status, id);

-- Refunds of all orders of a cancelled event.
CREATE TABLE event_cancellations (
    event_id uuid NOT NULL PRIMARY KEY,
    requested_at bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('running', 'done')),
    -- Orders up to here were asked in this round.
    after_order uuid,
    -- Of this round and of the one before, which were refused.
    failed bigint NOT NULL DEFAULT 0,
    failed_before bigint NOT NULL DEFAULT 0,
    rounds bigint NOT NULL DEFAULT 0,
    -- Counts who took it: an earlier one says nothing any more.
    claims bigint NOT NULL DEFAULT 0,
    -- Free to be taken from here on.
    due_at bigint NOT NULL,
    finished_at bigint
);
CREATE INDEX event_cancellations_by_due ON event_cancellations (status, due_at);

-- Events that were cancelled before were refunded by hand.
INSERT INTO event_cancellations (event_id, requested_at, status, due_at, finished_at)
SELECT id, created_at, 'done', created_at, created_at FROM events WHERE status = 'cancelled';

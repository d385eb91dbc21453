-- Double entry, one row per movement: see the ledger of `inventory`. Rows of orders are projected: no foreign keys and no
-- checks. Those of withdrawals are written with them.
CREATE TABLE ledger_entries (
    id BLOB NOT NULL PRIMARY KEY,
    event_id BLOB,
    order_id BLOB,
    payment_id BLOB,
    -- Whose wallet is debited or credited.
    user_id BLOB,
    withdrawal_id BLOB,
    lsn INTEGER,
    -- Position among the rows of one change.
    leg INTEGER NOT NULL,
    kind TEXT NOT NULL,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX ledger_entries_by_event ON ledger_entries (event_id, lsn, leg);
CREATE INDEX ledger_entries_by_order ON ledger_entries (order_id);
CREATE INDEX ledger_entries_by_user ON ledger_entries (user_id, id) WHERE user_id IS NOT NULL;

CREATE TRIGGER ledger_entries_keeps_rows BEFORE UPDATE ON ledger_entries
BEGIN
    SELECT RAISE(ABORT, 'ledger_entries is append-only');
END;

CREATE TRIGGER ledger_entries_loses_no_rows BEFORE DELETE ON ledger_entries
BEGIN
    SELECT RAISE(ABORT, 'ledger_entries is append-only');
END;

-- Locked by whoever decides by all entries of a wallet.
CREATE TABLE wallets (
    user_id BLOB NOT NULL PRIMARY KEY
) STRICT;

CREATE TABLE withdrawals (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'rejected')),
    created_at INTEGER NOT NULL,
    decided_at INTEGER,
    decided_by BLOB,
    reason TEXT,
    request_key BLOB UNIQUE
) STRICT;
CREATE INDEX withdrawals_by_user ON withdrawals (user_id, id);
CREATE INDEX withdrawals_by_status ON withdrawals (status, id);

-- Refunds of all orders of a cancelled event.
CREATE TABLE event_cancellations (
    event_id BLOB NOT NULL PRIMARY KEY,
    requested_at INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'done')),
    -- Orders up to here were asked in this round.
    after_order BLOB,
    -- Of this round and of the one before, which were refused.
    failed INTEGER NOT NULL DEFAULT 0,
    failed_before INTEGER NOT NULL DEFAULT 0,
    rounds INTEGER NOT NULL DEFAULT 0,
    -- Counts who took it: an earlier one says nothing any more.
    claims INTEGER NOT NULL DEFAULT 0,
    -- Free to be taken from here on.
    due_at INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE INDEX event_cancellations_by_due ON event_cancellations (status, due_at);

-- Events that were cancelled before were refunded by hand.
INSERT INTO event_cancellations (event_id, requested_at, status, due_at, finished_at)
SELECT id, created_at, 'done', created_at, created_at FROM events WHERE status = 'cancelled';

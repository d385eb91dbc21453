-- Of a refund in the outbox: which payment goes back, and how much of it.
ALTER TABLE outbox ADD COLUMN payment_id BLOB;
ALTER TABLE outbox ADD COLUMN amount_minor INTEGER;
CREATE INDEX outbox_refunds ON outbox (created_at) WHERE kind = 'payment_refund' AND status = 'queued';

-- Payments at a provider whose end is told by somebody else, or later. `session_id` and `charge_id` are the provider's
-- names; `due_at` is when it is asked next, of those that have not ended.
CREATE TABLE checkouts (
    payment_id BLOB NOT NULL PRIMARY KEY,
    order_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    provider TEXT NOT NULL CHECK (provider IN ('mock', 'stripe', 'webhook')),
    state TEXT NOT NULL CHECK (state IN ('creating', 'open', 'processing', 'paid', 'expired', 'failed')),
    session_id TEXT,
    charge_id TEXT,
    url TEXT,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    last_error TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX checkouts_by_order ON checkouts (order_id, payment_id);
CREATE INDEX checkouts_due ON checkouts (due_at) WHERE state IN ('creating', 'open', 'processing');

-- Money on its way back through its provider. `charge_id` is known here when no checkout is.
CREATE TABLE payment_refunds (
    id BLOB NOT NULL PRIMARY KEY,
    payment_id BLOB NOT NULL,
    order_id BLOB NOT NULL,
    provider TEXT NOT NULL CHECK (provider IN ('mock', 'stripe', 'webhook')),
    charge_id TEXT,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('owed', 'not_taken', 'order_unknown', 'elsewhere')),
    status TEXT NOT NULL CHECK (status IN ('queued', 'done', 'failed')),
    refund_id TEXT,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    last_error TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX payment_refunds_by_status ON payment_refunds (status, id);
CREATE INDEX payment_refunds_by_payment ON payment_refunds (payment_id);
CREATE INDEX payment_refunds_due ON payment_refunds (due_at) WHERE status = 'queued';

-- What providers have told and what was done with it, so that it is not done again.
CREATE TABLE payment_notices (
    provider TEXT NOT NULL,
    notice_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (provider, notice_id)
) STRICT;
CREATE INDEX payment_notices_by_age ON payment_notices (received_at);

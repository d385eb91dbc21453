-- Of a refund in the outbox: which payment goes back, and how much of it.
ALTER TABLE outbox ADD COLUMN payment_id uuid;
ALTER TABLE outbox ADD COLUMN amount_minor bigint;
CREATE INDEX outbox_refunds ON outbox (created_at) WHERE kind = 'payment_refund' AND status = 'queued';

-- Payments at a provider whose end is told by somebody else, or later. `session_id` and `charge_id` are the provider's
-- names; `due_at` is when it is asked next, of those that have not ended.
CREATE TABLE checkouts (
    payment_id uuid NOT NULL PRIMARY KEY,
    order_id uuid NOT NULL,
    event_id uuid NOT NULL,
    provider text NOT NULL CHECK (provider IN ('mock', 'stripe', 'webhook')),
    state text NOT NULL CHECK (state IN ('creating', 'open', 'processing', 'paid', 'expired', 'failed')),
    session_id text,
    charge_id text,
    url text,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    expires_at bigint NOT NULL,
    attempts bigint NOT NULL,
    due_at bigint NOT NULL,
    last_error text,
    created_at bigint NOT NULL
);
CREATE INDEX checkouts_by_order ON checkouts (order_id, payment_id);
CREATE INDEX checkouts_due ON checkouts (due_at) WHERE state IN ('creating', 'open', 'processing');

-- Money on its way back through its provider. `charge_id` is known here when no checkout is.
CREATE TABLE payment_refunds (
    id uuid NOT NULL PRIMARY KEY,
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    provider text NOT NULL CHECK (provider IN ('mock', 'stripe', 'webhook')),
    charge_id text,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    reason text NOT NULL CHECK (reason IN ('owed', 'not_taken', 'order_unknown', 'elsewhere')),
    status text NOT NULL CHECK (status IN ('queued', 'done', 'failed')),
    refund_id text,
    attempts bigint NOT NULL,
    due_at bigint NOT NULL,
    last_error text,
    created_at bigint NOT NULL
);
CREATE INDEX payment_refunds_by_status ON payment_refunds (status, id);
CREATE INDEX payment_refunds_by_payment ON payment_refunds (payment_id);
CREATE INDEX payment_refunds_due ON payment_refunds (due_at) WHERE status = 'queued';

-- What providers have told and what was done with it, so that it is not done again.
CREATE TABLE payment_notices (
    provider text NOT NULL,
    notice_id text NOT NULL,
    received_at bigint NOT NULL,
    PRIMARY KEY (provider, notice_id)
);
CREATE INDEX payment_notices_by_age ON payment_notices (received_at);

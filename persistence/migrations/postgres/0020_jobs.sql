-- Projected, as the rest of the table.
ALTER TABLE outbox ADD COLUMN ticket_id uuid;
ALTER TABLE outbox ADD COLUMN asker_id uuid;
-- Set by who works on it; `parked_id` when it is given up.
ALTER TABLE outbox ADD COLUMN last_error text;
ALTER TABLE outbox ADD COLUMN parked_id uuid;
CREATE INDEX outbox_parked ON outbox (parked_id) WHERE parked_id IS NOT NULL;

-- Addresses that organizers want to hear of their events at. `claimed_until`: one sender at a time.
CREATE TABLE webhooks (
    id uuid NOT NULL PRIMARY KEY,
    owner_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    url text NOT NULL,
    kinds text NOT NULL,
    secret bytea NOT NULL,
    old_secret bytea,
    old_secret_until bigint,
    is_active boolean NOT NULL,
    is_gone boolean NOT NULL DEFAULT false,
    claim bigint NOT NULL DEFAULT 0,
    claimed_until bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL
);
CREATE INDEX webhooks_by_owner ON webhooks (owner_id, id);

-- What one webhook is told of one event, in order: up to `last_sequence`, from `next_sequence` on still to be sent.
-- `replays` grows when somebody sets `next_sequence` back.
CREATE TABLE webhook_streams (
    webhook_id uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id uuid NOT NULL,
    last_sequence bigint NOT NULL,
    next_sequence bigint NOT NULL,
    attempts bigint NOT NULL,
    failing_since bigint,
    due_at bigint NOT NULL,
    replays bigint NOT NULL,
    PRIMARY KEY (webhook_id, event_id)
);
CREATE INDEX webhook_streams_due ON webhook_streams (due_at) WHERE next_sequence <= last_sequence;

CREATE TABLE webhook_deliveries (
    webhook_id uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id uuid NOT NULL,
    sequence bigint NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    object_id uuid NOT NULL,
    occurred_at bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('queued', 'delivered', 'failed')),
    attempts bigint NOT NULL,
    tried_at bigint,
    response_status bigint,
    last_error text,
    created_at bigint NOT NULL,
    PRIMARY KEY (webhook_id, event_id, sequence)
);
CREATE INDEX webhook_deliveries_by_id ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);

ALTER TABLE users ADD COLUMN reminders boolean NOT NULL DEFAULT true;

-- Mails to everybody who holds a ticket of an event. `after_id`: the last order whose holders were written to. While somebody
-- is at it, `due_at` is when somebody else may. `before`: what holders knew before a change; `number`: which change it is.
CREATE TABLE notices (
    event_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('reminder', 'changed', 'cancelled')),
    number bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('queued', 'done')),
    claim bigint NOT NULL,
    due_at bigint NOT NULL,
    after_id uuid,
    before text,
    created_at bigint NOT NULL,
    PRIMARY KEY (event_id, kind)
);
CREATE INDEX notices_due ON notices (due_at) WHERE status = 'queued';

-- Projected, as the rest of the table.
ALTER TABLE outbox ADD COLUMN ticket_id BLOB;
ALTER TABLE outbox ADD COLUMN asker_id BLOB;
-- Set by who works on it; `parked_id` when it is given up.
ALTER TABLE outbox ADD COLUMN last_error TEXT;
ALTER TABLE outbox ADD COLUMN parked_id BLOB;
CREATE INDEX outbox_parked ON outbox (parked_id) WHERE parked_id IS NOT NULL;

-- Addresses that organizers want to hear of their events at. `claimed_until`: one sender at a time.
CREATE TABLE webhooks (
    id BLOB NOT NULL PRIMARY KEY,
    owner_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    kinds TEXT NOT NULL,
    secret BLOB NOT NULL,
    old_secret BLOB,
    old_secret_until INTEGER,
    is_active INTEGER NOT NULL,
    is_gone INTEGER NOT NULL DEFAULT 0,
    claim INTEGER NOT NULL DEFAULT 0,
    claimed_until INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX webhooks_by_owner ON webhooks (owner_id, id);

-- What one webhook is told of one event, in order: up to `last_sequence`, from `next_sequence` on still to be sent.
-- `replays` grows when somebody sets `next_sequence` back.
CREATE TABLE webhook_streams (
    webhook_id BLOB NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id BLOB NOT NULL,
    last_sequence INTEGER NOT NULL,
    next_sequence INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    failing_since INTEGER,
    due_at INTEGER NOT NULL,
    replays INTEGER NOT NULL,
    PRIMARY KEY (webhook_id, event_id)
) STRICT;
CREATE INDEX webhook_streams_due ON webhook_streams (due_at) WHERE next_sequence <= last_sequence;

CREATE TABLE webhook_deliveries (
    webhook_id BLOB NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    object_id BLOB NOT NULL,
    occurred_at INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'delivered', 'failed')),
    attempts INTEGER NOT NULL,
    tried_at INTEGER,
    response_status INTEGER,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (webhook_id, event_id, sequence)
) STRICT;
CREATE INDEX webhook_deliveries_by_id ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);

ALTER TABLE users ADD COLUMN reminders INTEGER NOT NULL DEFAULT 1;

-- Mails to everybody who holds a ticket of an event. `after_id`: the last order whose holders were written to. While somebody
-- is at it, `due_at` is when somebody else may. `before`: what holders knew before a change; `number`: which change it is.
CREATE TABLE notices (
    event_id BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('reminder', 'changed', 'cancelled')),
    number INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'done')),
    claim INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    after_id BLOB,
    before TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, kind)
) STRICT;
CREATE INDEX notices_due ON notices (due_at) WHERE status = 'queued';

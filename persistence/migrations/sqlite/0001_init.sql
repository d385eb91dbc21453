-- Fencing and the end of the journal: one row per event. Updated by every commit.
CREATE TABLE leases (
    event_id BLOB NOT NULL PRIMARY KEY,
    epoch INTEGER NOT NULL,
    last_lsn INTEGER NOT NULL,
    trimmed_lsn INTEGER NOT NULL
) STRICT;

CREATE TABLE journal (
    event_id BLOB NOT NULL,
    first_lsn INTEGER NOT NULL,
    last_lsn INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    records BLOB NOT NULL,
    PRIMARY KEY (event_id, first_lsn)
) STRICT;

CREATE TABLE snapshots (
    event_id BLOB NOT NULL,
    lsn INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (event_id, lsn)
) STRICT;

-- Projected: written by journal commits alone. No foreign keys and no checks, see ../README.md.
CREATE TABLE orders (
    id BLOB NOT NULL PRIMARY KEY,
    event_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    status TEXT NOT NULL,
    items TEXT NOT NULL,
    total_minor INTEGER NOT NULL,
    refunded_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    placed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    lsn INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_by_customer ON orders (customer_id, id);
CREATE INDEX orders_by_event ON orders (event_id, id);

CREATE TABLE tickets (
    id BLOB NOT NULL PRIMARY KEY,
    order_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    holder_id BLOB NOT NULL,
    place TEXT NOT NULL,
    is_area INTEGER NOT NULL,
    tier_id BLOB NOT NULL,
    tier_name TEXT NOT NULL,
    price_minor INTEGER NOT NULL,
    state TEXT NOT NULL,
    generation INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    scanned_at INTEGER,
    lsn INTEGER NOT NULL
) STRICT;
CREATE INDEX tickets_by_order ON tickets (order_id, id);
CREATE INDEX tickets_by_holder ON tickets (holder_id, id);

CREATE TABLE payments (
    id BLOB NOT NULL PRIMARY KEY,
    order_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    status TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    lsn INTEGER NOT NULL
) STRICT;
CREATE INDEX payments_by_order ON payments (order_id, id);

CREATE TABLE outbox (
    event_id BLOB NOT NULL,
    lsn INTEGER NOT NULL,
    kind TEXT NOT NULL,
    order_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'queued',
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL DEFAULT 0,
    claimed_until INTEGER,
    PRIMARY KEY (event_id, lsn, kind)
) STRICT;
CREATE INDEX outbox_by_status ON outbox (status, due_at);

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('attendee', 'organizer', 'admin')),
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE refresh_families (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX refresh_families_by_user ON refresh_families (user_id);
CREATE INDEX refresh_families_by_expiry ON refresh_families (expires_at);

CREATE TABLE refresh_tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    family_id BLOB NOT NULL REFERENCES refresh_families (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    child_hash BLOB
) STRICT;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);

-- `status` and `status_lsn` are projected: no check on them, and nothing points here.
CREATE TABLE events (
    id BLOB NOT NULL PRIMARY KEY,
    organizer_id BLOB NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    location TEXT NOT NULL,
    timezone TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    status_lsn INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    request_key BLOB UNIQUE
) STRICT;
CREATE INDEX events_by_status ON events (status, id);
CREATE INDEX events_by_organizer ON events (organizer_id, id);

CREATE TABLE attendees (
    order_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    PRIMARY KEY (order_id, position)
) STRICT;

CREATE TABLE idempotency_keys (
    scope_key BLOB NOT NULL PRIMARY KEY,
    body_digest BLOB NOT NULL,
    status INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    response BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

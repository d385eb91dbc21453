-- Fencing and the end of the journal: one row per event. Updated by every commit, so pages keep room for new versions.
CREATE TABLE leases (
    event_id uuid NOT NULL PRIMARY KEY,
    epoch bigint NOT NULL,
    last_lsn bigint NOT NULL,
    trimmed_lsn bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE journal (
    event_id uuid NOT NULL,
    first_lsn bigint NOT NULL,
    last_lsn bigint NOT NULL,
    epoch bigint NOT NULL,
    records bytea NOT NULL,
    PRIMARY KEY (event_id, first_lsn)
);
-- Records are dense already: compressing them costs more processor time than the bytes are worth.
ALTER TABLE journal ALTER COLUMN records SET STORAGE EXTERNAL;

CREATE TABLE snapshots (
    event_id uuid NOT NULL,
    lsn bigint NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (event_id, lsn)
);

-- Projected: written by journal commits alone. No foreign keys and no checks, see ../README.md.
CREATE TABLE orders (
    id uuid NOT NULL PRIMARY KEY,
    event_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    status text NOT NULL,
    items text NOT NULL,
    total_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    currency text NOT NULL,
    placed_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    lsn bigint NOT NULL
);
CREATE INDEX orders_by_customer ON orders (customer_id, id);
CREATE INDEX orders_by_event ON orders (event_id, id);

CREATE TABLE tickets (
    id uuid NOT NULL PRIMARY KEY,
    order_id uuid NOT NULL,
    event_id uuid NOT NULL,
    holder_id uuid NOT NULL,
    place text NOT NULL,
    is_area boolean NOT NULL,
    tier_id uuid NOT NULL,
    tier_name text NOT NULL,
    price_minor bigint NOT NULL,
    state text NOT NULL,
    generation bigint NOT NULL,
    issued_at bigint NOT NULL,
    scanned_at bigint,
    lsn bigint NOT NULL
);
CREATE INDEX tickets_by_order ON tickets (order_id, id);
CREATE INDEX tickets_by_holder ON tickets (holder_id, id);

CREATE TABLE payments (
    id uuid NOT NULL PRIMARY KEY,
    order_id uuid NOT NULL,
    event_id uuid NOT NULL,
    status text NOT NULL,
    amount_minor bigint NOT NULL,
    currency text NOT NULL,
    changed_at bigint NOT NULL,
    lsn bigint NOT NULL
);
CREATE INDEX payments_by_order ON payments (order_id, id);

CREATE TABLE outbox (
    event_id uuid NOT NULL,
    lsn bigint NOT NULL,
    kind text NOT NULL,
    order_id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at bigint NOT NULL,
    status text NOT NULL DEFAULT 'queued',
    attempts bigint NOT NULL DEFAULT 0,
    due_at bigint NOT NULL DEFAULT 0,
    claimed_until bigint,
    PRIMARY KEY (event_id, lsn, kind)
);
CREATE INDEX outbox_by_status ON outbox (status, due_at);

CREATE TABLE users (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('attendee', 'organizer', 'admin')),
    status text NOT NULL CHECK (status IN ('active', 'suspended')),
    created_at bigint NOT NULL
);

CREATE TABLE refresh_families (
    id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint
);
CREATE INDEX refresh_families_by_user ON refresh_families (user_id);
CREATE INDEX refresh_families_by_expiry ON refresh_families (expires_at);

CREATE TABLE refresh_tokens (
    hash bytea NOT NULL PRIMARY KEY,
    family_id uuid NOT NULL REFERENCES refresh_families (id) ON DELETE CASCADE,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    child_hash bytea
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);

-- `status` and `status_lsn` are projected: no check on them, and nothing points here.
CREATE TABLE events (
    id uuid NOT NULL PRIMARY KEY,
    organizer_id uuid NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    location text NOT NULL,
    timezone text NOT NULL,
    starts_at bigint NOT NULL,
    ends_at bigint,
    currency text NOT NULL,
    status text NOT NULL,
    status_lsn bigint NOT NULL,
    created_at bigint NOT NULL,
    request_key bytea UNIQUE
);
CREATE INDEX events_by_status ON events (status, id);
CREATE INDEX events_by_organizer ON events (organizer_id, id);

CREATE TABLE attendees (
    order_id uuid NOT NULL,
    position bigint NOT NULL,
    name text NOT NULL,
    email text,
    PRIMARY KEY (order_id, position)
);

CREATE TABLE idempotency_keys (
    scope_key bytea NOT NULL PRIMARY KEY,
    body_digest bytea NOT NULL,
    status bigint NOT NULL,
    content_type text NOT NULL,
    response bytea NOT NULL,
    created_at bigint NOT NULL
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE secrets (
    name text NOT NULL PRIMARY KEY,
    value bytea NOT NULL
);

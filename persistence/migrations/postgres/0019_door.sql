-- Which tickets a gate is for. `tiers`: ids, `sections`: ids of sections and areas, each with a space between them; none: all.
CREATE TABLE check_in_lists (
    id uuid NOT NULL PRIMARY KEY,
    event_id uuid NOT NULL,
    name text NOT NULL,
    gate text,
    tiers text NOT NULL,
    sections text NOT NULL,
    created_at bigint NOT NULL
);
CREATE INDEX check_in_lists_by_event ON check_in_lists (event_id, id);

-- A key of one scanner is good for one event, and is not among the keys of its owner.
ALTER TABLE api_keys ADD COLUMN event_id uuid;
ALTER TABLE api_keys ADD COLUMN list_id uuid;
ALTER TABLE api_keys ADD COLUMN gate text;
CREATE INDEX api_keys_by_event ON api_keys (event_id, id) WHERE event_id IS NOT NULL;

-- Queued scans that contradict what is known, as the journal has them. No foreign keys, as for every projected table.
CREATE TABLE gate_conflicts (
    event_id uuid NOT NULL,
    lsn bigint NOT NULL,
    ticket_id uuid NOT NULL,
    user_id uuid,
    direction text NOT NULL,
    scanned_at bigint NOT NULL,
    forced boolean NOT NULL,
    reason text NOT NULL,
    earlier_at bigint,
    recorded_at bigint NOT NULL,
    PRIMARY KEY (event_id, lsn)
);

-- Scans that were refused, for staff to look at. Kept for a while.
CREATE TABLE gate_refusals (
    id uuid NOT NULL PRIMARY KEY,
    event_id uuid NOT NULL,
    ticket_id uuid,
    reason text NOT NULL,
    direction text NOT NULL,
    list_id uuid,
    scanner_id uuid,
    user_id uuid NOT NULL,
    refused_at bigint NOT NULL
);
CREATE INDEX gate_refusals_by_event ON gate_refusals (event_id, id);
CREATE INDEX gate_refusals_by_age ON gate_refusals (refused_at);

-- What has changed since a scanner asked last.
CREATE INDEX tickets_by_change ON tickets (event_id, lsn, id);

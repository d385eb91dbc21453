-- Which tickets a gate is for. `tiers`: ids, `sections`: ids of sections and areas, each with a space between them; none: all.
CREATE TABLE check_in_lists (
    id BLOB NOT NULL PRIMARY KEY,
    event_id BLOB NOT NULL,
    name TEXT NOT NULL,
    gate TEXT,
    tiers TEXT NOT NULL,
    sections TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX check_in_lists_by_event ON check_in_lists (event_id, id);

-- A key of one scanner is good for one event, and is not among the keys of its owner.
ALTER TABLE api_keys ADD COLUMN event_id BLOB;
ALTER TABLE api_keys ADD COLUMN list_id BLOB;
ALTER TABLE api_keys ADD COLUMN gate TEXT;
CREATE INDEX api_keys_by_event ON api_keys (event_id, id) WHERE event_id IS NOT NULL;

-- Queued scans that contradict what is known, as the journal has them. No foreign keys, as for every projected table.
CREATE TABLE gate_conflicts (
    event_id BLOB NOT NULL,
    lsn INTEGER NOT NULL,
    ticket_id BLOB NOT NULL,
    user_id BLOB,
    direction TEXT NOT NULL,
    scanned_at INTEGER NOT NULL,
    forced INTEGER NOT NULL CHECK (forced IN (0, 1)),
    reason TEXT NOT NULL,
    earlier_at INTEGER,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, lsn)
) STRICT;

-- Scans that were refused, for staff to look at. Kept for a while.
CREATE TABLE gate_refusals (
    id BLOB NOT NULL PRIMARY KEY,
    event_id BLOB NOT NULL,
    ticket_id BLOB,
    reason TEXT NOT NULL,
    direction TEXT NOT NULL,
    list_id BLOB,
    scanner_id BLOB,
    user_id BLOB NOT NULL,
    refused_at INTEGER NOT NULL
) STRICT;
CREATE INDEX gate_refusals_by_event ON gate_refusals (event_id, id);
CREATE INDEX gate_refusals_by_age ON gate_refusals (refused_at);

-- What has changed since a scanner asked last.
CREATE INDEX tickets_by_change ON tickets (event_id, lsn, id);

-- Who waits for places that are sold out, as the journal has them. No foreign keys, as for every projected table.
CREATE TABLE waitlist_entries (
    event_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    customer_id BLOB NOT NULL,
    tier_id BLOB NOT NULL,
    tier_name TEXT NOT NULL,
    part TEXT,
    is_area INTEGER NOT NULL CHECK (is_area IN (0, 1)),
    quantity INTEGER NOT NULL,
    accessible INTEGER NOT NULL CHECK (accessible IN (0, 1)),
    apart INTEGER NOT NULL CHECK (apart IN (0, 1)),
    has_priority INTEGER NOT NULL CHECK (has_priority IN (0, 1)),
    status TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    hold_id BLOB,
    offered_until INTEGER,
    changed_at INTEGER NOT NULL,
    lsn INTEGER NOT NULL,
    PRIMARY KEY (event_id, number)
) STRICT;
CREATE INDEX waitlist_by_customer ON waitlist_entries (customer_id, event_id, number);
CREATE INDEX waitlist_waiting ON waitlist_entries (event_id, tier_id, number) WHERE status = 'waiting';
CREATE INDEX waitlist_live ON waitlist_entries (event_id) WHERE status IN ('waiting', 'offered');

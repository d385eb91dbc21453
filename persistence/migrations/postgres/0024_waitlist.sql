-- Who waits for places that are sold out, as the journal has them. No foreign keys, as for every projected table.
CREATE TABLE waitlist_entries (
    event_id uuid NOT NULL,
    number bigint NOT NULL,
    customer_id uuid NOT NULL,
    tier_id uuid NOT NULL,
    tier_name text NOT NULL,
    part text,
    is_area boolean NOT NULL,
    quantity bigint NOT NULL,
    accessible boolean NOT NULL,
    apart boolean NOT NULL,
    has_priority boolean NOT NULL,
    status text NOT NULL,
    joined_at bigint NOT NULL,
    hold_id uuid,
    offered_until bigint,
    changed_at bigint NOT NULL,
    lsn bigint NOT NULL,
    PRIMARY KEY (event_id, number)
);
CREATE INDEX waitlist_by_customer ON waitlist_entries (customer_id, event_id, number);
CREATE INDEX waitlist_waiting ON waitlist_entries (event_id, tier_id, number) WHERE status = 'waiting';
CREATE INDEX waitlist_live ON waitlist_entries (event_id) WHERE status IN ('waiting', 'offered');

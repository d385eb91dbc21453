-- Offers of tickets, each to one e-mail address. What came of them is the journal's; this says who was asked. Of a ticket
-- one offer is under way: `open_ticket_id` is its id as long as it is.
CREATE TABLE ticket_transfers (
    id BLOB NOT NULL PRIMARY KEY,
    ticket_id BLOB NOT NULL,
    open_ticket_id BLOB UNIQUE,
    generation INTEGER NOT NULL,
    sender_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    recipient_key TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('open', 'accepting', 'accepted', 'declined', 'cancelled', 'closed')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    accepted_by BLOB,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ticket_transfers_by_sender ON ticket_transfers (sender_id, id);
CREATE INDEX ticket_transfers_by_recipient ON ticket_transfers (recipient_key, id);
CREATE INDEX ticket_transfers_by_age ON ticket_transfers (created_at);
CREATE INDEX ticket_transfers_accepting ON ticket_transfers (changed_at) WHERE status = 'accepting';

-- Who named the attendee, once that was done by a ticket's holder: it goes with his account.
ALTER TABLE attendees ADD COLUMN holder_id BLOB;
CREATE INDEX attendees_by_holder ON attendees (holder_id) WHERE holder_id IS NOT NULL;

-- Until when holders name attendees: so many minutes before the event starts. No row: until it starts.
CREATE TABLE attendee_cut_offs (
    event_id BLOB NOT NULL PRIMARY KEY,
    minutes_before INTEGER NOT NULL
) STRICT;

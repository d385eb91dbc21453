-- How many may say that they come. Every answer locks the event's row: that is what holds the limit.
CREATE TABLE rsvp_limits (
    event_id BLOB NOT NULL PRIMARY KEY,
    yes_max INTEGER
) STRICT;

CREATE TABLE rsvps (
    event_id BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    answer TEXT NOT NULL CHECK (answer IN ('yes', 'no', 'maybe')),
    answered_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, user_id)
) STRICT;
CREATE INDEX rsvps_by_answer ON rsvps (event_id, answer);

CREATE TABLE feedback (
    event_id BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    rating INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, user_id)
) STRICT;

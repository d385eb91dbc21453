CREATE TABLE waiting_rooms (
    event_id BLOB NOT NULL PRIMARY KEY,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    round INTEGER NOT NULL,
    joined INTEGER NOT NULL
) STRICT;

CREATE TABLE waiting_places (
    event_id BLOB NOT NULL,
    round INTEGER NOT NULL,
    user_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, round, user_id),
    UNIQUE (event_id, round, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE priority_passes (
    id BLOB NOT NULL PRIMARY KEY,
    event_id BLOB NOT NULL,
    issued_by BLOB NOT NULL,
    issued_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    uses INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    user_id BLOB
) STRICT;
CREATE INDEX priority_passes_by_event ON priority_passes (event_id, id);

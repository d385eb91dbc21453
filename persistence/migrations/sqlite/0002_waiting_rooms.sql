CREATE TABLE waiting_rooms (
    event_id BLOB NOT NULL PRIMARY KEY,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    round INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    shuffled INTEGER
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

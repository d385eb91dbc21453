-- As on Postgres, whose planner the order of the second key's columns misled.

CREATE TABLE places (
    event_id BLOB NOT NULL,
    round INTEGER NOT NULL,
    user_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, round, user_id),
    UNIQUE (number, event_id, round)
) STRICT, WITHOUT ROWID;
INSERT INTO places SELECT event_id, round, user_id, number, joined_at FROM waiting_places;
DROP TABLE waiting_places;
ALTER TABLE places RENAME TO waiting_places;

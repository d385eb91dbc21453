-- Who works at an event. The program lists the roles, not a check: SQLite could not take a further one into it.
CREATE TABLE event_staff (
    event_id BLOB NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    added_by BLOB NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (event_id, user_id)
) STRICT;
CREATE INDEX event_staff_by_user ON event_staff (user_id, event_id);

-- `scopes`: names with a space between them.
CREATE TABLE api_keys (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
) STRICT;
CREATE INDEX api_keys_by_user ON api_keys (user_id, id);

ALTER TABLE users ADD COLUMN whitelisted INTEGER NOT NULL DEFAULT 0 CHECK (whitelisted IN (0, 1));

-- The name in lower case, to be searched. Letters beyond ASCII follow when the name is next written.
ALTER TABLE users ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE users SET name_key = lower(name);
CREATE INDEX users_by_name ON users (name_key, id);

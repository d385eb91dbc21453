-- Who works at an event. The program lists the roles, not a check: SQLite could not take a further one into it.
CREATE TABLE event_staff (
    event_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role text NOT NULL,
    added_by uuid NOT NULL,
    added_at bigint NOT NULL,
    PRIMARY KEY (event_id, user_id)
);
CREATE INDEX event_staff_by_user ON event_staff (user_id, event_id);

-- `scopes`: names with a space between them.
CREATE TABLE api_keys (
    id uuid NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL,
    prefix text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    scopes text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    last_used_at bigint
);
CREATE INDEX api_keys_by_user ON api_keys (user_id, id);

ALTER TABLE users ADD COLUMN whitelisted boolean NOT NULL DEFAULT false;

-- The name in lower case, to be searched. Compared byte by byte, as SQLite does: what begins alike is one range.
ALTER TABLE users ADD COLUMN name_key text COLLATE "C" NOT NULL DEFAULT '';
UPDATE users SET name_key = lower(name);
CREATE INDEX users_by_name ON users (name_key, id);
ALTER TABLE users ALTER COLUMN email_key TYPE text COLLATE "C";

CREATE TABLE audit_log (
    id BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor_id BLOB,
    actor_role TEXT CHECK (actor_role IN ('attendee', 'organizer', 'admin')),
    via TEXT NOT NULL CHECK (via IN ('session', 'api_key', 'system', 'anonymous')),
    action TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id TEXT,
    event_id BLOB,
    old_values TEXT,
    new_values TEXT,
    ip TEXT,
    user_agent TEXT,
    request_id TEXT,
    request_key BLOB UNIQUE
) STRICT;
CREATE INDEX audit_log_by_event ON audit_log (event_id, id);
CREATE INDEX audit_log_by_actor ON audit_log (actor_id, id);
CREATE INDEX audit_log_by_object ON audit_log (object_id, id);

-- Append-only, whoever asks: the one table whose past nobody may edit, not even by hand.
CREATE TRIGGER audit_log_keeps_rows BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;

CREATE TRIGGER audit_log_loses_no_rows BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;

-- INSERT OR REPLACE deletes without asking the trigger above.
CREATE TRIGGER audit_log_replaces_no_rows BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;

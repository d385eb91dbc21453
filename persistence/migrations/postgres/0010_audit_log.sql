CREATE TABLE audit_log (
    id uuid NOT NULL PRIMARY KEY,
    at bigint NOT NULL,
    actor_id uuid,
    actor_role text CHECK (actor_role IN ('attendee', 'organizer', 'admin')),
    via text NOT NULL CHECK (via IN ('session', 'api_key', 'system', 'anonymous')),
    action text NOT NULL,
    object_kind text NOT NULL,
    object_id text,
    event_id uuid,
    old_values text,
    new_values text,
    ip text,
    user_agent text,
    request_id text,
    request_key bytea UNIQUE
);
CREATE INDEX audit_log_by_event ON audit_log (event_id, id);
CREATE INDEX audit_log_by_actor ON audit_log (actor_id, id);
CREATE INDEX audit_log_by_object ON audit_log (object_id, id);

-- Append-only, whoever asks: the one table whose past nobody may edit, not even by hand.
CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only';
END;
$$;

CREATE TRIGGER audit_log_keeps_rows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();

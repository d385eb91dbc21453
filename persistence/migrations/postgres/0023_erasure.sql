-- The recipient in lower case: whose mails they are does not depend on how somebody has written the address.
ALTER TABLE mails ADD COLUMN recipient_key text NOT NULL DEFAULT '';
UPDATE mails SET recipient_key = lower(trim(recipient));
CREATE INDEX mails_by_recipient_key ON mails (recipient_key, id);
DROP INDEX mails_by_recipient;

-- What goes with an account, or is listed for its owner.
CREATE INDEX priority_passes_by_user ON priority_passes (user_id, id) WHERE user_id IS NOT NULL;

-- Still append-only, with one exception: of an account that is erased, where it was is taken out of its entries. Nothing can
-- be put in its place, and nothing else changes.
CREATE FUNCTION audit_log_forgets_only_places() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place_less audit_log := OLD;
    person uuid := OLD.actor_id;
BEGIN
    place_less.ip := NULL;
    place_less.user_agent := NULL;
    IF person IS NULL AND OLD.via = 'anonymous'
        AND OLD.object_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        person := COALESCE((SELECT user_id FROM refresh_families WHERE id = OLD.object_id::uuid), OLD.object_id::uuid);
    END IF;
    IF NEW IS NOT DISTINCT FROM place_less
        AND EXISTS (SELECT 1 FROM users WHERE users.id = person AND users.erased_at IS NOT NULL) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit_log is append-only';
END;
$$;

DROP TRIGGER audit_log_keeps_rows ON audit_log;
CREATE TRIGGER audit_log_keeps_rows BEFORE UPDATE ON audit_log
FOR EACH ROW EXECUTE FUNCTION audit_log_forgets_only_places();
CREATE TRIGGER audit_log_loses_no_rows BEFORE DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only();

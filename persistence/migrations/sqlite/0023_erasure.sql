-- The recipient in lower case: whose mails they are does not depend on how somebody has written the address. Letters beyond
-- ASCII follow with the mails written from now on.
ALTER TABLE mails ADD COLUMN recipient_key TEXT NOT NULL DEFAULT '';
UPDATE mails SET recipient_key = lower(trim(recipient));
CREATE INDEX mails_by_recipient_key ON mails (recipient_key, id);
DROP INDEX mails_by_recipient;

-- What goes with an account, or is listed for its owner.
CREATE INDEX priority_passes_by_user ON priority_passes (user_id, id) WHERE user_id IS NOT NULL;

-- Still append-only, with one exception: of an account that is erased, where it was is taken out of its entries. Nothing can
-- be put in its place, and nothing else changes.
DROP TRIGGER audit_log_keeps_rows;
CREATE TRIGGER audit_log_keeps_rows BEFORE UPDATE ON audit_log
WHEN NOT (
    NEW.ip IS NULL AND NEW.user_agent IS NULL
    AND NEW.id IS OLD.id AND NEW.at IS OLD.at AND NEW.actor_id IS OLD.actor_id AND NEW.actor_role IS OLD.actor_role
    AND NEW.via IS OLD.via AND NEW.action IS OLD.action AND NEW.object_kind IS OLD.object_kind
    AND NEW.object_id IS OLD.object_id AND NEW.event_id IS OLD.event_id AND NEW.old_values IS OLD.old_values
    AND NEW.new_values IS OLD.new_values AND NEW.request_id IS OLD.request_id AND NEW.request_key IS OLD.request_key
    AND EXISTS (
        SELECT 1 FROM users WHERE users.erased_at IS NOT NULL AND users.id = COALESCE(OLD.actor_id,
            CASE WHEN OLD.via = 'anonymous' THEN COALESCE(
                (SELECT user_id FROM refresh_families WHERE id = unhex(replace(OLD.object_id, '-', ''))),
                unhex(replace(OLD.object_id, '-', ''))) END))
)
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;

-- When the account's role or status was last changed: nodes that did not do it hear of it by this.
ALTER TABLE users ADD COLUMN access_changed_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX users_by_access_change ON users (access_changed_at) WHERE access_changed_at > 0;

-- Rows to be locked by whoever decides by many rows at once, such as whether another admin is left.
CREATE TABLE locks (
    name TEXT NOT NULL PRIMARY KEY
) STRICT;
INSERT INTO locks (name) VALUES ('admins');

-- What is kept about one account, for its owner.
CREATE INDEX mails_by_recipient ON mails (recipient, id);
CREATE INDEX rsvps_by_user ON rsvps (user_id, event_id);
CREATE INDEX feedback_by_user ON feedback (user_id, event_id);

-- What is to be sent, and what was: `body` is data for a template, gone once the mail is sent. While a mail is being
-- sent, `due_at` is when somebody else may try.
CREATE TABLE mails (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT,
    status TEXT NOT NULL CHECK (status IN ('queued', 'sent', 'failed')),
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_error TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX mails_by_status ON mails (status, id);
CREATE INDEX mails_by_age ON mails (created_at);
CREATE INDEX mails_due ON mails (due_at) WHERE status = 'queued';

ALTER TABLE users ADD COLUMN email_confirmed_at INTEGER;

-- Links sent by mail, each good once. Only digests.
CREATE TABLE link_tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL CHECK (purpose IN ('confirm_email', 'reset_password')),
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX link_tokens_by_user ON link_tokens (user_id);
CREATE INDEX link_tokens_by_expiry ON link_tokens (expires_at);

-- One per address that asked, whether it has an account or not. Only keyed digests.
CREATE TABLE login_codes (
    address_key BLOB NOT NULL PRIMARY KEY,
    code_hash BLOB NOT NULL,
    guesses INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX login_codes_by_expiry ON login_codes (expires_at);

-- The last three times that somebody had a mail sent.
CREATE TABLE mail_limits (
    subject_key BLOB NOT NULL PRIMARY KEY,
    third_last_at INTEGER NOT NULL,
    second_last_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT;
CREATE INDEX mail_limits_by_age ON mail_limits (last_at);

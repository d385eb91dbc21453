-- What is to be sent, and what was: `body` is data for a template, gone once the mail is sent. While a mail is being
-- sent, `due_at` is when somebody else may try.
CREATE TABLE mails (
    id uuid NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    recipient text NOT NULL,
    subject text NOT NULL,
    body text,
    status text NOT NULL CHECK (status IN ('queued', 'sent', 'failed')),
    attempts bigint NOT NULL,
    due_at bigint NOT NULL,
    expires_at bigint,
    last_error text,
    created_at bigint NOT NULL
);
CREATE INDEX mails_by_status ON mails (status, id);
CREATE INDEX mails_by_age ON mails (created_at);
CREATE INDEX mails_due ON mails (due_at) WHERE status = 'queued';

ALTER TABLE users ADD COLUMN email_confirmed_at bigint;

-- Links sent by mail, each good once. Only digests.
CREATE TABLE link_tokens (
    hash bytea NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose text NOT NULL CHECK (purpose IN ('confirm_email', 'reset_password')),
    expires_at bigint NOT NULL
);
CREATE INDEX link_tokens_by_user ON link_tokens (user_id);
CREATE INDEX link_tokens_by_expiry ON link_tokens (expires_at);

-- One per address that asked, whether it has an account or not. Only keyed digests.
CREATE TABLE login_codes (
    address_key bytea NOT NULL PRIMARY KEY,
    code_hash bytea NOT NULL,
    guesses bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX login_codes_by_expiry ON login_codes (expires_at);

-- The last three times that somebody had a mail sent.
CREATE TABLE mail_limits (
    subject_key bytea NOT NULL PRIMARY KEY,
    third_last_at bigint NOT NULL,
    second_last_at bigint NOT NULL,
    last_at bigint NOT NULL
);
CREATE INDEX mail_limits_by_age ON mail_limits (last_at);

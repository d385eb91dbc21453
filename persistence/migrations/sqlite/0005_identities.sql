-- A login is a session: where it was seen last.
ALTER TABLE refresh_families ADD COLUMN used_at INTEGER;
ALTER TABLE refresh_families ADD COLUMN ip TEXT;
ALTER TABLE refresh_families ADD COLUMN user_agent TEXT;
CREATE INDEX refresh_families_by_revocation ON refresh_families (revoked_at);

-- The row of an erased account stays for the orders that name it, and says nothing of anybody.
ALTER TABLE users ADD COLUMN erased_at INTEGER;

-- Who somebody is at another provider.
CREATE TABLE identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT;
CREATE INDEX identities_by_user ON identities (user_id);

-- `secret` is encrypted. Of each time step one code is taken: `last_step`.
CREATE TABLE second_factors (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    last_step INTEGER NOT NULL,
    guesses INTEGER NOT NULL,
    guesses_since INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_codes (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id);

-- Logins that wait for their second factor.
CREATE TABLE login_challenges (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    guesses INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX login_challenges_by_expiry ON login_challenges (expires_at);

-- Digests of what may be used once and was, until it would have expired anyway.
CREATE TABLE spent_tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX spent_tokens_by_expiry ON spent_tokens (expires_at);

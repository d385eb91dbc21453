-- A login is a session: where it was seen last.
ALTER TABLE refresh_families ADD COLUMN used_at bigint;
ALTER TABLE refresh_families ADD COLUMN ip text;
ALTER TABLE refresh_families ADD COLUMN user_agent text;
CREATE INDEX refresh_families_by_revocation ON refresh_families (revoked_at);

-- The row of an erased account stays for the orders that name it, and says nothing of anybody.
ALTER TABLE users ADD COLUMN erased_at bigint;

-- Who somebody is at another provider.
CREATE TABLE identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_by_user ON identities (user_id);

-- `secret` is encrypted. Of each time step one code is taken: `last_step`.
CREATE TABLE second_factors (
    user_id uuid NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret bytea NOT NULL,
    created_at bigint NOT NULL,
    confirmed_at bigint,
    last_step bigint NOT NULL,
    guesses bigint NOT NULL,
    guesses_since bigint NOT NULL
);

CREATE TABLE recovery_codes (
    hash bytea NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX recovery_codes_by_user ON recovery_codes (user_id);

-- Logins that wait for their second factor.
CREATE TABLE login_challenges (
    hash bytea NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    guesses bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX login_challenges_by_expiry ON login_challenges (expires_at);

-- Digests of what may be used once and was, until it would have expired anyway.
CREATE TABLE spent_tokens (
    hash bytea NOT NULL PRIMARY KEY,
    expires_at bigint NOT NULL
);
CREATE INDEX spent_tokens_by_expiry ON spent_tokens (expires_at);

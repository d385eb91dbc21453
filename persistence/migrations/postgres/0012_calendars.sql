-- Nothing was ever kept in it. Now it goes with its account.
DROP TABLE calendar_feeds;
CREATE TABLE calendar_feeds (
    user_id uuid NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,
    created_at bigint NOT NULL
);

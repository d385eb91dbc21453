-- Nothing was ever kept in it. Now it goes with its account.
DROP TABLE calendar_feeds;
CREATE TABLE calendar_feeds (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

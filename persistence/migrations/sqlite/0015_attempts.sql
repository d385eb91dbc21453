-- How often somebody has tried something in a window that began at `began_at`. Only keyed digests. It takes the place of
-- `mail_limits`, which the release before still writes.
CREATE TABLE attempts (
    subject_key BLOB NOT NULL PRIMARY KEY,
    taken INTEGER NOT NULL,
    began_at INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_by_age ON attempts (began_at);

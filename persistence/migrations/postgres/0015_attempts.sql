-- How often somebody has tried something in a window that began at `began_at`. Only keyed digests. It takes the place of
-- `mail_limits`, which the release before still writes.
CREATE TABLE attempts (
    subject_key bytea NOT NULL PRIMARY KEY,
    taken bigint NOT NULL,
    began_at bigint NOT NULL
);
CREATE INDEX attempts_by_age ON attempts (began_at);

ALTER TABLE events ADD COLUMN slug TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN organization TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN rating TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN city TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN country TEXT NOT NULL DEFAULT '';
-- Degrees in millionths.
ALTER TABLE events ADD COLUMN latitude_e6 INTEGER;
ALTER TABLE events ADD COLUMN longitude_e6 INTEGER;
ALTER TABLE events ADD COLUMN category TEXT NOT NULL DEFAULT '';
-- Separated by spaces.
ALTER TABLE events ADD COLUMN tags TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN series_id BLOB;
-- How often words and dates were changed: calendars need to know which of two copies is the newer.
ALTER TABLE events ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN deleted_at INTEGER;
CREATE INDEX events_by_series ON events (series_id, starts_at, id);
UPDATE events SET slug = 'event-' || lower(hex(id)), changed_at = created_at;

CREATE TABLE event_slugs (
    slug TEXT NOT NULL PRIMARY KEY,
    event_id BLOB NOT NULL
) STRICT;
INSERT INTO event_slugs (slug, event_id) SELECT slug, id FROM events;

-- One organizer has one event of a title at a time. Older events claim theirs when they are next changed.
CREATE TABLE event_titles (
    organizer_id BLOB NOT NULL,
    starts_at INTEGER NOT NULL,
    title_key TEXT NOT NULL,
    event_id BLOB NOT NULL,
    PRIMARY KEY (organizer_id, starts_at, title_key)
) STRICT;
CREATE INDEX event_titles_by_event ON event_titles (event_id);

CREATE TABLE series (
    id BLOB NOT NULL PRIMARY KEY,
    organizer_id BLOB NOT NULL,
    -- What its sessions share, as JSON.
    words TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    request_key BLOB UNIQUE
) STRICT;
CREATE INDEX series_by_organizer ON series (organizer_id, id);

-- Who has the token reads the account's tickets as a calendar; only its digest is kept.
CREATE TABLE calendar_feeds (
    user_id BLOB NOT NULL PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

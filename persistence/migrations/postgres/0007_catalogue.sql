ALTER TABLE events ADD COLUMN slug text NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN organization text NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN rating text NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN address text NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN city text NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN country text NOT NULL DEFAULT '';
-- Degrees in millionths.
ALTER TABLE events ADD COLUMN latitude_e6 bigint;
ALTER TABLE events ADD COLUMN longitude_e6 bigint;
ALTER TABLE events ADD COLUMN category text NOT NULL DEFAULT '';
-- Separated by spaces.
ALTER TABLE events ADD COLUMN tags text NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN series_id uuid;
-- How often words and dates were changed: calendars need to know which of two copies is the newer.
ALTER TABLE events ADD COLUMN revision bigint NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN changed_at bigint NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN deleted_at bigint;
CREATE INDEX events_by_series ON events (series_id, starts_at, id);
UPDATE events SET slug = 'event-' || replace(id::text, '-', ''), changed_at = created_at;

CREATE TABLE event_slugs (
    slug text NOT NULL PRIMARY KEY,
    event_id uuid NOT NULL
);
INSERT INTO event_slugs (slug, event_id) SELECT slug, id FROM events;

-- One organizer has one event of a title at a time. Older events claim theirs when they are next changed.
CREATE TABLE event_titles (
    organizer_id uuid NOT NULL,
    starts_at bigint NOT NULL,
    title_key text NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (organizer_id, starts_at, title_key)
);
CREATE INDEX event_titles_by_event ON event_titles (event_id);

CREATE TABLE series (
    id uuid NOT NULL PRIMARY KEY,
    organizer_id uuid NOT NULL,
    -- What its sessions share, as JSON.
    words text NOT NULL,
    created_at bigint NOT NULL,
    request_key bytea UNIQUE
);
CREATE INDEX series_by_organizer ON series (organizer_id, id);

-- Who has the token reads the account's tickets as a calendar; only its digest is kept.
CREATE TABLE calendar_feeds (
    user_id uuid NOT NULL PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE,
    created_at bigint NOT NULL
);

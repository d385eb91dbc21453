-- What finding goes by. Kept by the code beside the words they follow from; an event without a `title_key` is one that an
-- earlier version stored, and gets all of this at the next start.
ALTER TABLE events ADD COLUMN number bigint;
ALTER TABLE events ADD COLUMN title_key text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN city_key text NOT NULL DEFAULT '';
-- `ends_at`, or twelve hours after the start.
ALTER TABLE events ADD COLUMN over_at bigint NOT NULL DEFAULT 0;

-- Projected, as `status` is: what the open tiers that everybody sees cost and when they are sold.
ALTER TABLE events ADD COLUMN price_min_minor bigint NOT NULL DEFAULT 9223372036854775807;
ALTER TABLE events ADD COLUMN price_max_minor bigint NOT NULL DEFAULT -1;
ALTER TABLE events ADD COLUMN sale_from bigint NOT NULL DEFAULT 9223372036854775807;
ALTER TABLE events ADD COLUMN sale_until bigint NOT NULL DEFAULT -9223372036854775807;
ALTER TABLE events ADD COLUMN offer_lsn bigint NOT NULL DEFAULT 0;
-- Projected: whether nothing is left of those tiers.
ALTER TABLE events ADD COLUMN is_sold_out boolean NOT NULL DEFAULT false;
ALTER TABLE events ADD COLUMN sold_out_lsn bigint NOT NULL DEFAULT 0;

-- Each order of the list walks an index; what is behind the number spares it the rows that a filter leaves out.
CREATE INDEX events_by_number ON events (number);
CREATE INDEX events_newest ON events (status, number, over_at, is_sold_out, category, city_key, country, currency,
    price_min_minor, price_max_minor, sale_from, sale_until, starts_at);
CREATE INDEX events_by_start ON events (status, starts_at, number, over_at, is_sold_out, category, city_key, country,
    currency, price_min_minor, price_max_minor, sale_from, sale_until);
CREATE INDEX events_by_price ON events (status, price_min_minor, number, over_at, is_sold_out, category, city_key,
    country, currency, price_max_minor, sale_from, sale_until, starts_at);
CREATE INDEX events_by_title ON events (status, title_key, number, over_at, is_sold_out, category, city_key, country,
    currency, price_min_minor, price_max_minor, sale_from, sale_until, starts_at);
CREATE INDEX events_by_city ON events (status, city_key, starts_at, number);
CREATE INDEX events_by_category ON events (status, category, starts_at, number);
CREATE INDEX events_by_latitude ON events (status, latitude_e6, longitude_e6);

CREATE TABLE event_tags (
    tag text NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (tag, event_id)
);
CREATE INDEX event_tags_by_event ON event_tags (event_id);

-- Projected: the open tiers that everybody sees, as of `offer_lsn` of the event. Rows of other LSNs are gone from it.
CREATE TABLE event_tiers (
    event_id uuid NOT NULL,
    tier_id uuid NOT NULL,
    name_key text NOT NULL,
    price_minor bigint NOT NULL,
    sale_from bigint NOT NULL,
    sale_until bigint NOT NULL,
    lsn bigint NOT NULL,
    PRIMARY KEY (event_id, tier_id)
);
CREATE INDEX event_tiers_by_name ON event_tiers (name_key, event_id);

-- The words of an event: the one table that the two databases do not share.
CREATE SEQUENCE event_numbers;
CREATE TABLE event_search (
    event_id uuid NOT NULL PRIMARY KEY,
    words tsvector NOT NULL
);
CREATE INDEX event_search_by_words ON event_search USING gin (words);
UPDATE events SET over_at = COALESCE(ends_at, starts_at + 43200000000);

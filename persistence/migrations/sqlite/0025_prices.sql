-- Projected: what the open tiers that everybody sees cost when, as of `offer_lsn` of the event. Rows of other LSNs are gone
-- from it.
CREATE TABLE event_tier_prices (
    event_id BLOB NOT NULL,
    tier_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    price_minor INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    lsn INTEGER NOT NULL,
    PRIMARY KEY (event_id, tier_id, position)
) STRICT;

-- Until when `price_min_minor` and `price_max_minor` are what is asked now.
ALTER TABLE events ADD COLUMN price_until INTEGER NOT NULL DEFAULT 9223372036854775807;
CREATE INDEX events_by_price_until ON events (price_until);

-- What was projected before knows of no steps: they follow with the event's next change.
INSERT INTO event_tier_prices (event_id, tier_id, position, price_minor, starts_at, ends_at, lsn)
SELECT event_id, tier_id, 0, price_minor, -9223372036854775807, sale_until, lsn FROM event_tiers;
UPDATE events SET price_until = COALESCE(
    (SELECT MIN(ends_at) FROM event_tier_prices WHERE event_id = events.id AND lsn = events.offer_lsn),
    9223372036854775807);

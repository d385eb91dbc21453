-- Each index that a search may go by holds every column that filters compare and orders go by: a row is read for what is
-- shown alone, and from a filter that leaves thousands of events a page is sorted in milliseconds.

DROP INDEX events_newest;
DROP INDEX events_by_start;
DROP INDEX events_by_price;
DROP INDEX events_by_title;
DROP INDEX events_by_city;
DROP INDEX events_by_category;
DROP INDEX events_by_latitude;
DROP INDEX events_by_status;
DROP INDEX events_by_organizer;
CREATE INDEX events_newest ON events (status, number, over_at, is_sold_out, category, city_key, country, currency,
    price_min_minor, price_max_minor, sale_from, sale_until, starts_at, latitude_e6, longitude_e6, title_key, offer_lsn,
    id);
CREATE INDEX events_by_start ON events (status, starts_at, number, over_at, is_sold_out, category, city_key, country,
    currency, price_min_minor, price_max_minor, sale_from, sale_until, latitude_e6, longitude_e6, title_key, offer_lsn,
    id);
CREATE INDEX events_by_price ON events (status, price_min_minor, number, over_at, is_sold_out, category, city_key,
    country, currency, price_max_minor, sale_from, sale_until, starts_at, latitude_e6, longitude_e6, title_key,
    offer_lsn, id);
CREATE INDEX events_by_title ON events (status, title_key, number, over_at, is_sold_out, category, city_key, country,
    currency, price_min_minor, price_max_minor, sale_from, sale_until, starts_at, latitude_e6, longitude_e6, offer_lsn,
    id);
CREATE INDEX events_by_city ON events (status, city_key, number, over_at, is_sold_out, category, country, currency,
    price_min_minor, price_max_minor, sale_from, sale_until, starts_at, latitude_e6, longitude_e6, title_key, offer_lsn,
    id);
CREATE INDEX events_by_category ON events (status, category, number, over_at, is_sold_out, city_key, country, currency,
    price_min_minor, price_max_minor, sale_from, sale_until, starts_at, latitude_e6, longitude_e6, title_key, offer_lsn,
    id);
CREATE INDEX events_by_latitude ON events (status, latitude_e6, longitude_e6, number, over_at, is_sold_out, category,
    city_key, country, currency, price_min_minor, price_max_minor, sale_from, sale_until, starts_at, title_key,
    offer_lsn, id);
CREATE INDEX events_by_status ON events (status, id, number, over_at, is_sold_out, category, city_key, country,
    currency, price_min_minor, price_max_minor, sale_from, sale_until, starts_at, latitude_e6, longitude_e6, title_key,
    offer_lsn);
CREATE INDEX events_by_organizer ON events (organizer_id, id, status, number, over_at, is_sold_out, category, city_key,
    country, currency, price_min_minor, price_max_minor, sale_from, sale_until, starts_at, latitude_e6, longitude_e6,
    title_key, offer_lsn);

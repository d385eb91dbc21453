-- Where an event is, in the indexes of the orders: walking one of them reads no row for what is far away. And what orders
-- ask for in the index of places, so that a town's events are sorted before a row is read.

DROP INDEX events_newest;
DROP INDEX events_by_start;
DROP INDEX events_by_price;
DROP INDEX events_by_title;
DROP INDEX events_by_latitude;
CREATE INDEX events_newest ON events (status, number, over_at, is_sold_out, category, city_key, country, currency,
    price_min_minor, price_max_minor, sale_from, sale_until, starts_at, latitude_e6, longitude_e6);
CREATE INDEX events_by_start ON events (status, starts_at, number, over_at, is_sold_out, category, city_key, country,
    currency, price_min_minor, price_max_minor, sale_from, sale_until, latitude_e6, longitude_e6);
CREATE INDEX events_by_price ON events (status, price_min_minor, number, over_at, is_sold_out, category, city_key,
    country, currency, price_max_minor, sale_from, sale_until, starts_at, latitude_e6, longitude_e6);
CREATE INDEX events_by_title ON events (status, title_key, number, over_at, is_sold_out, category, city_key, country,
    currency, price_min_minor, price_max_minor, sale_from, sale_until, starts_at, latitude_e6, longitude_e6);
CREATE INDEX events_by_latitude ON events (status, latitude_e6, longitude_e6, number, over_at, starts_at,
    price_min_minor, title_key);

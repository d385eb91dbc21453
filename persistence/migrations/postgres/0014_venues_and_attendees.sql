-- Degrees in millionths, as of events. What they replace is dropped one release later.
ALTER TABLE venues ADD COLUMN latitude_e6 bigint;
ALTER TABLE venues ADD COLUMN longitude_e6 bigint;
UPDATE venues SET latitude_e6 = CAST(round(latitude_e7 / 10.0) AS bigint),
    longitude_e6 = CAST(round(longitude_e7 / 10.0) AS bigint);

-- Name and address in lower case, to be searched.
ALTER TABLE attendees ADD COLUMN name_key text NOT NULL DEFAULT '';
ALTER TABLE attendees ADD COLUMN email_key text;
UPDATE attendees SET name_key = lower(name), email_key = lower(email);

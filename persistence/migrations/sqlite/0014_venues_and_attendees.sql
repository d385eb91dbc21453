-- Degrees in millionths, as of events. What they replace is dropped one release later.
ALTER TABLE venues ADD COLUMN latitude_e6 INTEGER;
ALTER TABLE venues ADD COLUMN longitude_e6 INTEGER;
UPDATE venues SET latitude_e6 = CAST(round(latitude_e7 / 10.0) AS INTEGER),
    longitude_e6 = CAST(round(longitude_e7 / 10.0) AS INTEGER);

-- Name and address in lower case, to be searched. Letters beyond ASCII follow when the attendee is next written.
ALTER TABLE attendees ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE attendees ADD COLUMN email_key TEXT;
UPDATE attendees SET name_key = lower(name), email_key = lower(email);

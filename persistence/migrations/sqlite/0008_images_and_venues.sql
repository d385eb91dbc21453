-- JSON: the pictures in their order, the first is the cover.
ALTER TABLE events ADD COLUMN images TEXT NOT NULL DEFAULT '[]';
ALTER TABLE users ADD COLUMN avatar TEXT;

-- Every picture that may have files in the object storage. With a time: nobody shows it, and from then on its files go.
CREATE TABLE image_files (
    id BLOB NOT NULL PRIMARY KEY,
    owner_id BLOB NOT NULL,
    delete_after INTEGER
) STRICT;
CREATE INDEX image_files_by_delete_after ON image_files (delete_after);

CREATE TABLE venues (
    id BLOB NOT NULL PRIMARY KEY,
    owner_id BLOB NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    city TEXT NOT NULL,
    country TEXT NOT NULL,
    timezone TEXT NOT NULL,
    latitude_e7 INTEGER,
    longitude_e7 INTEGER,
    created_at INTEGER NOT NULL,
    request_key BLOB UNIQUE
) STRICT;
CREATE INDEX venues_by_owner ON venues (owner_id, id);

CREATE TABLE venue_seat_maps (
    venue_id BLOB NOT NULL,
    name TEXT NOT NULL,
    map TEXT NOT NULL,
    sections INTEGER NOT NULL,
    areas INTEGER NOT NULL,
    seats INTEGER NOT NULL,
    places INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (venue_id, name)
) STRICT;

-- Where the seats of an event's map are drawn. The map itself is in the journal.
CREATE TABLE seat_map_drawings (
    event_id BLOB NOT NULL PRIMARY KEY,
    map_digest BLOB NOT NULL,
    drawing TEXT NOT NULL
) STRICT;

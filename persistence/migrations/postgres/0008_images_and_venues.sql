-- JSON: the pictures in their order, the first is the cover.
ALTER TABLE events ADD COLUMN images text NOT NULL DEFAULT '[]';
ALTER TABLE users ADD COLUMN avatar text;

-- Every picture that may have files in the object storage. With a time: nobody shows it, and from then on its files go.
CREATE TABLE image_files (
    id uuid NOT NULL PRIMARY KEY,
    owner_id uuid NOT NULL,
    delete_after bigint
);
CREATE INDEX image_files_by_delete_after ON image_files (delete_after);

CREATE TABLE venues (
    id uuid NOT NULL PRIMARY KEY,
    owner_id uuid NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    city text NOT NULL,
    country text NOT NULL,
    timezone text NOT NULL,
    latitude_e7 bigint,
    longitude_e7 bigint,
    created_at bigint NOT NULL,
    request_key bytea UNIQUE
);
CREATE INDEX venues_by_owner ON venues (owner_id, id);

CREATE TABLE venue_seat_maps (
    venue_id uuid NOT NULL,
    name text NOT NULL,
    map text NOT NULL,
    sections bigint NOT NULL,
    areas bigint NOT NULL,
    seats bigint NOT NULL,
    places bigint NOT NULL,
    updated_at bigint NOT NULL,
    PRIMARY KEY (venue_id, name)
);

-- Where the seats of an event's map are drawn. The map itself is in the journal.
CREATE TABLE seat_map_drawings (
    event_id uuid NOT NULL PRIMARY KEY,
    map_digest bytea NOT NULL,
    drawing text NOT NULL
);

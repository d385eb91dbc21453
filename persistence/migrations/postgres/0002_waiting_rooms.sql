CREATE TABLE waiting_rooms (
    event_id uuid NOT NULL PRIMARY KEY,
    active boolean NOT NULL,
    round bigint NOT NULL,
    joined bigint NOT NULL
);

CREATE TABLE waiting_places (
    event_id uuid NOT NULL,
    round bigint NOT NULL,
    user_id uuid NOT NULL,
    number bigint NOT NULL,
    joined_at bigint NOT NULL,
    PRIMARY KEY (event_id, round, user_id),
    UNIQUE (event_id, round, number)
);

CREATE TABLE priority_passes (
    id uuid NOT NULL PRIMARY KEY,
    event_id uuid NOT NULL,
    issued_by uuid NOT NULL,
    issued_at bigint NOT NULL,
    reason text NOT NULL,
    uses bigint NOT NULL,
    expires_at bigint NOT NULL,
    user_id uuid
);
CREATE INDEX priority_passes_by_event ON priority_passes (event_id, id);

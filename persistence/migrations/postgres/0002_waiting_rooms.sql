CREATE TABLE waiting_rooms (
    event_id uuid NOT NULL PRIMARY KEY,
    active boolean NOT NULL,
    round bigint NOT NULL,
    joined bigint NOT NULL,
    shuffled bigint
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

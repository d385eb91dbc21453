-- How many may say that they come. Every answer locks the event's row: that is what holds the limit.
CREATE TABLE rsvp_limits (
    event_id uuid NOT NULL PRIMARY KEY,
    yes_max bigint
);

CREATE TABLE rsvps (
    event_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    answer text NOT NULL CHECK (answer IN ('yes', 'no', 'maybe')),
    answered_at bigint NOT NULL,
    PRIMARY KEY (event_id, user_id)
);
CREATE INDEX rsvps_by_answer ON rsvps (event_id, answer);

CREATE TABLE feedback (
    event_id uuid NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    rating bigint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    text text NOT NULL,
    created_at bigint NOT NULL,
    changed_at bigint NOT NULL,
    PRIMARY KEY (event_id, user_id)
);

-- By number first: before there are statistics of a new room, the planner takes an index that begins like the primary key
-- for as good, and looks through the whole room for one account.

ALTER TABLE waiting_places DROP CONSTRAINT waiting_places_event_id_round_number_key;
ALTER TABLE waiting_places ADD UNIQUE (number, event_id, round);

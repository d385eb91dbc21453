-- Which node owns the event, and until when nobody else may open it, by the database's clock. NULL: anybody may.
ALTER TABLE leases ADD COLUMN owner_id uuid;
ALTER TABLE leases ADD COLUMN leased_until bigint;

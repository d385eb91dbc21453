-- Always NULL here: the lock on the data directory leaves one node. The columns keep the two schemas alike.
ALTER TABLE leases ADD COLUMN owner_id BLOB;
ALTER TABLE leases ADD COLUMN leased_until INTEGER;

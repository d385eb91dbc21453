-- What staff says of places kept without a time limit. Words about people: kept out of the journal, which has the places.
CREATE TABLE box_office_holds (
    hold_id BLOB NOT NULL PRIMARY KEY,
    event_id BLOB NOT NULL,
    placed_by BLOB NOT NULL,
    placed_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    label TEXT
) STRICT;
CREATE INDEX box_office_holds_by_event ON box_office_holds (event_id, hold_id);

-- How an order of the box office was paid, and who took it. Projected, with its order: no foreign keys and no checks. What
-- staff says of it comes after.
CREATE TABLE box_office_sales (
    order_id BLOB NOT NULL PRIMARY KEY,
    event_id BLOB NOT NULL,
    sold_by BLOB,
    sold_at INTEGER NOT NULL,
    tender TEXT NOT NULL,
    reference TEXT,
    reason TEXT
) STRICT;
CREATE INDEX box_office_sales_by_event ON box_office_sales (event_id, order_id);

-- Money that was owed back for such an order and was paid out. `id` is that of its entry in the ledger.
CREATE TABLE box_office_payouts (
    id BLOB NOT NULL PRIMARY KEY,
    order_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    paid_by BLOB NOT NULL,
    paid_at INTEGER NOT NULL,
    tender TEXT NOT NULL CHECK (tender IN ('cash', 'card_terminal', 'external')),
    reference TEXT,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    request_key BLOB UNIQUE
) STRICT;
CREATE INDEX box_office_payouts_by_order ON box_office_payouts (order_id, id);
CREATE INDEX box_office_payouts_by_event ON box_office_payouts (event_id, id);

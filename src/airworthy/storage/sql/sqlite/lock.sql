-- The last signed head. Never part of a restore set: it is what a restored log is measured against.

-- name: schema
CREATE TABLE IF NOT EXISTS head (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  note TEXT NOT NULL
) STRICT;

-- name: head
SELECT note FROM head;

-- name: first_head
INSERT INTO head (one, note) VALUES (1, ?);

-- name: swap_head
UPDATE head SET note = ?1 WHERE note = ?2;

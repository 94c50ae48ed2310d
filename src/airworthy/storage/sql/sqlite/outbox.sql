-- What webhooks are still to be sent: how far the log was read, and one row per entry and endpoint. No content.

-- name: schema
CREATE TABLE IF NOT EXISTS cursor (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL -- the first entry that was not looked at yet
) STRICT;
INSERT OR IGNORE INTO cursor (one, seq) VALUES (1, 0);
CREATE TABLE IF NOT EXISTS delivery (
  seq      INTEGER NOT NULL,
  endpoint TEXT NOT NULL,
  kind     TEXT NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('due', 'delivered', 'dead')),
  attempts INTEGER NOT NULL,
  first_at INTEGER, -- when it was first tried; the time to give up counts from here
  next_at  INTEGER NOT NULL, -- due: when to try; delivered or dead: since when
  status   TEXT NOT NULL, -- how the last attempt ended, in words
  PRIMARY KEY (seq, endpoint)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS delivery_by_state ON delivery (endpoint, state, next_at);

-- name: cursor
SELECT seq FROM cursor;

-- name: move_cursor
UPDATE cursor SET seq = ?1 WHERE seq = ?2;

-- name: add_delivery
INSERT INTO delivery (seq, endpoint, kind, state, attempts, next_at, status) VALUES (?, ?, ?, 'due', 0, ?, '')
ON CONFLICT DO NOTHING;

-- name: due
SELECT seq, endpoint, kind, state, attempts, first_at, next_at, status FROM delivery
WHERE endpoint = ? AND state = 'due' AND next_at <= ? ORDER BY next_at, seq LIMIT ?;

-- name: next_due
SELECT min(next_at) FROM delivery WHERE endpoint = ? AND state = 'due';

-- name: claim
UPDATE delivery SET next_at = ?1 WHERE seq = ?2 AND endpoint = ?3 AND state = 'due' AND next_at = ?4;

-- name: settle
UPDATE delivery SET state = ?1, next_at = ?2, first_at = ?3, status = ?4, attempts = attempts + 1
WHERE seq = ?5 AND endpoint = ?6 AND state = 'due';

-- name: give_up
UPDATE delivery SET state = 'dead', next_at = ?1, status = ?2 WHERE endpoint = ?3 AND state = 'due';

-- name: counts
SELECT state, count(*) FROM delivery WHERE endpoint = ? GROUP BY state;

-- name: count_due
SELECT count(*) FROM delivery WHERE endpoint = ? AND state = 'due' AND next_at <= ?;

-- name: dead
SELECT seq, endpoint, kind, state, attempts, first_at, next_at, status FROM delivery
WHERE state = 'dead' ORDER BY seq, endpoint;

-- name: redrive
UPDATE delivery SET state = 'due', attempts = 0, first_at = NULL, next_at = ?1
WHERE seq = ?2 AND endpoint = ?3 AND state = 'dead';

-- name: forget_delivered
DELETE FROM delivery WHERE endpoint = ? AND state = 'delivered' AND next_at < ?;

-- name: forget_endpoint
DELETE FROM delivery WHERE endpoint = ?;

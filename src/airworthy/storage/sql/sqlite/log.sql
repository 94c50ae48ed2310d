-- The log. `kind`, `about`, `decided` and `run` are projections: what stands in `leaf` decides, and they can be rebuilt from it.

-- name: schema
CREATE TABLE IF NOT EXISTS entry (
  seq   INTEGER PRIMARY KEY,
  kind  TEXT NOT NULL,
  about TEXT NOT NULL,
  leaf  BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_kind ON entry (kind);
CREATE INDEX IF NOT EXISTS entry_about ON entry (about);
CREATE TABLE IF NOT EXISTS tile (
  id     INTEGER PRIMARY KEY, -- level * 2^48 + index
  hashes BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS payload (
  id   INTEGER PRIMARY KEY, -- seq * 256 + ordinal
  data BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS run (
  run     TEXT PRIMARY KEY,
  ordinal INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS decided (
  once BLOB PRIMARY KEY, -- keyed hash of point, subject and attempt: nothing without the sealing key
  seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  format       INTEGER NOT NULL,
  verifier_key TEXT NOT NULL
) STRICT;

-- name: name_log
INSERT OR IGNORE INTO meta (one, format, verifier_key) VALUES (1, 2, ?);

-- name: format
SELECT format FROM meta;

-- name: set_format
UPDATE meta SET format = ?;

-- name: verifier_key
SELECT verifier_key FROM meta WHERE format IN (1, 2);

-- name: size
SELECT coalesce(max(seq), -1) + 1 FROM entry;

-- name: add_entry
INSERT INTO entry (seq, kind, about, leaf) VALUES (?, ?, ?, ?);

-- name: add_payload
INSERT INTO payload (id, data) VALUES (?, ?);

-- name: add_decided
INSERT OR IGNORE INTO decided (once, seq) VALUES (?, ?);

-- name: forget_decided
DELETE FROM decided;

-- name: decided
SELECT seq, leaf FROM entry WHERE seq = (SELECT seq FROM decided WHERE once = ?);

-- name: put_tile
INSERT OR REPLACE INTO tile (id, hashes) VALUES (?, ?);

-- name: put_run
INSERT INTO run (run, ordinal) VALUES (?1, ?2) ON CONFLICT (run) DO UPDATE SET ordinal = max(ordinal, ?2);

-- name: file_entry
UPDATE entry SET kind = ?, about = ? WHERE seq = ?;

-- name: sort_indexes
REINDEX entry;

-- name: forget_run
DELETE FROM run WHERE run = ?;

-- name: leaf
SELECT leaf FROM entry WHERE seq = ?;

-- name: entries
SELECT seq, leaf FROM entry WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?;

-- name: entries_of_kind
SELECT seq, leaf FROM entry WHERE kind = ?4 AND seq >= ?1 AND seq < ?2 ORDER BY seq LIMIT ?3;

-- name: projected_entries
SELECT seq, leaf, kind, about FROM entry WHERE seq >= ? ORDER BY seq LIMIT ?;

-- name: bears
SELECT 1 FROM entry WHERE about = ? LIMIT 1;

-- name: abouts
SELECT about FROM entry;

-- name: onces
SELECT once FROM decided;

-- name: entries_about
SELECT seq, leaf FROM entry WHERE about = ? ORDER BY seq;

-- name: tile
SELECT hashes FROM tile WHERE id = ?;

-- name: tile_ids
SELECT id FROM tile ORDER BY id;

-- name: payload
SELECT data FROM payload WHERE id = ?;

-- name: payload_ids
SELECT id FROM payload ORDER BY id;

-- name: progress
SELECT ordinal FROM run WHERE run = ?;

-- name: runs
SELECT run, ordinal FROM run ORDER BY run;

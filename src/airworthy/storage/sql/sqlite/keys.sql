-- The key store: the only place that leads from a log to a name or opens what was sealed. Rows are destroyed, never
-- overwritten.

-- name: schema
CREATE TABLE IF NOT EXISTS subject (
  number INTEGER PRIMARY KEY,
  handle BLOB NOT NULL UNIQUE,
  sealed BLOB NOT NULL -- the name, under the wrapping key
) STRICT;
CREATE TABLE IF NOT EXISTS data_key (
  number     INTEGER NOT NULL,
  data_class TEXT NOT NULL,
  wrapped    BLOB NOT NULL,
  PRIMARY KEY (number, data_class)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kref (
  kref          BLOB PRIMARY KEY,
  number        INTEGER NOT NULL,
  authenticator BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- name: add_subject
INSERT INTO subject (number, handle, sealed) VALUES (?, ?, ?);

-- name: add_data_key
INSERT INTO data_key (number, data_class, wrapped) VALUES (?, ?, ?);

-- name: add_kref
INSERT INTO kref (kref, number, authenticator) VALUES (?, ?, ?);

-- name: last_number
SELECT coalesce(max(number), 0) FROM subject;

-- name: numbers
SELECT handle, number FROM subject LIMIT ?;

-- name: number
SELECT number FROM subject WHERE handle = ?;

-- name: subject
SELECT number, handle, sealed FROM subject WHERE number = ?;

-- name: data_key
SELECT number, data_class, wrapped FROM data_key WHERE number = ? AND data_class = ?;

-- name: kref
SELECT kref, number, authenticator FROM kref WHERE kref = ?;

-- name: subjects
SELECT number, handle, sealed FROM subject;

-- name: data_keys
SELECT number, data_class, wrapped FROM data_key;

-- name: krefs
SELECT kref, number, authenticator FROM kref;

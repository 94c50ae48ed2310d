-- The key store: the only place that leads from a log to a name or opens what was sealed. Rows are destroyed, never
-- overwritten.

-- name: schema
CREATE TABLE IF NOT EXISTS subject (
  handle BLOB PRIMARY KEY,
  sealed BLOB NOT NULL -- the name, under the wrapping key
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS data_key (
  handle     BLOB NOT NULL,
  data_class TEXT NOT NULL,
  wrapped    BLOB NOT NULL,
  PRIMARY KEY (handle, data_class)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kref (
  kref          BLOB PRIMARY KEY,
  handle        BLOB NOT NULL,
  authenticator BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- name: add_subject
INSERT OR IGNORE INTO subject (handle, sealed) VALUES (?, ?);

-- name: add_data_key
INSERT INTO data_key (handle, data_class, wrapped) VALUES (?, ?, ?);

-- name: add_kref
INSERT INTO kref (kref, handle, authenticator) VALUES (?, ?, ?);

-- name: subject
SELECT sealed FROM subject WHERE handle = ?;

-- name: data_key
SELECT wrapped FROM data_key WHERE handle = ? AND data_class = ?;

-- name: kref
SELECT handle, authenticator FROM kref WHERE kref = ?;

-- name: subjects
SELECT handle, sealed FROM subject;

-- name: data_keys
SELECT handle, data_class, wrapped FROM data_key;

-- name: krefs
SELECT kref, handle, authenticator FROM kref;

-- Steps of the catalog's schema run in the order of their numbers, all in one transaction, and
-- PRAGMA user_version is the number of the last one. A released step never changes.
--
-- States, verdicts and origins are words, so that a stock sqlite3 shows what a row means and an
-- enum can grow without a new schema.

CREATE TABLE snapshots (
  number        INTEGER PRIMARY KEY,  -- what the tables below refer to: an id takes 64 characters
  id            TEXT    NOT NULL UNIQUE,
  line          TEXT    NOT NULL,
  seq           INTEGER NOT NULL,
  parent        TEXT,                 -- an id; no foreign key, since the parent may be removed
  created       TEXT    NOT NULL,     -- UTC, of fixed width: sorts as text
  step          INTEGER,
  payload_bytes INTEGER NOT NULL,
  stored_bytes  INTEGER NOT NULL,
  codec         TEXT    NOT NULL,     -- NAME or NAME:LEVEL
  format        TEXT    NOT NULL,
  protocol      INTEGER NOT NULL,
  origin        TEXT    NOT NULL,
  verdict       TEXT    NOT NULL,
  state         TEXT    NOT NULL,
  UNIQUE (line, seq)
) STRICT;

CREATE INDEX snapshots_by_creation ON snapshots (created, seq);
CREATE INDEX snapshots_by_step ON snapshots (line, step, seq) WHERE step IS NOT NULL;

CREATE TABLE metrics (
  snapshot INTEGER NOT NULL REFERENCES snapshots ON DELETE CASCADE,
  name     TEXT    NOT NULL,
  value    REAL,                      -- NULL is NaN, which SQLite cannot hold
  PRIMARY KEY (snapshot, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE tags (
  snapshot INTEGER NOT NULL REFERENCES snapshots ON DELETE CASCADE,
  tag      TEXT    NOT NULL,
  PRIMARY KEY (snapshot, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_by_tag ON tags (tag);

-- Names that pickles import, each once: the snapshots of a line mostly share theirs.
CREATE TABLE symbols (
  number INTEGER PRIMARY KEY,
  module TEXT    NOT NULL,
  name   TEXT    NOT NULL,
  UNIQUE (module, name)
) STRICT;

CREATE TABLE snapshot_symbols (
  snapshot INTEGER NOT NULL REFERENCES snapshots ON DELETE CASCADE,
  symbol   INTEGER NOT NULL REFERENCES symbols,
  count    INTEGER NOT NULL,
  PRIMARY KEY (snapshot, symbol)
) STRICT, WITHOUT ROWID;

CREATE INDEX snapshot_symbols_by_symbol ON snapshot_symbols (symbol);

-- The step of every migration table at save time. No reference to tables: a manifest may come from
-- a store that has other tables.
CREATE TABLE snapshot_steps (
  snapshot INTEGER NOT NULL REFERENCES snapshots ON DELETE CASCADE,
  name     TEXT    NOT NULL,
  version  INTEGER NOT NULL,
  PRIMARY KEY (snapshot, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE tables (
  name       TEXT    NOT NULL,
  version    INTEGER NOT NULL,
  digest     TEXT    NOT NULL,
  title      TEXT    NOT NULL,
  toml       TEXT    NOT NULL,
  registered TEXT    NOT NULL,
  PRIMARY KEY (name, version)
) STRICT;

-- line and snapshot are no foreign keys: an event outlives what it is about.
CREATE TABLE events (
  number   INTEGER PRIMARY KEY,
  time     TEXT NOT NULL,
  kind     TEXT NOT NULL,
  line     TEXT,
  snapshot TEXT,
  json     TEXT NOT NULL
) STRICT;

-- +goose Up
-- Times are integers: milliseconds since 1970, UTC. Lists and objects are JSON texts. Every table but workspaces
-- begins its keys with the workspace, so that no query can reach another's rows without naming it.

CREATE TABLE workspaces (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  zone       TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  -- When time alone next has work in this workspace. 0 while it is open, or was not closed in order: then it must
  -- be opened to know.
  next_due   BIGINT NOT NULL DEFAULT 0,
  -- The last batch that the engine acknowledged, as far as we know: an engine that opens with less has lost data.
  acknowledged BIGINT NOT NULL DEFAULT 0,
  next_alias BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE keys (
  id           TEXT PRIMARY KEY,
  workspace    TEXT NOT NULL REFERENCES workspaces (id),
  kind         TEXT NOT NULL,             -- pk, sk, ak
  name         TEXT NOT NULL,
  scopes       TEXT NOT NULL,
  hint         TEXT NOT NULL,             -- the secret's first characters, to tell keys apart
  hash         BLOB NOT NULL UNIQUE,      -- SHA-256 of the secret; the secret itself is kept nowhere
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,           -- 0: never
  revoked_at   BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX keys_by_workspace ON keys (workspace, created_at);

CREATE TABLE segments (
  workspace   TEXT NOT NULL REFERENCES workspaces (id),
  id          TEXT NOT NULL,
  alias       BIGINT NOT NULL,            -- the integer that the Customer.io family knows it by
  key         TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  tags        TEXT NOT NULL,
  kind        TEXT NOT NULL,              -- dynamic, manual
  definition  TEXT NOT NULL,              -- canonical JSON; '' for manual
  state       TEXT NOT NULL,              -- live, paused, archived: what was asked for; the engine adds building, failed
  version     BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  updated_at  BIGINT NOT NULL,
  PRIMARY KEY (workspace, id),
  UNIQUE (workspace, key),
  UNIQUE (workspace, alias)
);

CREATE TABLE segment_versions (
  workspace  TEXT NOT NULL,
  segment    TEXT NOT NULL,
  version    BIGINT NOT NULL,
  definition TEXT NOT NULL,
  saved_at   BIGINT NOT NULL,
  saved_by   TEXT NOT NULL,
  PRIMARY KEY (workspace, segment, version)
);

CREATE TABLE imports (
  workspace  TEXT NOT NULL REFERENCES workspaces (id),
  id         TEXT NOT NULL,
  kind       TEXT NOT NULL,               -- people, events, members
  format     TEXT NOT NULL,               -- csv, ndjson, parquet
  file       TEXT NOT NULL,               -- the name it came with
  mapping    TEXT NOT NULL,
  dry_run    BIGINT NOT NULL,
  state      TEXT NOT NULL,               -- running, done, failed, cancelled
  reason     TEXT NOT NULL DEFAULT '',
  bytes      BIGINT NOT NULL,             -- of the file, 0 if not known
  read_bytes BIGINT NOT NULL DEFAULT 0,
  rows_read  BIGINT NOT NULL DEFAULT 0,   -- where a resumed run goes on
  accepted   BIGINT NOT NULL DEFAULT 0,
  repeated   BIGINT NOT NULL DEFAULT 0,
  rejected   BIGINT NOT NULL DEFAULT 0,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);

CREATE TABLE import_rejections (
  workspace TEXT NOT NULL,
  import    TEXT NOT NULL,
  row_number BIGINT NOT NULL,             -- from 1, the header not counted
  line      BIGINT NOT NULL,              -- of the file, on which the row begins
  code      TEXT NOT NULL,
  message   TEXT NOT NULL,
  raw       TEXT NOT NULL,                -- the row as it came
  PRIMARY KEY (workspace, import, row_number)
);

-- What was refused, or taken only in part, where a protocol makes us answer 200 all the same.
CREATE TABLE rejections (
  id         INTEGER PRIMARY KEY,
  workspace  TEXT NOT NULL,
  at         BIGINT NOT NULL,
  family     TEXT NOT NULL,               -- segment, customerio, api
  kind       TEXT NOT NULL,
  message_id TEXT NOT NULL,
  code       TEXT NOT NULL,
  pointer    TEXT NOT NULL,
  message    TEXT NOT NULL,
  warning    BIGINT NOT NULL,             -- 1: the rest was taken
  body       BLOB NOT NULL                -- the item as it came
);
CREATE INDEX rejections_by_time ON rejections (workspace, id);

CREATE TABLE audit (
  id        INTEGER PRIMARY KEY,
  workspace TEXT NOT NULL,
  at        BIGINT NOT NULL,
  who       TEXT NOT NULL,                -- a key's or a user's id
  action    TEXT NOT NULL,                -- segment.create, key.revoke, person.erase, …
  object    TEXT NOT NULL,
  detail    TEXT NOT NULL                 -- JSON; no personal data
);
CREATE INDEX audit_by_time ON audit (workspace, id);

-- Answers kept for a day, so that a write repeated with the same Idempotency-Key gets the first one's answer.
CREATE TABLE answers (
  workspace TEXT NOT NULL,
  key       TEXT NOT NULL,
  request   BLOB NOT NULL,                -- SHA-256 of method, path and body
  status    BIGINT NOT NULL,              -- 0 while the first is under way
  header    TEXT NOT NULL,
  body      BLOB NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (workspace, key)
);

-- +goose Down
DROP TABLE answers; DROP TABLE audit; DROP TABLE rejections; DROP TABLE import_rejections; DROP TABLE imports;
DROP TABLE segment_versions; DROP TABLE segments; DROP TABLE keys; DROP TABLE workspaces;

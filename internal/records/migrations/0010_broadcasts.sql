-- +goose Up
CREATE TABLE broadcasts (
  workspace  TEXT NOT NULL REFERENCES workspaces (id),
  id         TEXT NOT NULL,
  alias      BIGINT NOT NULL,
  name       TEXT NOT NULL,
  state      TEXT NOT NULL,               -- draft, scheduled, sending, paused, sent, cancelled
  reason     TEXT NOT NULL,
  spec       TEXT NOT NULL,               -- JSON object
  stage      TEXT NOT NULL,               -- of the planning: '', planning, testing, rest, planned
  people     BIGINT NOT NULL,             -- in the audience, once it stands
  gone       BIGINT NOT NULL,             -- of those: not there any more when their delivery was to be written
  winner     TEXT NOT NULL,
  due_at     BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at   BIGINT NOT NULL,
  PRIMARY KEY (workspace, id),
  UNIQUE (workspace, alias)
);
-- What the runner looks at: small, since most broadcasts are over or drafts.
CREATE INDEX broadcasts_at_work ON broadcasts (workspace, alias) WHERE ended_at = 0 AND state <> 'draft';

-- The audience of a broadcast as the engine froze it; gone once everybody on it has a delivery.
CREATE TABLE broadcast_rolls (
  workspace TEXT NOT NULL,
  broadcast TEXT NOT NULL,
  people    BLOB NOT NULL,
  PRIMARY KEY (workspace, broadcast)
);

-- Deliveries that wait to be let out: by the rate of their broadcast, or until it goes on.
CREATE INDEX deliveries_held ON deliveries (workspace, origin, due_at) WHERE state = 'held';
-- What may stop a broadcast: few.
CREATE INDEX deliveries_bad ON deliveries (workspace, origin) WHERE bounced_at > 0 OR complained_at > 0;

-- +goose Down
DROP INDEX deliveries_bad; DROP INDEX deliveries_held; DROP TABLE broadcast_rolls; DROP TABLE broadcasts;

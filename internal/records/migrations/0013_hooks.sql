-- +goose Up
CREATE TABLE hooks (
  workspace     TEXT NOT NULL REFERENCES workspaces (id),
  id            TEXT NOT NULL,
  name          TEXT NOT NULL,
  url           TEXT NOT NULL,
  events        TEXT NOT NULL,            -- JSON list
  segments      TEXT NOT NULL,            -- JSON list of ids
  secrets       BLOB NOT NULL,            -- sealed
  is_on         BIGINT NOT NULL,
  reason        TEXT NOT NULL,            -- why it was turned off by itself
  failing_since BIGINT NOT NULL,          -- 0: it is not
  created_at    BIGINT NOT NULL,
  updated_at    BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);

-- Calls, made and to be made. No personal data but keys.
CREATE TABLE hook_calls (
  seq       INTEGER PRIMARY KEY,
  workspace TEXT NOT NULL,
  hook      TEXT NOT NULL,
  id        TEXT NOT NULL,                -- of webhook-id
  event     TEXT NOT NULL,
  lane      TEXT NOT NULL,                -- calls of a lane go out one after the other
  data      TEXT NOT NULL,                -- JSON object
  at        BIGINT NOT NULL,
  state     TEXT NOT NULL,                -- planned, sent, failed, missing
  attempts  BIGINT NOT NULL,
  due_at    BIGINT NOT NULL,
  answer    TEXT NOT NULL,
  ended_at  BIGINT NOT NULL,
  UNIQUE (workspace, hook, id)
);
-- What is to be done next: the first of each lane.
CREATE INDEX hook_calls_planned ON hook_calls (workspace, hook, lane, seq) WHERE state = 'planned';
CREATE INDEX hook_calls_of ON hook_calls (workspace, hook, seq);
CREATE INDEX hook_calls_ended ON hook_calls (ended_at) WHERE state <> 'planned';

-- +goose Down
DROP TABLE hook_calls; DROP TABLE hooks;

-- +goose Up
CREATE TABLE campaigns (
  workspace  TEXT NOT NULL REFERENCES workspaces (id),
  id         TEXT NOT NULL,
  alias      BIGINT NOT NULL,
  name       TEXT NOT NULL,
  state      TEXT NOT NULL,               -- draft, live, paused, archived
  version    BIGINT NOT NULL,
  spec       TEXT NOT NULL,               -- JSON object
  live_since BIGINT NOT NULL,             -- what happened before starts nobody; 0 for a draft
  refused    BIGINT NOT NULL,             -- starts that were refused: a person begins only so often a day
  lost_at    BIGINT NOT NULL,             -- when what started and ended journeys was last missed; 0 for never
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, id),
  UNIQUE (workspace, alias)
);

CREATE TABLE campaign_versions (
  workspace TEXT NOT NULL,
  campaign  TEXT NOT NULL,
  version   BIGINT NOT NULL,
  spec      TEXT NOT NULL,
  saved_at  BIGINT NOT NULL,
  saved_by  TEXT NOT NULL,
  PRIMARY KEY (workspace, campaign, version)
);

-- One person on their way through a campaign.
CREATE TABLE journeys (
  workspace    TEXT NOT NULL,
  id           TEXT NOT NULL,
  campaign     TEXT NOT NULL,
  version      BIGINT NOT NULL,
  person       TEXT NOT NULL,
  state        TEXT NOT NULL,             -- active, done, exited
  reason       TEXT NOT NULL,
  step         TEXT NOT NULL,             -- '' before the first
  waiting      BIGINT NOT NULL,
  lap          BIGINT NOT NULL,
  moves        BIGINT NOT NULL,           -- entries of its path
  started_at   BIGINT NOT NULL,
  step_at      BIGINT NOT NULL,
  due_at       BIGINT NOT NULL,
  ended_at     BIGINT NOT NULL,
  converted_at BIGINT NOT NULL,
  data         TEXT NOT NULL,             -- JSON object of variables; '' for none
  PRIMARY KEY (workspace, id)
);
-- What is to be moved next: a read of one campaign, so that paused ones cost nothing.
CREATE INDEX journeys_due ON journeys (workspace, campaign, due_at) WHERE state = 'active';
-- Whom an event or a change is about; the rule of re-entry.
CREATE INDEX journeys_active ON journeys (workspace, person) WHERE state = 'active';
CREATE INDEX journeys_by_person ON journeys (workspace, person, campaign, started_at);
-- How many are where; lists of those.
CREATE INDEX journeys_by_step ON journeys (workspace, campaign, state, reason, step, started_at, id);
CREATE INDEX journeys_converted ON journeys (workspace, campaign) WHERE converted_at > 0;

CREATE TABLE journey_path (
  workspace TEXT NOT NULL,
  journey   TEXT NOT NULL,
  n         BIGINT NOT NULL,
  at        BIGINT NOT NULL,
  step      TEXT NOT NULL,                -- '' for the end
  what      TEXT NOT NULL,
  PRIMARY KEY (workspace, journey, n)
);

-- What journeys ask of the engine, until it was told.
CREATE TABLE journey_updates (
  workspace TEXT NOT NULL,
  id        TEXT NOT NULL,                -- message id
  person    TEXT NOT NULL,
  at        BIGINT NOT NULL,
  asked     TEXT NOT NULL,                -- JSON
  PRIMARY KEY (workspace, id)
);

-- +goose Down
DROP TABLE journey_updates; DROP TABLE journey_path; DROP TABLE journeys; DROP TABLE campaign_versions; DROP TABLE campaigns;

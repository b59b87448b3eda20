-- +goose Up
CREATE TABLE channels (
  workspace  TEXT NOT NULL REFERENCES workspaces (id),
  id         TEXT NOT NULL,
  kind       TEXT NOT NULL,               -- email, push, webhook
  provider   TEXT NOT NULL,               -- smtp, fcm, apns, webpush, webhook
  name       TEXT NOT NULL,
  is_on      BIGINT NOT NULL,
  settings   TEXT NOT NULL,               -- JSON object; no secrets
  secrets    BLOB NOT NULL,               -- sealed
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, id)
);

CREATE TABLE templates (
  workspace  TEXT NOT NULL REFERENCES workspaces (id),
  id         TEXT NOT NULL,
  alias      BIGINT NOT NULL,
  key        TEXT NOT NULL,
  name       TEXT NOT NULL,
  kind       TEXT NOT NULL,
  version    BIGINT NOT NULL,
  content    TEXT NOT NULL,               -- JSON object
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace, id),
  UNIQUE (workspace, key),
  UNIQUE (workspace, alias)
);

CREATE TABLE template_versions (
  workspace TEXT NOT NULL,
  template  TEXT NOT NULL,
  version   BIGINT NOT NULL,
  content   TEXT NOT NULL,
  saved_at  BIGINT NOT NULL,
  saved_by  TEXT NOT NULL,
  PRIMARY KEY (workspace, template, version)
);

-- One message to one person. Moments are 0 until they come.
CREATE TABLE deliveries (
  alias               INTEGER PRIMARY KEY,
  workspace           TEXT NOT NULL,
  id                  TEXT NOT NULL,
  origin_kind         TEXT NOT NULL,      -- broadcast, campaign, transactional, test
  origin              TEXT NOT NULL,
  origin_version      BIGINT NOT NULL,
  step                TEXT NOT NULL,
  variant             TEXT NOT NULL,
  occurrence          TEXT NOT NULL,
  person              TEXT NOT NULL,
  kind                TEXT NOT NULL,
  channel             TEXT NOT NULL,
  template            TEXT NOT NULL,
  template_version    BIGINT NOT NULL,
  topic               TEXT NOT NULL,
  consent             BIGINT NOT NULL,
  mode                TEXT NOT NULL,
  state               TEXT NOT NULL,
  reason              TEXT NOT NULL,
  detail              TEXT NOT NULL,
  attempt             BIGINT NOT NULL,
  lease               TEXT NOT NULL,      -- who is attempting it; '' for nobody. With attempt it is the fence of the outcome
  lease_until         BIGINT NOT NULL,
  recipient           TEXT NOT NULL,
  due_at              BIGINT NOT NULL,
  planned_at          BIGINT NOT NULL,
  sent_at             BIGINT NOT NULL,
  delivered_at        BIGINT NOT NULL DEFAULT 0,
  opened_at           BIGINT NOT NULL DEFAULT 0,
  clicked_at          BIGINT NOT NULL DEFAULT 0,
  converted_at        BIGINT NOT NULL DEFAULT 0,
  bounced_at          BIGINT NOT NULL DEFAULT 0,
  complained_at       BIGINT NOT NULL DEFAULT 0,
  unsubscribed_at     BIGINT NOT NULL DEFAULT 0,
  machine_opened_at   BIGINT NOT NULL DEFAULT 0,
  machine_clicked_at  BIGINT NOT NULL DEFAULT 0,
  untold              BIGINT NOT NULL,    -- 1: what became of it is still to be told to the engine as an activity
  content             TEXT NOT NULL,      -- JSON of its own content; '' for the template's
  data                TEXT NOT NULL,      -- JSON object of variables; '' for none
  UNIQUE (workspace, id)
);
-- What is to be done next: small, since most deliveries are over.
CREATE INDEX deliveries_due ON deliveries (workspace, due_at) WHERE state = 'planned';
CREATE INDEX deliveries_attempting ON deliveries (workspace, lease_until) WHERE state = 'attempting';
CREATE INDEX deliveries_untold ON deliveries (workspace) WHERE untold = 1;
-- Reports and lists of one origin; caps and lists of one person.
CREATE INDEX deliveries_by_origin ON deliveries (workspace, origin, step, variant);
CREATE INDEX deliveries_by_person ON deliveries (workspace, person, sent_at);

CREATE TABLE suppressions (
  workspace TEXT NOT NULL,
  kind      TEXT NOT NULL,
  hash      TEXT NOT NULL,                -- keyed, of the folded address
  address   TEXT NOT NULL,                -- '' once its person was erased
  reason    TEXT NOT NULL,                -- bounce, complaint, manual, erasure
  detail    TEXT NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (workspace, kind, hash)
);

-- What the sandbox caught.
CREATE TABLE inbox (
  seq       INTEGER PRIMARY KEY,
  workspace TEXT NOT NULL,
  delivery  TEXT NOT NULL,
  person    TEXT NOT NULL,
  kind      TEXT NOT NULL,
  recipient TEXT NOT NULL,
  subject   TEXT NOT NULL,                -- or the title, or method and address
  at        BIGINT NOT NULL,
  raw       BLOB NOT NULL                 -- the message as it would have gone out
);
CREATE INDEX inbox_by_workspace ON inbox (workspace, seq);

-- How far each reader of the engine's feed or journal has come; moved in the transaction that holds what it made of it.
CREATE TABLE cursors (
  workspace TEXT NOT NULL,
  reader    TEXT NOT NULL,                -- campaigns, webhook:…
  cursor    TEXT NOT NULL,
  PRIMARY KEY (workspace, reader)
);

-- How messages of a workspace go out: JSON of caps, quiet hours, topics, the sender's address.
ALTER TABLE workspaces ADD COLUMN sending TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE workspaces DROP COLUMN sending;
DROP TABLE cursors; DROP TABLE inbox; DROP TABLE suppressions; DROP TABLE deliveries; DROP TABLE template_versions; DROP TABLE templates; DROP TABLE channels;

-- +goose Up
-- What came back about deliveries and is still to be told to the engine: gone once it is.
CREATE TABLE sightings (
  seq        INTEGER PRIMARY KEY,
  workspace  TEXT NOT NULL,
  delivery   TEXT NOT NULL,
  person     TEXT NOT NULL,               -- key
  action     TEXT NOT NULL,               -- opened, clicked, …; '' for a choice of attributes alone
  link       TEXT NOT NULL,
  reason     TEXT NOT NULL,
  machine    BIGINT NOT NULL,             -- 1: seen to be no person's by itself
  burst      BIGINT NOT NULL DEFAULT 0,   -- 1: a click beside another link's in a moment: no person's
  attributes TEXT NOT NULL,               -- JSON object of what the person chose; '' for nothing
  at         BIGINT NOT NULL,
  minute     BIGINT NOT NULL,             -- of at; of a choice at itself, since every choice counts
  due_at     BIGINT NOT NULL,             -- when to tell: a click waits for those beside it
  -- The same within a minute is seen once, so that whoever asks again and again fills nothing.
  UNIQUE (workspace, delivery, action, link, machine, minute, attributes)
);
CREATE INDEX sightings_due ON sightings (due_at, seq);

-- +goose Down
DROP TABLE sightings;

-- +goose Up
-- The made-up company of a workspace, as JSON; '' for one of real data.
ALTER TABLE workspaces ADD COLUMN demo TEXT NOT NULL DEFAULT '';

-- When a key was last used, to the hour; 0: never.
ALTER TABLE keys ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;

-- Workspaces that were removed, and whose directories are still to be.
CREATE TABLE removed_workspaces (
  id TEXT PRIMARY KEY
);

-- +goose Down
DROP TABLE removed_workspaces;
ALTER TABLE keys DROP COLUMN used_at;
ALTER TABLE workspaces DROP COLUMN demo;

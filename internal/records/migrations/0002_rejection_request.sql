-- +goose Up
-- A rejected item is replayed as the call that it came by would take it, and with no more rights than that had.
ALTER TABLE rejections ADD COLUMN request TEXT NOT NULL DEFAULT '';  -- method and escaped path
ALTER TABLE rejections ADD COLUMN public BIGINT NOT NULL DEFAULT 0;   -- 1: came with a browser key, or with none

-- +goose Down
ALTER TABLE rejections DROP COLUMN request;
ALTER TABLE rejections DROP COLUMN public;

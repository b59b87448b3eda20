-- +goose Up
-- Whether the row was taken but for the part that the reason is about. Of rows listed before, it is not known.
ALTER TABLE import_rejections ADD COLUMN partial BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE import_rejections DROP COLUMN partial;

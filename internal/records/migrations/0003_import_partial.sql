-- +goose Up
-- Rows of an import that were taken but for a part, such as an email that belongs to somebody else.
ALTER TABLE imports ADD COLUMN partial BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE imports DROP COLUMN partial;

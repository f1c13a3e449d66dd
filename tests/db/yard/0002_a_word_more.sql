-- migrate:up
ALTER TABLE draft ADD COLUMN words text NOT NULL DEFAULT '';
-- migrate:down
ALTER TABLE draft DROP COLUMN words;

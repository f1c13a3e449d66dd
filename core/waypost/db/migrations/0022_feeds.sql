-- What comes from feeds of others: how far each was read, which row an item became, and under what licence.
-- migrate:up
ALTER TABLE tenant ADD COLUMN licence text;
ALTER TABLE opportunity ADD COLUMN attribution text;
ALTER TABLE place ADD COLUMN source text, ADD COLUMN licence text, ADD COLUMN attribution text;

CREATE TABLE feed (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    plugin text NOT NULL,
    name text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'reading', 'failed', 'off')),
    -- Each walk from the feed's beginning to its end is a round; an item's row says in which it was seen last.
    round integer NOT NULL DEFAULT 0,
    "cursor" text,
    came_to timestamptz CHECK (isfinite(came_to)),
    job_id uuid,
    pages integer NOT NULL DEFAULT 0,
    items integer NOT NULL DEFAULT 0,
    total integer,
    problems integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    problem_code text,
    problem text,
    begun_at timestamptz,
    ended_at timestamptz,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, plugin, name)
);

-- Which row an item became. Several items may be one row; the row's `source_id` names the one that writes it.
CREATE TABLE feed_row (
    tenant_id uuid NOT NULL,
    feed_id uuid NOT NULL,
    object_type text NOT NULL CHECK (object_type IN ('opportunity', 'place')),
    source_id text NOT NULL,
    object_id uuid NOT NULL,
    digest text NOT NULL,
    round integer NOT NULL,
    modified timestamptz CHECK (isfinite(modified)),
    PRIMARY KEY (tenant_id, feed_id, object_type, source_id),
    FOREIGN KEY (tenant_id, feed_id) REFERENCES feed (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX feed_row_backwards ON feed_row (tenant_id, object_id);

-- What a page held when it had that ETag: answered "not modified", it is not read again.
CREATE TABLE feed_page (
    tenant_id uuid NOT NULL,
    feed_id uuid NOT NULL,
    key text NOT NULL,
    etag text NOT NULL,
    settings text NOT NULL,
    page text NOT NULL,
    round integer NOT NULL,
    PRIMARY KEY (tenant_id, feed_id, key),
    FOREIGN KEY (tenant_id, feed_id) REFERENCES feed (tenant_id, id) ON DELETE CASCADE
);
-- migrate:down
DROP TABLE feed_page, feed_row, feed;
ALTER TABLE place DROP COLUMN source, DROP COLUMN licence, DROP COLUMN attribution;
ALTER TABLE opportunity DROP COLUMN attribution;
ALTER TABLE tenant DROP COLUMN licence;

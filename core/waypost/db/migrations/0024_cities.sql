-- What cities change of themselves in the graph. Their rows of directories have no trigger, so the trace of it is
-- that of rows of their own.
-- migrate:up
ALTER TABLE plugin_setting ADD COLUMN switched_at timestamptz;

CREATE TABLE city_change (
    tenant_id uuid NOT NULL,
    city_id uuid NOT NULL,
    name timestamptz,
    languages timestamptz,
    primary_colour timestamptz,
    accent_colour timestamptz,
    logo_url timestamptz,
    contact_url timestamptz,
    PRIMARY KEY (tenant_id, city_id),
    CHECK (city_id = tenant_id)
);
-- migrate:down
DROP TABLE city_change;
ALTER TABLE plugin_setting DROP COLUMN switched_at;

-- What plugins keep in the core: secrets that settings name, and calls from outside that wait to be handled.
-- migrate:up
CREATE TABLE plugin_secret (
    tenant_id uuid NOT NULL,
    name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)*$' AND length(name) <= 63),
    sealed text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

CREATE TABLE incoming_call (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    plugin text NOT NULL,
    key text NOT NULL,
    sealed text,
    received_at timestamptz NOT NULL,
    handled_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, plugin, key),
    CHECK ((handled_at IS NULL) = (sealed IS NOT NULL))
);
CREATE INDEX incoming_call_waiting ON incoming_call (tenant_id, plugin) WHERE handled_at IS NULL;
CREATE INDEX incoming_call_age ON incoming_call (tenant_id, received_at);
-- migrate:down
DROP TABLE incoming_call, plugin_secret;

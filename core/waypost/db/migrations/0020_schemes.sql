-- Local schemes, and opportunities that are placements of schemes.
-- migrate:up
CREATE TABLE scheme (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    slug text NOT NULL,
    language text NOT NULL,
    -- Facts, windows, rules and funding are read and followed together, never one by one.
    definition jsonb NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    public boolean NOT NULL DEFAULT true,
    managed_by text NOT NULL DEFAULT 'files',
    source_id text,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug)
);

-- `scheme` is the code of a plugin's scheme, or the slug of a local one.
CREATE TABLE opportunity_scheme (
    tenant_id uuid NOT NULL,
    opportunity_id uuid NOT NULL,
    local boolean NOT NULL,
    scheme text NOT NULL,
    facts jsonb NOT NULL,
    starts_on date,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, opportunity_id, local, scheme),
    FOREIGN KEY (tenant_id, opportunity_id) REFERENCES opportunity (tenant_id, id) ON DELETE CASCADE
);
-- migrate:down
DROP TABLE opportunity_scheme, scheme;

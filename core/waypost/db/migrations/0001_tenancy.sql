-- Tenants and the directories that find them. All are platform tables: they are read before
-- the scope is known, so each holds only what strangers may know.
-- migrate:up
CREATE TABLE tenant (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('city', 'region', 'nation', 'network')),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    nation text,
    languages text[] NOT NULL CHECK (cardinality(languages) > 0),
    timezone text NOT NULL,
    standard_code text NOT NULL,
    review_tenant_id uuid,
    area jsonb,
    south double precision CHECK (south BETWEEN -90 AND 90),
    west double precision CHECK (west BETWEEN -180 AND 180),
    north double precision CHECK (north BETWEEN -90 AND 90),
    east double precision CHECK (east BETWEEN -180 AND 180),
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    primary_colour text NOT NULL,
    accent_colour text NOT NULL,
    logo_url text,
    contact_url text,
    origins text[] NOT NULL DEFAULT '{}',
    documents text NOT NULL DEFAULT 'any' CHECK (documents IN ('any', 'trusted')),
    graph_share double precision NOT NULL DEFAULT 0.5 CHECK (graph_share > 0 AND graph_share <= 1),
    files text NOT NULL DEFAULT 'managed' CHECK (files IN ('managed', 'seed')),
    example boolean NOT NULL DEFAULT false,
    managed_by text NOT NULL DEFAULT 'files',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((area IS NULL) = (south IS NULL) AND (area IS NULL) = (latitude IS NULL))
);
CREATE INDEX tenant_by_name ON tenant (name, id);

-- Addresses outlive names: a slug once used is never given to another tenant.
CREATE TABLE tenant_slug (
    slug text PRIMARY KEY,
    tenant_id uuid NOT NULL
);

CREATE TABLE tenant_host (
    host text PRIMARY KEY CHECK (host = lower(host)),
    tenant_id uuid NOT NULL
);

CREATE TABLE tenant_group (
    tenant_id uuid NOT NULL,
    group_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, group_id),
    CHECK (tenant_id <> group_id)
);
CREATE INDEX tenant_group_members ON tenant_group (group_id, tenant_id);

CREATE TABLE tenant_plugin (
    tenant_id uuid NOT NULL,
    plugin text NOT NULL,
    active boolean NOT NULL DEFAULT true,
    managed_by text NOT NULL DEFAULT 'files',
    PRIMARY KEY (tenant_id, plugin)
);

-- Settings may hold what only the city should read, so they are kept apart from the directory.
CREATE TABLE plugin_setting (
    tenant_id uuid NOT NULL,
    plugin text NOT NULL,
    settings jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, plugin)
);

-- Finds the tenant of anything asked for by id alone.
CREATE TABLE address (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    object_type text NOT NULL
);

-- A slug that an object had once: it redirects and is never given again.
CREATE TABLE former_slug (
    tenant_id uuid NOT NULL,
    object_type text NOT NULL,
    slug text NOT NULL,
    object_id uuid NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, object_type, slug)
);
-- migrate:down
DROP TABLE former_slug, address, plugin_setting, tenant_plugin, tenant_group, tenant_host, tenant_slug, tenant;

-- Organisations, one in the platform each, and their presence in a tenant.
-- migrate:up
CREATE TABLE organisation (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    kind text NOT NULL,
    charity_number text UNIQUE,
    company_number text UNIQUE,
    ukprn text UNIQUE,
    urn text UNIQUE,
    url text
);

CREATE TABLE issuer (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    organisation_id uuid NOT NULL,
    parent_id uuid,
    url text,
    logo_url text,
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    verified boolean NOT NULL DEFAULT false,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    public boolean NOT NULL DEFAULT false,
    managed_by text NOT NULL DEFAULT 'graph',
    source_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES issuer (tenant_id, id),
    CHECK ((latitude IS NULL) = (longitude IS NULL))
);
CREATE INDEX issuer_by_name ON issuer (tenant_id, name, id) WHERE state = 'open' AND public;
CREATE INDEX issuer_by_name_national ON issuer (name, id) WHERE state = 'open' AND public;
CREATE INDEX issuer_of_organisation ON issuer (organisation_id, tenant_id, id);
CREATE INDEX issuer_national ON issuer (id);

CREATE TABLE issuer_text (
    tenant_id uuid NOT NULL,
    issuer_id uuid NOT NULL,
    language text NOT NULL,
    original boolean NOT NULL,
    name text NOT NULL,
    description text,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, issuer_id, language),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE issuer_role (
    tenant_id uuid NOT NULL,
    issuer_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('issues', 'provides', 'employs', 'endorses')),
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, issuer_id, role),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id) ON DELETE CASCADE
);
-- migrate:down
DROP TABLE issuer_role, issuer_text, issuer, organisation;

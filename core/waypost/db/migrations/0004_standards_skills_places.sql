-- Layers as data, tags and their concepts, and where things are.
-- migrate:up
CREATE TABLE standard (
    code text PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    is_progression boolean NOT NULL,
    endorsed_by text[] NOT NULL DEFAULT '{}'
);

CREATE TABLE layer (
    code text PRIMARY KEY,
    standard_code text NOT NULL REFERENCES standard (code),
    name text NOT NULL,
    description text NOT NULL,
    examples text[] NOT NULL DEFAULT '{}',
    position integer NOT NULL,
    CHECK (starts_with(code, standard_code || '/'))
);
CREATE INDEX layer_in_order ON layer (standard_code, position);

CREATE TABLE layer_crosswalk (
    from_code text NOT NULL REFERENCES layer (code),
    to_code text NOT NULL REFERENCES layer (code),
    relation text NOT NULL CHECK (relation IN ('exactMatchOf', 'isRelatedTo')),
    PRIMARY KEY (from_code, to_code)
);

-- One concept a normal form for the whole country, so that four hundred "Teamwork"s are one.
CREATE TABLE skill_concept (
    id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    framework text
);
CREATE INDEX skill_concept_by_name ON skill_concept (name, id);

-- A tenant's tag; its id is that of its concept.
CREATE TABLE skill (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    framework text,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code)
);
CREATE INDEX skill_by_name ON skill (tenant_id, name, id);

CREATE TABLE postcode (
    code text PRIMARY KEY CHECK (code = upper(replace(code, ' ', ''))),
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    nation text,
    district text,
    ward text,
    lsoa text,
    deprivation_rank integer,
    ended text,
    source text NOT NULL
);

CREATE TABLE place (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    address text,
    postcode text,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    inside_area boolean NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    public boolean NOT NULL DEFAULT false,
    managed_by text NOT NULL DEFAULT 'graph',
    source_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug)
);
CREATE INDEX place_by_name ON place (tenant_id, name, id) WHERE state = 'open' AND public;
CREATE INDEX place_by_name_national ON place (name, id) WHERE state = 'open' AND public;
CREATE INDEX place_in_view ON place (tenant_id, latitude, longitude) WHERE state = 'open' AND public;
CREATE INDEX place_in_view_national ON place (latitude, longitude) WHERE state = 'open' AND public;
CREATE INDEX place_national ON place (id);

CREATE TABLE place_text (
    tenant_id uuid NOT NULL,
    place_id uuid NOT NULL,
    language text NOT NULL,
    original boolean NOT NULL,
    name text NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, place_id, language),
    FOREIGN KEY (tenant_id, place_id) REFERENCES place (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE place_accessibility (
    tenant_id uuid NOT NULL,
    place_id uuid NOT NULL,
    code text NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, place_id, code),
    FOREIGN KEY (tenant_id, place_id) REFERENCES place (tenant_id, id) ON DELETE CASCADE
);
-- migrate:down
DROP TABLE place_accessibility, place_text, place, postcode, skill, skill_concept, layer_crosswalk, layer, standard;

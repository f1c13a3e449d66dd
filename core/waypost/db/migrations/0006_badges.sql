-- Badges, the versions that hold their words, and what is borrowed from other tenants.
-- migrate:up
CREATE TABLE badge (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    issuer_id uuid NOT NULL,
    creator_id uuid NOT NULL,
    version_id uuid,
    layer text REFERENCES layer (code),
    state text NOT NULL CHECK (state IN ('draft', 'submitted', 'changes-requested', 'approved', 'published', 'retired')),
    image_url text,
    category text,
    level text,
    time_to_earn text,
    free boolean,
    price numeric(10, 2) CHECK (price >= 0 AND price <> 'NaN'),
    currency text,
    cost_note text,
    urgent boolean NOT NULL DEFAULT false,
    retired_at timestamptz CHECK (isfinite(retired_at)),
    replaced_by_id uuid,
    derived_from_tenant_id uuid,
    derived_from_id uuid,
    public boolean NOT NULL DEFAULT false,
    managed_by text NOT NULL DEFAULT 'graph',
    source_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id),
    FOREIGN KEY (tenant_id, creator_id) REFERENCES issuer (tenant_id, id),
    FOREIGN KEY (tenant_id, replaced_by_id) REFERENCES badge (tenant_id, id),
    CHECK ((derived_from_id IS NULL) = (derived_from_tenant_id IS NULL)),
    CHECK (NOT public OR version_id IS NOT NULL)
);
CREATE INDEX badge_by_name ON badge (tenant_id, name, id) WHERE public;
CREATE INDEX badge_by_name_national ON badge (name, id) WHERE public;
CREATE INDEX badge_of_issuer ON badge (tenant_id, issuer_id, name, id) WHERE public;
CREATE INDEX badge_of_creator ON badge (tenant_id, creator_id);
CREATE INDEX badge_national ON badge (id);

CREATE TABLE badge_version (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    badge_id uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    name text NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'submitted', 'changes-requested', 'approved', 'published')),
    layer text NOT NULL REFERENCES layer (code),
    published_at timestamptz CHECK (isfinite(published_at)),
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, badge_id, number),
    FOREIGN KEY (tenant_id, badge_id) REFERENCES badge (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE badge ADD FOREIGN KEY (tenant_id, version_id)
    REFERENCES badge_version (tenant_id, id) DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE badge_text (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    language text NOT NULL,
    original boolean NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, version_id, language),
    FOREIGN KEY (tenant_id, version_id) REFERENCES badge_version (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE criterion (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version_id uuid NOT NULL,
    position integer NOT NULL,
    required boolean NOT NULL DEFAULT true,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, version_id, position),
    FOREIGN KEY (tenant_id, version_id) REFERENCES badge_version (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE criterion_text (
    tenant_id uuid NOT NULL,
    criterion_id uuid NOT NULL,
    language text NOT NULL,
    original boolean NOT NULL,
    text text NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, criterion_id, language),
    FOREIGN KEY (tenant_id, criterion_id) REFERENCES criterion (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE criterion_skill (
    tenant_id uuid NOT NULL,
    criterion_id uuid NOT NULL,
    skill_id uuid NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, criterion_id, skill_id),
    FOREIGN KEY (tenant_id, criterion_id) REFERENCES criterion (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, skill_id) REFERENCES skill (tenant_id, id)
);

CREATE TABLE badge_skill (
    tenant_id uuid NOT NULL,
    version_id uuid NOT NULL,
    skill_id uuid NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, version_id, skill_id),
    FOREIGN KEY (tenant_id, version_id) REFERENCES badge_version (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, skill_id) REFERENCES skill (tenant_id, id)
);
CREATE INDEX badge_skill_backwards ON badge_skill (tenant_id, skill_id, version_id);
CREATE INDEX badge_skill_national ON badge_skill (skill_id, tenant_id, version_id) WHERE public;

CREATE TABLE endorsement (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    badge_id uuid NOT NULL,
    endorser_id uuid NOT NULL,
    comment text,
    valid_from timestamptz NOT NULL CHECK (isfinite(valid_from)),
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, badge_id, endorser_id),
    FOREIGN KEY (tenant_id, badge_id) REFERENCES badge (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, endorser_id) REFERENCES issuer (tenant_id, id)
);

-- Another tenant's badge or opportunity, shown here: the home tenant's public facts, kept true
-- after every change there, so that a city's own query never leaves the city.
CREATE TABLE borrowed (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    home_tenant_id uuid NOT NULL,
    object_type text NOT NULL CHECK (object_type IN ('badge', 'opportunity')),
    object_id uuid NOT NULL,
    version integer,
    name text NOT NULL,
    layer text,
    image_url text,
    state text NOT NULL,
    replaced_by uuid,
    checked_at timestamptz NOT NULL DEFAULT now(),
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, object_type, object_id),
    CHECK (home_tenant_id <> tenant_id)
);
-- migrate:down
ALTER TABLE badge DROP CONSTRAINT badge_tenant_id_version_id_fkey;
DROP TABLE borrowed, endorsement, badge_skill, criterion_skill, criterion_text, criterion, badge_text, badge_version, badge;

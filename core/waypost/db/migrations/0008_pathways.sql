-- Pathways as trees of steps, through badges of any tenant.
-- migrate:up
CREATE TABLE pathway (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    issuer_id uuid NOT NULL,
    rule_kind text NOT NULL DEFAULT 'all' CHECK (rule_kind IN ('all', 'any', 'at-least')),
    rule_required integer CHECK (rule_required > 0),
    completion_badge_id uuid,
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'published', 'retired')),
    public boolean NOT NULL DEFAULT false,
    managed_by text NOT NULL DEFAULT 'graph',
    source_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id),
    FOREIGN KEY (tenant_id, completion_badge_id) REFERENCES badge (tenant_id, id),
    CHECK ((rule_kind = 'at-least') = (rule_required IS NOT NULL))
);
CREATE INDEX pathway_by_name ON pathway (tenant_id, name, id) WHERE public;
CREATE INDEX pathway_by_name_national ON pathway (name, id) WHERE public;
CREATE INDEX pathway_of_issuer ON pathway (tenant_id, issuer_id, name, id);
CREATE INDEX pathway_national ON pathway (id);

CREATE TABLE pathway_text (
    tenant_id uuid NOT NULL,
    pathway_id uuid NOT NULL,
    language text NOT NULL,
    original boolean NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, pathway_id, language),
    FOREIGN KEY (tenant_id, pathway_id) REFERENCES pathway (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE pathway_interest (
    tenant_id uuid NOT NULL,
    pathway_id uuid NOT NULL,
    interest text NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, pathway_id, interest),
    FOREIGN KEY (tenant_id, pathway_id) REFERENCES pathway (tenant_id, id) ON DELETE CASCADE
);

-- `position` is the place in the whole tree, depth first; siblings keep their order by it too.
CREATE TABLE step (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    pathway_id uuid NOT NULL,
    parent_id uuid,
    key text NOT NULL,
    position integer NOT NULL CHECK (position BETWEEN 1 AND 200),
    depth integer NOT NULL CHECK (depth BETWEEN 1 AND 6),
    rule_kind text NOT NULL DEFAULT 'all' CHECK (rule_kind IN ('all', 'any', 'at-least')),
    rule_required integer CHECK (rule_required > 0),
    optional boolean NOT NULL DEFAULT false,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, pathway_id, position) DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (tenant_id, pathway_id, key),
    FOREIGN KEY (tenant_id, pathway_id) REFERENCES pathway (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, parent_id) REFERENCES step (tenant_id, id) DEFERRABLE INITIALLY DEFERRED,
    CHECK ((rule_kind = 'at-least') = (rule_required IS NOT NULL)),
    CHECK ((parent_id IS NULL) = (depth = 1))
);
CREATE INDEX step_children ON step (tenant_id, parent_id, position);

CREATE TABLE step_text (
    tenant_id uuid NOT NULL,
    step_id uuid NOT NULL,
    language text NOT NULL,
    original boolean NOT NULL,
    title text NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, step_id, language),
    FOREIGN KEY (tenant_id, step_id) REFERENCES step (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE step_badge (
    tenant_id uuid NOT NULL,
    step_id uuid NOT NULL,
    badge_id uuid NOT NULL,
    home_tenant_id uuid NOT NULL,
    borrowed_id uuid,
    own_badge_id uuid GENERATED ALWAYS AS (CASE WHEN borrowed_id IS NULL THEN badge_id END) STORED,
    pathway_id uuid NOT NULL,
    position integer NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, step_id, badge_id),
    FOREIGN KEY (tenant_id, step_id) REFERENCES step (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, own_badge_id) REFERENCES badge (tenant_id, id),
    FOREIGN KEY (tenant_id, borrowed_id) REFERENCES borrowed (tenant_id, id),
    CHECK ((borrowed_id IS NULL) = (home_tenant_id = tenant_id))
);
CREATE INDEX step_badge_backwards ON step_badge (tenant_id, badge_id, pathway_id);
CREATE INDEX step_badge_national ON step_badge (badge_id, tenant_id, pathway_id) WHERE public;

CREATE TABLE step_opportunity (
    tenant_id uuid NOT NULL,
    step_id uuid NOT NULL,
    opportunity_id uuid NOT NULL,
    home_tenant_id uuid NOT NULL,
    borrowed_id uuid,
    own_opportunity_id uuid GENERATED ALWAYS AS (CASE WHEN borrowed_id IS NULL THEN opportunity_id END) STORED,
    pathway_id uuid NOT NULL,
    position integer NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, step_id, opportunity_id),
    FOREIGN KEY (tenant_id, step_id) REFERENCES step (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, own_opportunity_id) REFERENCES opportunity (tenant_id, id),
    FOREIGN KEY (tenant_id, borrowed_id) REFERENCES borrowed (tenant_id, id),
    CHECK ((borrowed_id IS NULL) = (home_tenant_id = tenant_id))
);
CREATE INDEX step_opportunity_backwards ON step_opportunity (tenant_id, opportunity_id, pathway_id);

CREATE TABLE pathway_outcome (
    tenant_id uuid NOT NULL,
    pathway_id uuid NOT NULL,
    opportunity_id uuid NOT NULL,
    position integer NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, pathway_id, opportunity_id),
    FOREIGN KEY (tenant_id, pathway_id) REFERENCES pathway (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, opportunity_id) REFERENCES opportunity (tenant_id, id)
);
-- migrate:down
DROP TABLE pathway_outcome, step_opportunity, step_badge, step_text, step, pathway_interest, pathway_text, pathway;

-- What one can do, where and when.
-- migrate:up
CREATE TABLE opportunity (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    slug text NOT NULL,
    title text NOT NULL,
    kind text NOT NULL,
    provider_id uuid NOT NULL,
    place_id uuid,
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    -- A point on a sphere of the WGS 84 mean radius, in metres: the straight line between two such
    -- points orders exactly as the way over ground does, and GiST walks it nearest first.
    earth cube GENERATED ALWAYS AS (CASE WHEN latitude IS NOT NULL THEN cube(ARRAY[
        6371008.8 * cos(radians(latitude)) * cos(radians(longitude)),
        6371008.8 * cos(radians(latitude)) * sin(radians(longitude)),
        6371008.8 * sin(radians(latitude))]) END) STORED,
    outside_area boolean NOT NULL DEFAULT false,
    online boolean NOT NULL DEFAULT false,
    starts_at timestamptz CHECK (isfinite(starts_at)),
    ends_at timestamptz CHECK (isfinite(ends_at)),
    recurrence text,
    timezone text NOT NULL,
    -- Never null, so that keyset pages can order by them: far in the future where there is no date.
    sort_starts_at timestamptz NOT NULL DEFAULT '9999-12-31T00:00Z' CHECK (isfinite(sort_starts_at)),
    over_at timestamptz NOT NULL DEFAULT '9999-12-31T00:00Z' CHECK (isfinite(over_at)),
    apply_by timestamptz CHECK (isfinite(apply_by)),
    capacity integer CHECK (capacity > 0),
    free boolean,
    price numeric(10, 2) CHECK (price >= 0 AND price <> 'NaN'),
    currency text,
    cost_note text,
    age_min integer CHECK (age_min BETWEEN 0 AND 120),
    age_max integer CHECK (age_max BETWEEN 0 AND 120),
    url text,
    contact_url text,
    source text,
    licence text,
    search_words text NOT NULL DEFAULT '',
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple', search_words)) STORED,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    public boolean NOT NULL DEFAULT false,
    managed_by text NOT NULL DEFAULT 'graph',
    source_id text,
    created_at timestamptz NOT NULL DEFAULT now() CHECK (isfinite(created_at)),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug),
    FOREIGN KEY (tenant_id, provider_id) REFERENCES issuer (tenant_id, id),
    FOREIGN KEY (tenant_id, place_id) REFERENCES place (tenant_id, id),
    CHECK ((latitude IS NULL) = (longitude IS NULL)),
    CHECK (online OR latitude IS NOT NULL),
    CHECK (ends_at IS NULL OR ends_at >= starts_at),
    CHECK (age_min IS NULL OR age_max IS NULL OR age_min <= age_max)
);
-- Nearest first, in a city and nationally, with and without a kind. The query must repeat the predicate.
CREATE INDEX opportunity_near ON opportunity USING gist (tenant_id, earth) WHERE state = 'open' AND public;
CREATE INDEX opportunity_near_kind ON opportunity USING gist (tenant_id, kind, earth) WHERE state = 'open' AND public;
CREATE INDEX opportunity_near_national ON opportunity USING gist (earth) WHERE state = 'open' AND public;
CREATE INDEX opportunity_near_kind_national ON opportunity USING gist (kind, earth) WHERE state = 'open' AND public;
CREATE INDEX opportunity_soonest ON opportunity (tenant_id, sort_starts_at, id) WHERE state = 'open' AND public;
CREATE INDEX opportunity_soonest_national ON opportunity (sort_starts_at, id) WHERE state = 'open' AND public;
CREATE INDEX opportunity_newest ON opportunity (tenant_id, created_at, id) WHERE state = 'open' AND public;
CREATE INDEX opportunity_newest_national ON opportunity (created_at, id) WHERE state = 'open' AND public;
-- When an answer that was kept ends, because the next of its opportunities is over.
CREATE INDEX opportunity_over ON opportunity (tenant_id, over_at) WHERE state = 'open' AND public;
CREATE INDEX opportunity_over_national ON opportunity (over_at) WHERE state = 'open' AND public;
CREATE INDEX opportunity_in_view ON opportunity (tenant_id, latitude, longitude) WHERE state = 'open' AND public;
CREATE INDEX opportunity_of_provider ON opportunity (tenant_id, provider_id, title, id);
CREATE INDEX opportunity_at_place ON opportunity (tenant_id, place_id, title, id);
CREATE INDEX opportunity_national ON opportunity (id);

CREATE TABLE opportunity_text (
    tenant_id uuid NOT NULL,
    opportunity_id uuid NOT NULL,
    language text NOT NULL,
    original boolean NOT NULL,
    title text NOT NULL,
    summary text NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, opportunity_id, language),
    FOREIGN KEY (tenant_id, opportunity_id) REFERENCES opportunity (tenant_id, id) ON DELETE CASCADE
);

-- `home_tenant_id` and `badge_id` say whose badge it is; a stranger's comes through `borrowed`.
CREATE TABLE opportunity_badge (
    tenant_id uuid NOT NULL,
    opportunity_id uuid NOT NULL,
    badge_id uuid NOT NULL,
    home_tenant_id uuid NOT NULL,
    borrowed_id uuid,
    own_badge_id uuid GENERATED ALWAYS AS (CASE WHEN borrowed_id IS NULL THEN badge_id END) STORED,
    position integer NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, opportunity_id, badge_id),
    FOREIGN KEY (tenant_id, opportunity_id) REFERENCES opportunity (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, own_badge_id) REFERENCES badge (tenant_id, id),
    FOREIGN KEY (tenant_id, borrowed_id) REFERENCES borrowed (tenant_id, id),
    CHECK ((borrowed_id IS NULL) = (home_tenant_id = tenant_id))
);
CREATE INDEX opportunity_badge_backwards ON opportunity_badge (tenant_id, badge_id, opportunity_id);
CREATE INDEX opportunity_badge_national ON opportunity_badge (badge_id, tenant_id, opportunity_id) WHERE public;

-- Layers and skills come from the badges; kept here because lists filter and count by them.
CREATE TABLE opportunity_layer (
    tenant_id uuid NOT NULL,
    opportunity_id uuid NOT NULL,
    layer text NOT NULL REFERENCES layer (code),
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, opportunity_id, layer),
    FOREIGN KEY (tenant_id, opportunity_id) REFERENCES opportunity (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE opportunity_skill (
    tenant_id uuid NOT NULL,
    opportunity_id uuid NOT NULL,
    skill_id uuid NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, opportunity_id, skill_id),
    FOREIGN KEY (tenant_id, opportunity_id) REFERENCES opportunity (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE opportunity_accessibility (
    tenant_id uuid NOT NULL,
    opportunity_id uuid NOT NULL,
    code text NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, opportunity_id, code),
    FOREIGN KEY (tenant_id, opportunity_id) REFERENCES opportunity (tenant_id, id) ON DELETE CASCADE
);

-- On which days of the week it happens (1 = Monday, ISO 8601), in the opportunity's time zone.
CREATE TABLE opportunity_weekday (
    tenant_id uuid NOT NULL,
    opportunity_id uuid NOT NULL,
    weekday integer NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, opportunity_id, weekday),
    FOREIGN KEY (tenant_id, opportunity_id) REFERENCES opportunity (tenant_id, id) ON DELETE CASCADE
);
-- migrate:down
DROP TABLE opportunity_weekday, opportunity_accessibility, opportunity_skill, opportunity_layer,
    opportunity_badge, opportunity_text, opportunity;

-- Skills frameworks: those of the country, those of a tenant's own, and the badges that are aligned with their items.
-- migrate:up
CREATE TABLE framework (
    id uuid PRIMARY KEY,
    uri text NOT NULL,
    title text NOT NULL,
    creator text NOT NULL,
    publisher text,
    description text,
    language text,
    version text,
    status text,
    kind text,
    official_url text,
    licence_url text,
    licence text,
    notes text,
    starts_on date,
    ends_on date,
    source text NOT NULL,
    changed_at timestamptz NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX framework_by_title ON framework (title, id);

-- `position` and `last` count the items depth first: what lies below an item stands from position + 1 to last. `path`
-- leads from the top to the item itself, so that whatever covers an item covers all above it.
CREATE TABLE framework_item (
    id uuid PRIMARY KEY,
    framework_id uuid NOT NULL REFERENCES framework (id),
    uri text NOT NULL,
    statement text NOT NULL,
    name text,
    code text,
    kind text,
    notes text,
    language text,
    education_level text,
    licence_url text,
    starts_on date,
    ends_on date,
    search_words text NOT NULL,
    parent_id uuid REFERENCES framework_item (id),
    path uuid[] NOT NULL,
    depth integer NOT NULL CHECK (depth > 0),
    place integer NOT NULL CHECK (place > 0),
    position integer NOT NULL CHECK (position > 0),
    last integer NOT NULL CHECK (last >= position),
    changed_at timestamptz NOT NULL,
    retired_at timestamptz
);
CREATE INDEX framework_item_in_order ON framework_item (framework_id, position);
CREATE INDEX framework_item_below ON framework_item (parent_id, place);
CREATE INDEX framework_item_by_code ON framework_item (code);
CREATE INDEX framework_item_by_uri ON framework_item (uri);

CREATE TABLE framework_association (
    id uuid PRIMARY KEY,
    framework_id uuid NOT NULL REFERENCES framework (id),
    uri text NOT NULL,
    type text NOT NULL,
    origin_id uuid,
    origin_uri text NOT NULL,
    origin_title text,
    destination_id uuid,
    destination_uri text NOT NULL,
    destination_title text,
    sequence integer,
    notes text,
    changed_at timestamptz NOT NULL,
    retired_at timestamptz
);
CREATE INDEX framework_association_of ON framework_association (framework_id);
CREATE INDEX framework_association_from ON framework_association (origin_id, type);
CREATE INDEX framework_association_to ON framework_association (destination_id, type);

CREATE TABLE own_framework (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    uri text NOT NULL,
    title text NOT NULL,
    creator text NOT NULL,
    publisher text,
    description text,
    language text,
    version text,
    status text,
    kind text,
    official_url text,
    licence_url text,
    licence text,
    notes text,
    starts_on date,
    ends_on date,
    source text NOT NULL,
    changed_at timestamptz NOT NULL,
    imported_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE own_framework_item (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    framework_id uuid NOT NULL,
    uri text NOT NULL,
    statement text NOT NULL,
    name text,
    code text,
    kind text,
    notes text,
    language text,
    education_level text,
    licence_url text,
    starts_on date,
    ends_on date,
    search_words text NOT NULL,
    parent_id uuid,
    path uuid[] NOT NULL,
    depth integer NOT NULL CHECK (depth > 0),
    place integer NOT NULL CHECK (place > 0),
    position integer NOT NULL CHECK (position > 0),
    last integer NOT NULL CHECK (last >= position),
    changed_at timestamptz NOT NULL,
    retired_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, framework_id) REFERENCES own_framework (tenant_id, id),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES own_framework_item (tenant_id, id)
);
CREATE INDEX own_framework_item_in_order ON own_framework_item (tenant_id, framework_id, position);
CREATE INDEX own_framework_item_below ON own_framework_item (tenant_id, parent_id, place);
CREATE INDEX own_framework_item_by_uri ON own_framework_item (tenant_id, uri);

CREATE TABLE own_framework_association (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    framework_id uuid NOT NULL,
    uri text NOT NULL,
    type text NOT NULL,
    origin_id uuid,
    origin_uri text NOT NULL,
    origin_title text,
    destination_id uuid,
    destination_uri text NOT NULL,
    destination_title text,
    sequence integer,
    notes text,
    changed_at timestamptz NOT NULL,
    retired_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, framework_id) REFERENCES own_framework (tenant_id, id)
);
CREATE INDEX own_framework_association_of ON own_framework_association (tenant_id, framework_id);
CREATE INDEX own_framework_association_from ON own_framework_association (tenant_id, origin_id, type);
CREATE INDEX own_framework_association_to ON own_framework_association (tenant_id, destination_id, type);

-- A city asked for a framework: where from, until the job has fetched and read it.
CREATE TABLE framework_import (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    upload_id uuid,
    url text,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, id) REFERENCES job (tenant_id, id) ON DELETE CASCADE,
    CHECK ((upload_id IS NULL) <> (url IS NULL))
);

-- The words are kept beside the item's id, as a credential needs them: the item may be of a framework that goes.
CREATE TABLE badge_alignment (
    tenant_id uuid NOT NULL,
    badge_id uuid NOT NULL,
    item_id uuid NOT NULL,
    framework_id uuid NOT NULL,
    target_name text NOT NULL,
    target_url text NOT NULL,
    target_code text,
    target_framework text NOT NULL,
    source text NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, badge_id, item_id),
    FOREIGN KEY (tenant_id, badge_id) REFERENCES badge (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX badge_alignment_by_item ON badge_alignment (tenant_id, item_id);
CREATE INDEX badge_alignment_national ON badge_alignment (item_id) WHERE public;

ALTER TABLE upload DROP CONSTRAINT upload_purpose_check;
ALTER TABLE upload ADD CONSTRAINT upload_purpose_check CHECK (purpose IN ('awards', 'framework'));
-- migrate:down
DELETE FROM upload WHERE purpose <> 'awards';
ALTER TABLE upload DROP CONSTRAINT upload_purpose_check;
ALTER TABLE upload ADD CONSTRAINT upload_purpose_check CHECK (purpose IN ('awards'));
DROP TABLE badge_alignment, framework_import, own_framework_association, own_framework_item, own_framework,
    framework_association, framework_item, framework;

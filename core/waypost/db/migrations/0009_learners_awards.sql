-- People as a tenant knows them, and what they earned. Nothing here is ever read nationally.
-- migrate:up
CREATE TABLE recipient (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('person', 'organisation')),
    display_name text NOT NULL,
    address text,
    person_id uuid,
    birth_year integer CHECK (birth_year BETWEEN 1900 AND 2100),
    guardian_address text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX recipient_of_person ON recipient (tenant_id, person_id);

CREATE TABLE award (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    badge_id uuid NOT NULL,
    version_id uuid NOT NULL,
    recipient_id uuid NOT NULL,
    issuer_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('offered', 'accepted', 'declined', 'revoked', 'expired', 'replaced')),
    awarded_at timestamptz NOT NULL CHECK (isfinite(awarded_at)),
    expires_at timestamptz CHECK (isfinite(expires_at)),
    earned_in_tenant_id uuid NOT NULL,
    opportunity_id uuid,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, badge_id) REFERENCES badge (tenant_id, id),
    FOREIGN KEY (tenant_id, version_id) REFERENCES badge_version (tenant_id, id),
    FOREIGN KEY (tenant_id, recipient_id) REFERENCES recipient (tenant_id, id),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id)
);
CREATE INDEX award_of_recipient ON award (tenant_id, recipient_id);
-- migrate:down
DROP TABLE award, recipient;

-- What learners joined and saved; endorsements that the endorsed accept; codes to claim badges with; requests.
-- migrate:up
-- A person's own: no city reads what somebody set out on or wants to come back to.
CREATE TABLE joined_pathway (
    person_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    pathway_id uuid NOT NULL,
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, tenant_id, pathway_id)
);
CREATE TABLE saved_opportunity (
    person_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    opportunity_id uuid NOT NULL,
    saved_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, tenant_id, opportunity_id)
);

-- An endorsement is of a badge or of an issuer; it is public once the endorsed issuer has accepted it. Between two
-- tenants each has a row of it: who endorses is heard by `given`, who is endorsed by `decided`.
ALTER TABLE endorsement
    DROP CONSTRAINT endorsement_tenant_id_badge_id_fkey,
    DROP CONSTRAINT endorsement_tenant_id_endorser_id_fkey,
    ALTER COLUMN badge_id DROP NOT NULL,
    ADD COLUMN issuer_id uuid,
    ADD COLUMN home_tenant_id uuid,
    ADD COLUMN endorser_tenant_id uuid,
    ADD COLUMN given integer NOT NULL DEFAULT 1,
    ADD COLUMN decided integer NOT NULL DEFAULT 0,
    ADD COLUMN endorsed_id uuid,
    ADD COLUMN state text NOT NULL DEFAULT 'accepted' CHECK (state IN ('offered', 'accepted', 'refused', 'withdrawn')),
    ADD COLUMN reason text,
    ADD COLUMN offered_by uuid,
    ADD COLUMN offered_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN decided_by uuid,
    ADD COLUMN decided_at timestamptz CHECK (isfinite(decided_at));
UPDATE endorsement e SET
    home_tenant_id = e.tenant_id,
    endorser_tenant_id = e.tenant_id,
    state = CASE WHEN e.public THEN 'accepted' ELSE 'offered' END,
    endorsed_id = (SELECT b.issuer_id FROM badge b WHERE b.tenant_id = e.tenant_id AND b.id = e.badge_id);
ALTER TABLE endorsement
    ALTER COLUMN endorsed_id SET NOT NULL,
    ALTER COLUMN home_tenant_id SET NOT NULL,
    ALTER COLUMN endorser_tenant_id SET NOT NULL,
    ADD COLUMN own_badge_id uuid GENERATED ALWAYS AS (CASE WHEN home_tenant_id = tenant_id THEN badge_id END) STORED,
    ADD COLUMN own_issuer_id uuid GENERATED ALWAYS AS (CASE WHEN home_tenant_id = tenant_id THEN issuer_id END) STORED,
    ADD COLUMN own_endorsed_id uuid
        GENERATED ALWAYS AS (CASE WHEN home_tenant_id = tenant_id THEN endorsed_id END) STORED,
    ADD COLUMN own_endorser_id uuid
        GENERATED ALWAYS AS (CASE WHEN endorser_tenant_id = tenant_id THEN endorser_id END) STORED,
    ADD CHECK (tenant_id IN (home_tenant_id, endorser_tenant_id)),
    ADD CHECK (num_nonnulls(badge_id, issuer_id) = 1),
    ADD CHECK (public = (state = 'accepted' AND home_tenant_id = tenant_id)),
    ADD CHECK (endorser_id <> endorsed_id),
    ADD UNIQUE (tenant_id, issuer_id, endorser_id),
    ADD FOREIGN KEY (tenant_id, own_badge_id) REFERENCES badge (tenant_id, id) ON DELETE CASCADE,
    ADD FOREIGN KEY (tenant_id, own_issuer_id) REFERENCES issuer (tenant_id, id),
    ADD FOREIGN KEY (tenant_id, own_endorsed_id) REFERENCES issuer (tenant_id, id),
    ADD FOREIGN KEY (tenant_id, own_endorser_id) REFERENCES issuer (tenant_id, id);
CREATE INDEX endorsement_to_decide ON endorsement (tenant_id, endorsed_id, offered_at, id);
CREATE INDEX endorsement_by_endorser ON endorsement (tenant_id, endorser_id, offered_at, id);

-- A code is derived from its row's id and the platform's key, and stands nowhere.
CREATE TABLE claim_code (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    badge_id uuid NOT NULL,
    issuer_id uuid NOT NULL,
    recipient_id uuid,
    earned_in_tenant_id uuid,
    opportunity_id uuid,
    own_opportunity_id uuid
        GENERATED ALWAYS AS (CASE WHEN earned_in_tenant_id = tenant_id THEN opportunity_id END) STORED,
    label text,
    opens_at timestamptz CHECK (isfinite(opens_at)),
    closes_at timestamptz CHECK (isfinite(closes_at)),
    most integer CHECK (most > 0),
    claimed integer NOT NULL DEFAULT 0 CHECK (claimed >= 0 AND claimed <= most),
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    cancelled_by uuid,
    cancelled_at timestamptz CHECK (isfinite(cancelled_at)),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, badge_id) REFERENCES badge (tenant_id, id),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id),
    FOREIGN KEY (tenant_id, recipient_id) REFERENCES recipient (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, own_opportunity_id) REFERENCES opportunity (tenant_id, id),
    CHECK ((opportunity_id IS NULL) = (earned_in_tenant_id IS NULL)),
    CHECK (recipient_id IS NULL OR most = 1),
    CHECK (closes_at > opens_at)
);
CREATE INDEX claim_code_by_time ON claim_code (tenant_id, created_at, id);
CREATE INDEX claim_code_of_badge ON claim_code (tenant_id, badge_id, created_at, id);
CREATE INDEX claim_code_of_recipient ON claim_code (tenant_id, recipient_id) WHERE recipient_id IS NOT NULL;
CREATE INDEX award_by_claim ON award (tenant_id, origin_id, recipient_id) WHERE origin = 'claim';

-- Finds the tenant of a code before any scope is known: keyed digests and ids only.
CREATE TABLE claim_address (
    digest text PRIMARY KEY,
    tenant_id uuid NOT NULL,
    code_id uuid NOT NULL
);
CREATE TABLE claim_attempt (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE INDEX claim_attempt_of_person ON claim_attempt (person_id, made_at);

CREATE TABLE badge_request (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    badge_id uuid NOT NULL,
    issuer_id uuid NOT NULL,
    recipient_id uuid NOT NULL,
    person_id uuid NOT NULL,
    statement text,
    state text NOT NULL CHECK (state IN ('open', 'more-wanted', 'approved', 'refused', 'withdrawn')),
    reason text,
    award_id uuid,
    requested_at timestamptz NOT NULL CHECK (isfinite(requested_at)),
    decided_by uuid,
    decided_at timestamptz CHECK (isfinite(decided_at)),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, badge_id) REFERENCES badge (tenant_id, id),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id),
    FOREIGN KEY (tenant_id, recipient_id) REFERENCES recipient (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, award_id) REFERENCES award (tenant_id, id) ON DELETE CASCADE,
    CHECK ((state = 'approved') = (award_id IS NOT NULL))
);
CREATE UNIQUE INDEX badge_request_once ON badge_request (tenant_id, badge_id, person_id)
    WHERE state IN ('open', 'more-wanted');
CREATE INDEX badge_request_of_recipient ON badge_request (tenant_id, recipient_id);
CREATE INDEX badge_request_by_time ON badge_request (tenant_id, requested_at, id);
CREATE INDEX badge_request_of_issuer ON badge_request (tenant_id, issuer_id, requested_at, id);
CREATE INDEX badge_request_of_person ON badge_request (tenant_id, person_id, requested_at, id);

CREATE TABLE badge_request_evidence (
    tenant_id uuid NOT NULL,
    request_id uuid NOT NULL,
    position integer NOT NULL,
    url text NOT NULL,
    PRIMARY KEY (tenant_id, request_id, position),
    FOREIGN KEY (tenant_id, request_id) REFERENCES badge_request (tenant_id, id) ON DELETE CASCADE
);
-- migrate:down
DROP TABLE badge_request_evidence, badge_request, claim_attempt, claim_address, claim_code;
DROP INDEX award_by_claim;
DROP INDEX endorsement_to_decide, endorsement_by_endorser;
DELETE FROM endorsement WHERE badge_id IS NULL OR home_tenant_id <> endorser_tenant_id;
ALTER TABLE endorsement
    DROP COLUMN own_badge_id, DROP COLUMN own_issuer_id, DROP COLUMN own_endorsed_id, DROP COLUMN own_endorser_id,
    DROP COLUMN home_tenant_id, DROP COLUMN endorser_tenant_id, DROP COLUMN given, DROP COLUMN decided,
    DROP COLUMN issuer_id, DROP COLUMN endorsed_id, DROP COLUMN state, DROP COLUMN reason, DROP COLUMN offered_by,
    DROP COLUMN offered_at, DROP COLUMN decided_by, DROP COLUMN decided_at,
    ALTER COLUMN badge_id SET NOT NULL,
    ADD FOREIGN KEY (tenant_id, badge_id) REFERENCES badge (tenant_id, id) ON DELETE CASCADE,
    ADD FOREIGN KEY (tenant_id, endorser_id) REFERENCES issuer (tenant_id, id);
DROP TABLE saved_opportunity, joined_pathway;

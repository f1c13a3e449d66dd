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

-- An endorsement is of a badge or of an issuer; it is public once the endorsed issuer has accepted it.
ALTER TABLE endorsement
    ALTER COLUMN badge_id DROP NOT NULL,
    ADD COLUMN issuer_id uuid,
    ADD COLUMN endorsed_id uuid,
    ADD COLUMN state text NOT NULL DEFAULT 'accepted' CHECK (state IN ('offered', 'accepted', 'refused', 'withdrawn')),
    ADD COLUMN reason text,
    ADD COLUMN offered_by uuid,
    ADD COLUMN offered_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN decided_by uuid,
    ADD COLUMN decided_at timestamptz CHECK (isfinite(decided_at));
UPDATE endorsement e SET
    state = CASE WHEN e.public THEN 'accepted' ELSE 'offered' END,
    endorsed_id = (SELECT b.issuer_id FROM badge b WHERE b.tenant_id = e.tenant_id AND b.id = e.badge_id);
ALTER TABLE endorsement
    ALTER COLUMN endorsed_id SET NOT NULL,
    ADD CHECK (num_nonnulls(badge_id, issuer_id) = 1),
    ADD CHECK (public = (state = 'accepted')),
    ADD CHECK (endorser_id <> endorsed_id),
    ADD UNIQUE (tenant_id, issuer_id, endorser_id),
    ADD FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id),
    ADD FOREIGN KEY (tenant_id, endorsed_id) REFERENCES issuer (tenant_id, id);
CREATE INDEX endorsement_to_decide ON endorsement (tenant_id, endorsed_id, offered_at, id);
CREATE INDEX endorsement_by_endorser ON endorsement (tenant_id, endorser_id, offered_at, id);
-- migrate:down
DROP INDEX endorsement_to_decide, endorsement_by_endorser;
DELETE FROM endorsement WHERE badge_id IS NULL;
ALTER TABLE endorsement
    DROP COLUMN issuer_id, DROP COLUMN endorsed_id, DROP COLUMN state, DROP COLUMN reason, DROP COLUMN offered_by,
    DROP COLUMN offered_at, DROP COLUMN decided_by, DROP COLUMN decided_at,
    ALTER COLUMN badge_id SET NOT NULL;
DROP TABLE saved_opportunity, joined_pathway;

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
-- migrate:down
DROP TABLE saved_opportunity, joined_pathway;

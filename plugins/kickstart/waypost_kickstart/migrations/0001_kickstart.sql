-- Gateways, applications with their decisions, and what placements are like. Nothing here is about a learner.
-- migrate:up
CREATE TABLE plugin_kickstart.kickstart_gateway (
    tenant_id uuid NOT NULL,
    issuer_id uuid NOT NULL,
    since date NOT NULL,
    until date,
    public boolean NOT NULL DEFAULT true,
    PRIMARY KEY (tenant_id, issuer_id),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES public.issuer (tenant_id, id) ON DELETE CASCADE,
    CHECK (until >= since)
);

CREATE TABLE plugin_kickstart.kickstart_application (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    employer_id uuid NOT NULL,
    gateway_id uuid,
    placements integer NOT NULL CHECK (placements BETWEEN 1 AND 100000),
    applied_on date NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'refused')),
    reason text,
    decided_by uuid,
    decided_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, employer_id) REFERENCES public.issuer (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, gateway_id) REFERENCES plugin_kickstart.kickstart_gateway (tenant_id, issuer_id),
    CHECK ((state = 'open') = (decided_at IS NULL)),
    CHECK (employer_id <> gateway_id)
);
CREATE INDEX kickstart_application_by_day ON plugin_kickstart.kickstart_application (tenant_id, applied_on, id);
CREATE INDEX kickstart_application_of ON plugin_kickstart.kickstart_application (tenant_id, employer_id, applied_on);

CREATE TABLE plugin_kickstart.kickstart_placement (
    tenant_id uuid NOT NULL,
    opportunity_id uuid NOT NULL,
    work_nation text NOT NULL CHECK (work_nation IN ('england', 'scotland', 'wales', 'northern-ireland')),
    hours_per_week numeric(4, 1) NOT NULL CHECK (hours_per_week > 0 AND hours_per_week <= 100),
    months integer NOT NULL CHECK (months BETWEEN 1 AND 24),
    pays_minimum_wage boolean NOT NULL,
    new_job boolean NOT NULL,
    extensive_training boolean NOT NULL,
    places integer NOT NULL CHECK (places BETWEEN 1 AND 10000),
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, opportunity_id),
    FOREIGN KEY (tenant_id, opportunity_id) REFERENCES public.opportunity (tenant_id, id) ON DELETE CASCADE
);
-- migrate:down
DROP TABLE plugin_kickstart.kickstart_placement, plugin_kickstart.kickstart_application,
    plugin_kickstart.kickstart_gateway;

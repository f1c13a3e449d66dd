-- Memberships in a network and what its templates cost; what each city accepts; what cities may know of a network.
-- migrate:up
CREATE TABLE plugin_badge_nation.nation_membership (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    organisation_slug text NOT NULL,
    organisation_name text NOT NULL,
    starts_on date NOT NULL,
    -- One that was ended before it began ends the day before.
    ends_on date NOT NULL CHECK (ends_on >= starts_on - 1),
    allowance integer NOT NULL CHECK (allowance >= 0),
    net numeric(10, 2) NOT NULL,
    vat numeric(10, 2) NOT NULL,
    gross numeric(10, 2) NOT NULL CHECK (gross = net + vat),
    reminded_days integer,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX nation_membership_by_name ON plugin_badge_nation.nation_membership (tenant_id, organisation_name, id);
CREATE INDEX nation_membership_of ON plugin_badge_nation.nation_membership (tenant_id, organisation_id, starts_on);
CREATE INDEX nation_membership_ending ON plugin_badge_nation.nation_membership (tenant_id, ends_on);

CREATE TABLE plugin_badge_nation.nation_template (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    membership_id uuid,
    home_tenant_id uuid NOT NULL,
    badge_id uuid NOT NULL,
    badge_name text NOT NULL,
    settled text NOT NULL CHECK (settled IN ('allowance', 'charged', 'waived')),
    net numeric(10, 2),
    vat numeric(10, 2),
    gross numeric(10, 2),
    submitted_on date NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, membership_id) REFERENCES plugin_badge_nation.nation_membership (tenant_id, id),
    CHECK ((settled = 'charged') = (gross IS NOT NULL)),
    CHECK (settled <> 'allowance' OR membership_id IS NOT NULL)
);
CREATE INDEX nation_template_of_membership
    ON plugin_badge_nation.nation_template (tenant_id, membership_id, submitted_on, id);

CREATE TABLE plugin_badge_nation.nation_invoice_line (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    dated_on date NOT NULL,
    organisation_id uuid NOT NULL,
    organisation_name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('membership', 'template')),
    home_tenant_id uuid,
    city_name text,
    badge_name text,
    net numeric(10, 2) NOT NULL,
    vat numeric(10, 2) NOT NULL,
    gross numeric(10, 2) NOT NULL CHECK (gross = net + vat),
    PRIMARY KEY (tenant_id, id),
    CHECK ((kind = 'template') = (badge_name IS NOT NULL))
);
CREATE INDEX nation_invoice_line_by_day ON plugin_badge_nation.nation_invoice_line (tenant_id, dated_on, id);

CREATE TABLE plugin_badge_nation.nation_charge (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    badge_id uuid NOT NULL,
    network_id uuid NOT NULL,
    settled text NOT NULL CHECK (settled IN ('accepted', 'allowance', 'charged', 'waived')),
    net numeric(10, 2),
    vat numeric(10, 2),
    gross numeric(10, 2),
    accepted_by uuid,
    accepted_at timestamptz,
    settled_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, badge_id) REFERENCES public.badge (tenant_id, id) ON DELETE CASCADE,
    -- Nobody is charged who did not accept it.
    CHECK (settled NOT IN ('accepted', 'charged') OR (gross IS NOT NULL AND accepted_at IS NOT NULL)),
    CHECK ((settled = 'accepted') = (settled_at IS NULL))
);

CREATE TABLE plugin_badge_nation.nation_network (
    network_id uuid PRIMARY KEY
);

CREATE TABLE plugin_badge_nation.nation_standing (
    id uuid PRIMARY KEY,
    network_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    allowance integer NOT NULL,
    used integer NOT NULL DEFAULT 0
);
CREATE INDEX nation_standing_of ON plugin_badge_nation.nation_standing (organisation_id, network_id, starts_on);
-- migrate:down
DROP TABLE plugin_badge_nation.nation_standing, plugin_badge_nation.nation_network,
    plugin_badge_nation.nation_charge, plugin_badge_nation.nation_invoice_line,
    plugin_badge_nation.nation_template, plugin_badge_nation.nation_membership;

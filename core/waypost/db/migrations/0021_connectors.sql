-- Issuing platforms: accounts and what they gave lie with the tenant that owns them; who may use one has copies of its
-- own. No key leads from one tenant to another.
-- migrate:up
CREATE TABLE issuing_account (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    connector text NOT NULL,
    plugin text NOT NULL,
    name text NOT NULL,
    settings jsonb NOT NULL,
    state text NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'failing', 'off')),
    problem text,
    created_at timestamptz NOT NULL,
    checked_at timestamptz,
    reconciled_at timestamptz,
    elsewhere integer NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX issuing_account_of_connector ON issuing_account (tenant_id, connector);

CREATE TABLE issuing_share (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    member_tenant_id uuid NOT NULL,
    issuer_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'off')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, account_id, member_tenant_id, issuer_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES issuing_account (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE issuing_template (
    tenant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    template_id text NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    duplicates boolean NOT NULL,
    url text,
    read_at timestamptz NOT NULL,
    counted_at timestamptz,
    issued bigint,
    accepted bigint,
    pending bigint,
    rejected bigint,
    revoked bigint,
    PRIMARY KEY (tenant_id, account_id, template_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES issuing_account (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE issuing_entry (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    member_tenant_id uuid NOT NULL,
    award_id uuid NOT NULL,
    issuer_id uuid NOT NULL,
    template_id text NOT NULL,
    earner text NOT NULL,
    state text NOT NULL CHECK (state IN ('due', 'sending', 'doubtful', 'failed', 'withdrawn', 'missing',
                                         'pending', 'accepted', 'rejected', 'revoked', 'replaced')),
    external_id text,
    url text,
    replaces_id uuid,
    attempts integer NOT NULL DEFAULT 0,
    begun_at timestamptz,
    problem text,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    seen_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, account_id, member_tenant_id, award_id),
    -- What is there has an id there, and what has one is there, or was.
    CHECK ((external_id IS NOT NULL) = (state IN ('missing', 'pending', 'accepted', 'rejected', 'revoked', 'replaced'))),
    CHECK (state NOT IN ('sending', 'doubtful') OR begun_at IS NOT NULL),
    FOREIGN KEY (tenant_id, account_id) REFERENCES issuing_account (tenant_id, id) ON DELETE CASCADE
);
-- One badge there is one entry here.
CREATE UNIQUE INDEX issuing_entry_external ON issuing_entry (tenant_id, account_id, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX issuing_entry_by_time ON issuing_entry (tenant_id, account_id, id);
CREATE INDEX issuing_entry_open ON issuing_entry (tenant_id, account_id, id)
    WHERE state IN ('due', 'sending', 'doubtful');

CREATE TABLE issuing_drift (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('unknown-here', 'missing-there', 'other-state')),
    external_id text NOT NULL,
    entry_id uuid,
    difference text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'mended', 'settled')),
    found_at timestamptz NOT NULL,
    mended_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES issuing_account (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX issuing_drift_open ON issuing_drift (tenant_id, account_id, kind, external_id)
    WHERE state = 'open';
CREATE INDEX issuing_drift_by_time ON issuing_drift (tenant_id, id);

CREATE TABLE issuing_grant (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    home_tenant_id uuid NOT NULL,
    issuer_id uuid NOT NULL,
    connector text NOT NULL,
    platform text NOT NULL,
    name text NOT NULL,
    state text NOT NULL CHECK (state IN ('on', 'off')),
    granted_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX issuing_grant_of_issuer ON issuing_grant (tenant_id, issuer_id);

CREATE TABLE issuing_link (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    badge_id uuid NOT NULL,
    grant_id uuid NOT NULL,
    account_id uuid NOT NULL,
    home_tenant_id uuid NOT NULL,
    template_id text,
    template_name text,
    template_url text,
    by_hand boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('asked', 'linked', 'refused', 'off')),
    problem text,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, badge_id, account_id),
    CHECK (state <> 'linked' OR template_id IS NOT NULL),
    FOREIGN KEY (tenant_id, badge_id) REFERENCES badge (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, grant_id) REFERENCES issuing_grant (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX issuing_link_of_grant ON issuing_link (tenant_id, grant_id);

CREATE TABLE issuing_consent (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    account_id uuid NOT NULL,
    platform text NOT NULL,
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, person_id, account_id)
);

CREATE TABLE issuing_record (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    award_id uuid NOT NULL,
    issuer_id uuid NOT NULL,
    link_id uuid NOT NULL,
    account_id uuid NOT NULL,
    home_tenant_id uuid NOT NULL,
    platform text NOT NULL,
    state text NOT NULL CHECK (state IN ('needs-consent', 'not-sent', 'due', 'sending', 'doubtful', 'failed', 'withdrawn',
                                         'missing', 'pending', 'accepted', 'rejected', 'revoked', 'replaced')),
    external_id text,
    url text,
    problem text,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, award_id, account_id),
    FOREIGN KEY (tenant_id, award_id) REFERENCES award (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, link_id) REFERENCES issuing_link (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX issuing_record_by_time ON issuing_record (tenant_id, created_at, id);
CREATE INDEX issuing_record_of_link ON issuing_record (tenant_id, link_id);
-- What an award replaced is looked for where it is to be replaced at a platform too.
CREATE INDEX award_replaced_by ON award (tenant_id, replaced_by_id) WHERE replaced_by_id IS NOT NULL;
-- migrate:down
DROP INDEX award_replaced_by;
DROP TABLE issuing_record, issuing_consent, issuing_link, issuing_grant, issuing_drift, issuing_entry, issuing_template,
           issuing_share, issuing_account;

-- Who is asking: sessions, attempts to sign in, invitations, and tokens that people make for their programs.
-- migrate:up
-- Null until somebody proved an address, or named the person: what was only typed into the form is forgotten.
ALTER TABLE person ADD COLUMN known_at timestamptz;
UPDATE person SET known_at = created_at;

-- A browser in which somebody signed in. Only a hash of its cookie is kept.
CREATE TABLE session (
    digest text PRIMARY KEY,
    person_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_expires ON session (expires_at);

-- One attempt to sign in. Its secrets (link, state, nonce, verifier) are derived from its id and kept nowhere.
CREATE TABLE sign_in_attempt (
    id uuid PRIMARY KEY,
    way text NOT NULL CHECK (way IN ('link', 'provider')),
    browser_digest text NOT NULL,
    client_digest text NOT NULL,
    tenant_id uuid,
    provider text,
    host text,
    return_to text,
    language text,
    person_id uuid,
    address_id uuid,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CHECK ((way = 'provider') = (provider IS NOT NULL)),
    CHECK ((way = 'link') = (person_id IS NOT NULL))
);
CREATE INDEX sign_in_attempt_client ON sign_in_attempt (client_digest, created_at);
CREATE INDEX sign_in_attempt_person ON sign_in_attempt (person_id, created_at);
CREATE INDEX sign_in_attempt_created ON sign_in_attempt (created_at);

-- Where somebody has, or had, a role: cities to ask, never an answer. The truth is each city's `membership`.
CREATE TABLE person_tenant (
    person_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    PRIMARY KEY (person_id, tenant_id)
);
ALTER TABLE membership NO FORCE ROW LEVEL SECURITY;
INSERT INTO person_tenant (person_id, tenant_id) SELECT DISTINCT person_id, tenant_id FROM membership;
ALTER TABLE membership FORCE ROW LEVEL SECURITY;

ALTER TABLE membership ADD COLUMN name text;
CREATE INDEX membership_role ON membership (tenant_id, role);

CREATE TABLE invitation (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'accepted', 'withdrawn')),
    address text,
    name text,
    language text,
    role text NOT NULL CHECK (role IN ('city-admin', 'curator', 'issuer-admin', 'issuer-staff', 'employer')),
    issuer_id uuid,
    code_digest text,
    invited_by uuid NOT NULL,
    member_id uuid,
    created_at timestamptz NOT NULL,
    letters_at timestamptz[] NOT NULL DEFAULT '{}',
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id),
    -- Whom it was for is forgotten as soon as it is over.
    CHECK (state = 'open' OR (address IS NULL AND name IS NULL))
);
CREATE INDEX invitation_open ON invitation (tenant_id, id) WHERE state = 'open';

-- What a city knows of the tokens that speak for its members; the hash by which one is found stands in `token`.
CREATE TABLE access_token (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    issuer_id uuid,
    permissions text[],
    maker_id uuid,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, maker_id) REFERENCES access_token (tenant_id, id)
);
CREATE INDEX access_token_person ON access_token (tenant_id, person_id);

-- By which providers people sign in, as `tenant.toml` says it.
ALTER TABLE tenant ADD COLUMN sign_in jsonb NOT NULL DEFAULT '{}';
-- migrate:down
ALTER TABLE tenant DROP COLUMN sign_in;
DROP TABLE access_token, invitation, person_tenant, sign_in_attempt, session;
ALTER TABLE membership DROP COLUMN name;
DROP INDEX IF EXISTS membership_role;
ALTER TABLE person DROP COLUMN known_at;

-- People and what they may do. Names and addresses stand only in person tables and in `recipient`.
-- migrate:up
CREATE TABLE person (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    erased_at timestamptz
);

-- A keyed digest finds the person behind an address without storing the address here.
CREATE TABLE identity (
    digest text PRIMARY KEY,
    person_id uuid NOT NULL
);

CREATE TABLE person_profile (
    person_id uuid PRIMARY KEY,
    name text,
    language text
);

CREATE TABLE person_address (
    person_id uuid NOT NULL,
    id uuid NOT NULL,
    address text NOT NULL,
    verified_at timestamptz,
    PRIMARY KEY (person_id, id)
);

-- What somebody may do in one tenant; a token is worth no more than its membership.
CREATE TABLE membership (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('city-admin', 'curator', 'issuer-admin', 'issuer-staff', 'employer', 'learner')),
    issuer_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX membership_once ON membership (tenant_id, person_id, role, issuer_id) NULLS NOT DISTINCT;

-- Bearer tokens are found before the tenant is known; only a hash is kept.
CREATE TABLE token (
    id uuid PRIMARY KEY,
    digest text NOT NULL UNIQUE,
    person_id uuid NOT NULL,
    tenant_id uuid,
    role text NOT NULL CHECK (role IN ('operator', 'city-admin', 'curator', 'issuer-admin', 'issuer-staff', 'employer', 'learner')),
    issuer_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz
);
-- migrate:down
DROP TABLE token, membership, person_address, person_profile, identity, person;

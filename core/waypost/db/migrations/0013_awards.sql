-- Awarding: who is known where, what is said of an award, batches, what was uploaded.
-- migrate:up
ALTER TABLE tenant ADD COLUMN retention_days integer NOT NULL DEFAULT 365 CHECK (retention_days BETWEEN 30 AND 3650);

ALTER TABLE recipient
    ADD COLUMN guardian_id uuid,
    ADD COLUMN issuer_id uuid,
    ADD COLUMN reference text,
    ADD COLUMN reference_issuer_id uuid,
    ADD COLUMN first_issuer_id uuid,
    ADD FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id),
    ADD CHECK ((reference IS NULL) = (reference_issuer_id IS NULL));
CREATE INDEX recipient_of_guardian ON recipient (tenant_id, guardian_id) WHERE guardian_id IS NOT NULL;
CREATE INDEX recipient_of_reference ON recipient (tenant_id, reference_issuer_id, reference)
    WHERE reference IS NOT NULL;
CREATE INDEX recipient_of_issuer ON recipient (tenant_id, issuer_id) WHERE issuer_id IS NOT NULL;
CREATE INDEX recipient_by_age ON recipient (tenant_id, created_at);

-- How an issuer calls somebody whom another named first. No key leads to the recipient: whoever gives a badge writes this
-- before they wait for others who give one to the same recipient, and must hold nothing of theirs by then.
CREATE TABLE recipient_name (
    tenant_id uuid NOT NULL,
    recipient_id uuid NOT NULL,
    issuer_id uuid NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (tenant_id, recipient_id, issuer_id)
);

-- In which tenants somebody is known as a recipient: where to look for what they earned.
CREATE TABLE known_in (
    person_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, tenant_id)
);
CREATE INDEX known_in_of_tenant ON known_in (tenant_id, person_id);

ALTER TABLE award
    ADD COLUMN person_id uuid,
    ADD COLUMN narrative text,
    ADD COLUMN awarded_by uuid,
    ADD COLUMN origin text NOT NULL DEFAULT 'issuer' CHECK (origin IN ('issuer', 'batch', 'claim', 'request', 'pathway')),
    ADD COLUMN origin_id uuid,
    ADD COLUMN batch_id uuid,
    ADD COLUMN decided_at timestamptz CHECK (isfinite(decided_at)),
    ADD COLUMN revoked_at timestamptz CHECK (isfinite(revoked_at)),
    ADD COLUMN revoked_reason text,
    ADD COLUMN replaced_by_id uuid,
    ADD COLUMN reminded_at timestamptz CHECK (isfinite(reminded_at)),
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT now() CHECK (isfinite(created_at)),
    ADD FOREIGN KEY (tenant_id, replaced_by_id) REFERENCES award (tenant_id, id);
-- The newest first; ids are the tie-break.
CREATE INDEX award_by_time ON award (tenant_id, awarded_at, id);
CREATE INDEX award_of_issuer ON award (tenant_id, issuer_id, awarded_at, id);
CREATE INDEX award_of_person ON award (tenant_id, person_id, awarded_at, id) WHERE person_id IS NOT NULL;
CREATE INDEX award_of_batch ON award (tenant_id, batch_id, awarded_at, id) WHERE batch_id IS NOT NULL;
CREATE INDEX award_of_badge ON award (tenant_id, badge_id, awarded_at, id);
CREATE INDEX award_expiring ON award (tenant_id, expires_at) WHERE state IN ('offered', 'accepted') AND expires_at IS NOT NULL;

CREATE TABLE award_evidence (
    tenant_id uuid NOT NULL,
    award_id uuid NOT NULL,
    position integer NOT NULL,
    url text NOT NULL,
    PRIMARY KEY (tenant_id, award_id, position),
    FOREIGN KEY (tenant_id, award_id) REFERENCES award (tenant_id, id) ON DELETE CASCADE
);

-- A row only where a badge is given more than once to one recipient.
CREATE TABLE award_policy (
    tenant_id uuid NOT NULL,
    badge_id uuid NOT NULL,
    repeats text NOT NULL CHECK (repeats IN ('once', 'once-a-version', 'after-expiry', 'always')),
    public boolean NOT NULL DEFAULT true,
    PRIMARY KEY (tenant_id, badge_id),
    FOREIGN KEY (tenant_id, badge_id) REFERENCES badge (tenant_id, id) ON DELETE CASCADE
);

-- The id is that of the job which people watch.
CREATE TABLE award_batch (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    badge_id uuid,
    issuer_id uuid,
    upload_id uuid,
    awarded_by uuid,
    skip_held boolean NOT NULL DEFAULT false,
    lines integer NOT NULL DEFAULT 0,
    awarded integer NOT NULL DEFAULT 0,
    checked boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    undo_until timestamptz NOT NULL CHECK (isfinite(undo_until)),
    undone_at timestamptz CHECK (isfinite(undone_at)),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, badge_id) REFERENCES badge (tenant_id, id)
);

CREATE TABLE upload (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('awards')),
    media_type text NOT NULL,
    size integer NOT NULL CHECK (size > 0),
    complete boolean NOT NULL DEFAULT false,
    sendings integer NOT NULL DEFAULT 0,
    used boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL CHECK (isfinite(expires_at)),
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE upload_chunk (
    tenant_id uuid NOT NULL,
    upload_id uuid NOT NULL,
    position integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (tenant_id, upload_id, position),
    FOREIGN KEY (tenant_id, upload_id) REFERENCES upload (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE upload_chunk ALTER COLUMN content SET STORAGE EXTERNAL;
-- migrate:down
DROP TABLE upload_chunk, upload, award_batch, award_policy, award_evidence, known_in, recipient_name;
DROP INDEX award_by_time, award_of_issuer, award_of_person, award_of_batch, award_of_badge, award_expiring;
ALTER TABLE award
    DROP COLUMN person_id, DROP COLUMN narrative, DROP COLUMN awarded_by, DROP COLUMN origin, DROP COLUMN origin_id,
    DROP COLUMN batch_id, DROP COLUMN decided_at, DROP COLUMN revoked_at, DROP COLUMN revoked_reason,
    DROP COLUMN replaced_by_id, DROP COLUMN reminded_at, DROP COLUMN created_at;
ALTER TABLE recipient
    DROP COLUMN guardian_id, DROP COLUMN issuer_id, DROP COLUMN reference, DROP COLUMN reference_issuer_id,
    DROP COLUMN first_issuer_id;
DROP INDEX recipient_by_age;
ALTER TABLE tenant DROP COLUMN retention_days;

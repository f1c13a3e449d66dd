-- The life of a badge's version, and its review. There are no triggers here: that no draft is published unapproved
-- follows from keys and checks (a state points at the decision that made it), that no row of what is published changes
-- or goes from row security (`sealed`). That versions without a draft come from files alone, and that nothing is added
-- to a published one, is left to those who write: `badges/store.py`.
-- migrate:up
ALTER TABLE badge
    ADD COLUMN image_alt text,
    ADD COLUMN audience text NOT NULL DEFAULT 'person' CHECK (audience IN ('person', 'organisation')),
    -- Before the first version is published the badge is where that is; afterwards it is on offer, or retired.
    ADD CHECK (state <> 'published' OR version_id IS NOT NULL),
    ADD CHECK (version_id IS NULL OR state IN ('published', 'retired'));
ALTER TABLE badge_version
    ADD CHECK (public = (state = 'published')),
    ADD CHECK ((published_at IS NOT NULL) = (state = 'published')),
    ADD UNIQUE (tenant_id, id, state);
CREATE UNIQUE INDEX badge_version_in_hand ON badge_version (tenant_id, badge_id) WHERE state <> 'published';

-- What curators decided, kept for ever: written where they review, carried to the badge's home. One a round.
CREATE TABLE review_decision (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    review_id uuid NOT NULL,
    round integer NOT NULL CHECK (round > 0),
    outcome text NOT NULL CHECK (outcome IN ('approved', 'changes-requested')),
    reason text,
    checklist jsonb NOT NULL DEFAULT '[]',
    person_id uuid NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, review_id, round),
    UNIQUE (tenant_id, id, review_id, round, outcome),
    CHECK (outcome = 'approved' OR reason IS NOT NULL)
);

-- What writers and curators said; each is kept at home and where it is reviewed, under one id.
CREATE TABLE review_comment (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    review_id uuid NOT NULL,
    round integer NOT NULL CHECK (round >= 0),
    criterion integer CHECK (criterion > 0),
    text text NOT NULL,
    by_curator boolean NOT NULL,
    person_id uuid NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX review_comment_of_review ON review_comment (tenant_id, review_id, made_at, id);

-- A version in the making: its words as its writers left them, and where it is on its way.
CREATE TABLE badge_draft (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    badge_id uuid NOT NULL,
    creator_id uuid NOT NULL,
    issuer_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'submitted', 'changes-requested', 'approved', 'published')),
    name text NOT NULL,
    language text NOT NULL,
    words jsonb NOT NULL,
    findings jsonb NOT NULL DEFAULT '[]',
    round integer NOT NULL DEFAULT 0,
    review_tenant_id uuid,
    submitted_by uuid,
    submitted_at timestamptz,
    due_at timestamptz,
    remaining_s integer,
    decision_id uuid,
    given_up boolean NOT NULL DEFAULT false,
    outcome text GENERATED ALWAYS AS (CASE
        WHEN state = 'changes-requested' THEN state
        WHEN state IN ('approved', 'published') THEN 'approved' END) STORED,
    created_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, badge_id) REFERENCES badge (tenant_id, id) ON DELETE CASCADE,
    -- The version says the same; both move in one transaction.
    FOREIGN KEY (tenant_id, id, state) REFERENCES badge_version (tenant_id, id, state)
        ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant_id, creator_id) REFERENCES issuer (tenant_id, id),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id),
    -- Changes are asked for, and badges approved, by a decision of this round and by nothing else.
    FOREIGN KEY (tenant_id, decision_id, id, round, outcome)
        REFERENCES review_decision (tenant_id, id, review_id, round, outcome),
    CHECK ((decision_id IS NOT NULL) = (state IN ('changes-requested', 'approved', 'published'))),
    CHECK ((state = 'draft') = (round = 0)),
    CHECK (state = 'draft' OR (submitted_at IS NOT NULL AND submitted_by IS NOT NULL AND review_tenant_id IS NOT NULL)),
    CHECK ((state = 'submitted') = (due_at IS NOT NULL))
);
CREATE INDEX badge_draft_of_badge ON badge_draft (tenant_id, badge_id);
CREATE INDEX badge_draft_by_name ON badge_draft (tenant_id, name, id) WHERE state <> 'published' AND NOT given_up;
CREATE INDEX badge_draft_of_creator ON badge_draft (tenant_id, creator_id, name, id) WHERE state <> 'published' AND NOT given_up;

-- Who wrote of a draft's words or submitted it, and so does not review it.
CREATE TABLE badge_draft_writer (
    tenant_id uuid NOT NULL,
    draft_id uuid NOT NULL,
    person_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, draft_id, person_id),
    FOREIGN KEY (tenant_id, draft_id) REFERENCES badge_draft (tenant_id, id) ON DELETE CASCADE
);

-- A submission as its curators see it: a copy of what its home sent them, and nothing else of that city.
CREATE TABLE review (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    home_tenant_id uuid NOT NULL,
    badge_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('submitted', 'changes-requested', 'approved', 'withdrawn')),
    priority integer NOT NULL CHECK (priority IN (0, 1)),
    name text NOT NULL,
    creator_name text NOT NULL,
    issuer_name text NOT NULL,
    language text NOT NULL,
    layer text NOT NULL,
    words jsonb NOT NULL,
    findings jsonb NOT NULL,
    round integer NOT NULL CHECK (round > 0),
    received_at timestamptz NOT NULL,
    submitted_at timestamptz NOT NULL,
    due_at timestamptz,
    reviewer_id uuid,
    leased_until timestamptz,
    decided_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CHECK ((state = 'submitted') = (due_at IS NOT NULL)),
    CHECK ((state IN ('approved', 'changes-requested')) <= (decided_at IS NOT NULL)),
    CHECK ((leased_until IS NULL) OR (reviewer_id IS NOT NULL))
);
-- Urgent first, then who has waited longest, by the clock that stands still while changes are asked for.
CREATE INDEX review_waiting ON review (tenant_id, priority, due_at, id) WHERE state = 'submitted';
CREATE INDEX review_by_state ON review (tenant_id, state, submitted_at, id);

-- Who belongs to the badge's issuer or creator, wrote or submitted it, and so does not review it.
CREATE TABLE review_member (
    tenant_id uuid NOT NULL,
    review_id uuid NOT NULL,
    person_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, review_id, person_id),
    FOREIGN KEY (tenant_id, review_id) REFERENCES review (tenant_id, id) ON DELETE CASCADE
);

-- A tenant's own rules for the words of badges.
CREATE TABLE lint_rule (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    slug text NOT NULL,
    field text NOT NULL CHECK (field IN ('name', 'description', 'criteria', 'skills')),
    severity text NOT NULL CHECK (severity IN ('error', 'warning')),
    language text,
    words jsonb NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    public boolean NOT NULL DEFAULT false CHECK (NOT public),
    managed_by text NOT NULL DEFAULT 'files',
    source_id text,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug)
);

-- An issuer's badges, put in an order under a name.
CREATE TABLE collection (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    slug text NOT NULL,
    issuer_id uuid NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed')),
    public boolean NOT NULL DEFAULT false,
    managed_by text NOT NULL DEFAULT 'graph',
    source_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuer (tenant_id, id)
);
CREATE INDEX collection_by_name ON collection (tenant_id, name, id) WHERE public AND state = 'open';
CREATE INDEX collection_by_name_national ON collection (name, id) WHERE public AND state = 'open';
CREATE INDEX collection_of_issuer ON collection (tenant_id, issuer_id, name, id) WHERE public AND state = 'open';
CREATE INDEX collection_national ON collection (id);

CREATE TABLE collection_badge (
    tenant_id uuid NOT NULL,
    collection_id uuid NOT NULL,
    badge_id uuid NOT NULL,
    position integer NOT NULL CHECK (position > 0),
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, collection_id, badge_id),
    FOREIGN KEY (tenant_id, collection_id) REFERENCES collection (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, badge_id) REFERENCES badge (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX collection_badge_backwards ON collection_badge (tenant_id, badge_id, collection_id);
-- migrate:down
DROP TABLE collection_badge, collection, lint_rule, review_member, review, badge_draft_writer, badge_draft,
    review_comment, review_decision;
DROP INDEX badge_version_in_hand;
ALTER TABLE badge_version
    DROP CONSTRAINT badge_version_tenant_id_id_state_key,
    DROP CONSTRAINT badge_version_check,
    DROP CONSTRAINT badge_version_check1;
ALTER TABLE badge
    DROP CONSTRAINT badge_check2,
    DROP CONSTRAINT badge_check3,
    DROP COLUMN audience,
    DROP COLUMN image_alt;

-- Figures, released by the month. What is under five cannot be written into a table of figures.
-- migrate:up
-- The counting book: what figures need to know of an award, and the release that counted it. It refers to ids alone
-- and to no other table, so that figures stay what they were when an award goes or a person is erased.
CREATE TABLE counted_award (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    learner_id uuid NOT NULL,
    home_tenant_id uuid NOT NULL,
    month text NOT NULL CHECK (month ~ '^[0-9]{4}-[0-9]{2}$'),
    layer text NOT NULL,
    kind text NOT NULL,
    place text NOT NULL,
    ward text NOT NULL,
    deprivation text NOT NULL,
    age text NOT NULL,
    release_id uuid,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX counted_award_pending ON counted_award (tenant_id) WHERE release_id IS NULL;
CREATE INDEX counted_award_of_learner ON counted_award (tenant_id, learner_id);
CREATE INDEX counted_award_of_release ON counted_award (tenant_id, release_id);

CREATE TABLE figure_release (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    from_month text NOT NULL,
    to_month text NOT NULL,
    learners integer CHECK (learners >= 5),
    repeated integer CHECK (repeated >= 5),
    badges integer NOT NULL CHECK (badges >= 5),
    released_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, to_month),
    CHECK (from_month <= to_month)
);

CREATE TABLE figure_breakdown (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    dimension text NOT NULL CHECK (dimension IN ('layer', 'kind', 'place', 'ward', 'deprivation', 'age')),
    from_month text NOT NULL,
    to_month text NOT NULL,
    badges integer NOT NULL CHECK (badges >= 5),
    together integer CHECK (together >= 5),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, dimension, to_month),
    CHECK (from_month <= to_month)
);

CREATE TABLE figure_cell (
    tenant_id uuid NOT NULL,
    breakdown_id uuid NOT NULL,
    code text NOT NULL,
    badges integer NOT NULL CHECK (badges >= 5),
    PRIMARY KEY (tenant_id, breakdown_id, code),
    FOREIGN KEY (tenant_id, breakdown_id) REFERENCES figure_breakdown (tenant_id, id) ON DELETE CASCADE
);

-- What was earned in another city is counted there too.
CREATE INDEX award_earned_elsewhere ON award (tenant_id, earned_in_tenant_id)
    WHERE earned_in_tenant_id <> tenant_id;

-- The highest rank of a nation tells the editions of its index of deprivation apart.
CREATE INDEX postcode_by_deprivation ON postcode (nation, deprivation_rank);
-- migrate:down
DROP INDEX postcode_by_deprivation, award_earned_elsewhere;
DROP TABLE figure_cell, figure_breakdown, figure_release, counted_award;

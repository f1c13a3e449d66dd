-- Work behind the scenes: what is due, what was done, and jobs that people watch. Holds ids, never names or addresses.
-- migrate:up
-- One row is one piece of work; it goes when it is done. `due_at` of a piece that a worker holds is when its
-- lease ends, so that the work of a worker that was killed is due again by itself. `lane` tells apart what a bundle
-- does together: of no lane more is done at once than leaves room for the others.
CREATE TABLE work (
    id uuid PRIMARY KEY,
    tenant_id uuid,
    kind text NOT NULL,
    lane text NOT NULL DEFAULT '',
    facts jsonb NOT NULL DEFAULT '{}',
    due_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    holder uuid,
    state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'dead')),
    problem text,
    request text,
    made_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX work_due ON work (kind, lane, due_at, id) WHERE state = 'due';

-- In which request it happened, as the log has it.
ALTER TABLE event ADD COLUMN request text;

-- How far the events of each tenant were handed on to those who handle them.
CREATE TABLE relayed (
    tenant_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    event_id uuid NOT NULL
);
-- What happened before there were handlers is not told to them.
INSERT INTO relayed (tenant_id, version, event_id)
SELECT tenant_id, version, 'ffffffff-ffff-ffff-ffff-ffffffffffff' FROM catalogue_version;

-- When each schedule is due again; while one runs, `due_at` is when its lease ends.
CREATE TABLE schedule (
    name text PRIMARY KEY,
    due_at timestamptz NOT NULL,
    holder uuid,
    ran_at timestamptz
);

-- What a handler has done, written in the transaction that did it.
CREATE TABLE handled (
    tenant_id uuid NOT NULL,
    handler text NOT NULL,
    key uuid NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    lasting boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, handler, key)
);
CREATE INDEX handled_at ON handled (tenant_id, handled_at) WHERE NOT lasting;

CREATE TABLE unsubscribed (
    tenant_id uuid NOT NULL,
    letter text NOT NULL,
    digest text NOT NULL,
    said_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, letter, digest)
);

CREATE TABLE job (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
    done integer NOT NULL DEFAULT 0 CHECK (done >= 0),
    total integer CHECK (total >= 0),
    person_id uuid,
    issuer_id uuid,
    begun_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    request text,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE job_problem (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    job_id uuid NOT NULL,
    position integer NOT NULL,
    line integer,
    "column" text,
    code text NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES job (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX job_problem_of ON job_problem (tenant_id, job_id, position);

-- Who wants to be told of what happens in a tenant. Secrets are sealed under the platform's key.
CREATE TABLE webhook (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    url text NOT NULL,
    events text[] NOT NULL CHECK (cardinality(events) > 0),
    state text NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'gone', 'removed')),
    secret text NOT NULL,
    former_secret text,
    former_until timestamptz,
    failures integer NOT NULL DEFAULT 0,
    resting_until timestamptz,
    person_id uuid,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);

-- One telling of one event to one webhook; its id is the same at every attempt.
CREATE TABLE delivery (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    object_type text NOT NULL,
    object_id uuid NOT NULL,
    happened_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'delivered', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    answer integer,
    problem text,
    made_at timestamptz NOT NULL DEFAULT now(),
    tried_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhook (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX delivery_once ON delivery (tenant_id, webhook_id, event_id);
CREATE INDEX delivery_made ON delivery (tenant_id, state, made_at);

-- What a mutation answered under a key that the client chose; the answer can be read with that key alone.
CREATE TABLE kept_answer (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    digest text NOT NULL,
    place integer NOT NULL,
    request_digest text NOT NULL,
    answer text NOT NULL DEFAULT '',
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, person_id, digest, place)
);
CREATE INDEX kept_answer_made ON kept_answer (tenant_id, made_at);

-- The same of what people do for themselves: no city sees that they did it.
CREATE TABLE own_answer (
    person_id uuid NOT NULL,
    digest text NOT NULL,
    place integer NOT NULL,
    request_digest text NOT NULL,
    answer text NOT NULL DEFAULT '',
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, digest, place)
);
CREATE INDEX own_answer_made ON own_answer (made_at);

-- Who shows this? Asked for every badge and opportunity that changes.
CREATE INDEX borrowed_object ON borrowed (object_id);
-- migrate:down
DROP INDEX borrowed_object;
DROP TABLE own_answer, kept_answer, delivery, webhook, job_problem, job, unsubscribed, handled, schedule, relayed, work;
ALTER TABLE event DROP COLUMN request;

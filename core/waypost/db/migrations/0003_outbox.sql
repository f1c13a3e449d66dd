-- What happened, written in the transaction that made it true. Holds ids, never names or addresses.
-- migrate:up
CREATE TABLE event (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    object_type text NOT NULL,
    object_id uuid NOT NULL,
    person_id uuid,
    data jsonb NOT NULL DEFAULT '{}',
    happened_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
-- migrate:down
DROP TABLE event;

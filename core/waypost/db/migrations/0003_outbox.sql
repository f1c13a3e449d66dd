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
    version bigint,
    PRIMARY KEY (tenant_id, id)
);
-- Who follows a tenant reads on from where it was, in the order in which transactions held.
CREATE INDEX event_version ON event (tenant_id, version, id);
-- migrate:down
DROP TABLE event;

-- Throw-away tables, one or two of each kind, for attacks and for faults.
-- migrate:up
CREATE TABLE note (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL,
    words text,
    public boolean NOT NULL DEFAULT false,
    title_lower text GENERATED ALWAYS AS (lower(title)) STORED,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX note_title ON note (tenant_id, title);

CREATE TABLE draft (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE colour (
    code text PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE note_colour (
    tenant_id uuid NOT NULL,
    note_id uuid NOT NULL,
    colour_code text NOT NULL REFERENCES colour,
    weight integer NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, note_id, colour_code),
    FOREIGN KEY (tenant_id, note_id) REFERENCES note (tenant_id, id) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE diary (
    person_id uuid NOT NULL,
    id uuid NOT NULL,
    words text NOT NULL,
    PRIMARY KEY (person_id, id)
);

CREATE TABLE sign_in (
    person_id uuid PRIMARY KEY,
    secret text NOT NULL
);

CREATE TABLE door (
    slug text PRIMARY KEY,
    tenant_id uuid NOT NULL
);

CREATE TABLE queue (
    id uuid PRIMARY KEY,
    job text NOT NULL
);
-- migrate:down
DROP TABLE queue, door, sign_in, diary, note_colour, colour, draft, note;

"""Each check of the catalogue is seen to fail."""

from __future__ import annotations

import re

import pytest
from piccolo.columns import Integer, Text

from tests.db.conftest import Yard
from tests.db.tables import YARD
from waypost.db import App, National, TenantTable
from waypost.db.catalogue import faults


async def words(yard: Yard, app: App = YARD) -> list[str]:
    return [str(fault) for fault in await faults(yard.admin, [app])]


async def test_a_database_as_declared_has_no_fault(yard: Yard) -> None:
    assert await words(yard) == []


async def test_every_role_may_ask(yard: Yard) -> None:
    async with yard.database.transaction(National()) as transaction:
        assert await faults(transaction.connection, [YARD]) == []


# What spoils a database, and indented below it the fault that is then named.
SPOILT = """
ALTER TABLE note DISABLE ROW LEVEL SECURITY
    note: row security is not enabled
ALTER TABLE note NO FORCE ROW LEVEL SECURITY
    note: row security is not forced on the owner
DROP POLICY city ON draft
    draft: policy city is missing or different
ALTER POLICY national ON note USING (true)
    note: policy national is missing or different
ALTER POLICY city ON note TO waypost_city, waypost_national
    note: policy city is missing or different
ALTER POLICY city ON note WITH CHECK (true)
    note: policy city is missing or different
ALTER POLICY city ON note USING (tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true),
'')::uuid))
    note: policy city is missing or different
CREATE POLICY more ON note TO waypost_city USING (public)
    note: policy more of waypost_city should not be there
CREATE POLICY less ON note AS RESTRICTIVE USING (true)
    note: policy less of PUBLIC (restrictive) should not be there
GRANT SELECT ON draft TO waypost_national
    draft: waypost_national should not have SELECT
GRANT TRUNCATE ON draft TO waypost_city
    draft: waypost_city should not have TRUNCATE
GRANT SELECT ON draft TO PUBLIC
    draft: PUBLIC should not have SELECT
GRANT SELECT ON draft TO waypost_app
    draft: waypost_app should not have SELECT
GRANT UPDATE (words) ON diary TO waypost_city
    diary: waypost_city should not have UPDATE (words)
REVOKE SELECT ON colour FROM waypost_system
    colour: waypost_system lacks SELECT
ALTER TABLE draft OWNER TO CURRENT_USER
    draft: owned by postgres instead of waypost_owner
CREATE TABLE stray ()
    stray: of no kind: no table class declares it
DROP TABLE queue
    queue: declared, but no such table
ALTER TABLE diary DROP CONSTRAINT diary_pkey, ADD PRIMARY KEY (id)
    diary: the primary key is (id), declared is (person_id, id)
ALTER TABLE draft DROP CONSTRAINT draft_pkey, ADD PRIMARY KEY (id, tenant_id)
    draft: the primary key is (id, tenant_id), declared is (tenant_id, id)
CREATE UNIQUE INDEX alone ON draft (title)
    draft: the unique index alone does not begin with tenant_id
CREATE UNIQUE INDEX later ON diary (words, person_id)
    diary: the unique index later does not begin with person_id
CREATE UNIQUE INDEX lower ON draft (lower(title), tenant_id)
    draft: the unique index lower does not begin with tenant_id
ALTER TABLE draft ADD CONSTRAINT apart EXCLUDE USING gist (title WITH =)
    draft: the unique index apart does not begin with tenant_id
ALTER TABLE draft ADD CONSTRAINT f FOREIGN KEY (id, tenant_id) REFERENCES note (id, tenant_id)
    draft: the foreign key f does not begin with tenant_id on both sides
ALTER TABLE draft ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES note (id)
    draft: the foreign key f does not begin with tenant_id on both sides
ALTER TABLE draft ADD CONSTRAINT f FOREIGN KEY (title) REFERENCES door
    draft: the foreign key f leads from a tenant table to a platform table
ALTER TABLE door ADD CONSTRAINT f FOREIGN KEY (tenant_id, tenant_id) REFERENCES note
    door: the foreign key f leads from a platform table to a tenant table
CREATE SCHEMA beside; CREATE TABLE beside.it (id uuid PRIMARY KEY); ALTER TABLE draft ADD CONSTRAINT f FOREIGN
KEY (id) REFERENCES beside.it
    draft: the foreign key f refers to beside.it, which is no table of ours
CREATE TRIGGER t BEFORE UPDATE ON draft FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()
    draft: has the trigger t
DROP TRIGGER audit ON draft
    draft: the trigger audit is missing or different
ALTER TABLE draft DISABLE TRIGGER audit
    draft: the trigger audit is missing or different
DROP TRIGGER audit ON draft; CREATE TRIGGER audit AFTER UPDATE OF title ON draft FOR EACH ROW
EXECUTE FUNCTION audit_row('id')
    draft: the trigger audit is missing or different
GRANT UPDATE ON audit TO waypost_city
    audit: waypost_city should not have UPDATE
ALTER POLICY city_insert ON audit WITH CHECK (true)
    audit: policy city_insert is missing or different
GRANT EXECUTE ON FUNCTION audit_row TO waypost_city
    public.audit_row(): can be used for triggers by others than its owner
CREATE OR REPLACE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'
    public.audit_row(): reads differently from what this version of Waypost writes
DROP FUNCTION audit_row CASCADE
    public.audit_row(): is not there
CREATE TYPE mood AS ENUM ('ok'); ALTER TABLE draft ADD mood mood
    draft: the column mood is an enum; use text with a CHECK
ALTER TABLE draft ADD more text
    draft: the column more is not declared
ALTER TABLE draft DROP words
    draft: the column words is declared, but not there
ALTER TABLE draft ALTER words TYPE varchar(3)
    draft: the column words is character varying, declared as TEXT
ALTER TABLE draft ALTER words DROP NOT NULL
    draft: the column words is null, declared not null
ALTER TABLE note ALTER words SET NOT NULL
    note: the column words is not null, declared null
CREATE VIEW seen AS SELECT * FROM draft
    seen: a view must be WITH (security_invoker = true)
CREATE MATERIALIZED VIEW kept AS SELECT * FROM draft
    kept: a materialised view has no row security
CREATE FUNCTION f() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'
    f(): a SECURITY DEFINER function speaks with its owner's rights
CREATE RULE r AS ON DELETE TO draft DO INSTEAD NOTHING
    draft: a rule rewrites what is written
"""
CASES = [(case[1], case[2]) for case in re.finditer(r"((?:^\S.*\n)+)^ {4}(.*)$", SPOILT, re.MULTILINE)]


def test_no_case_is_lost() -> None:
    assert len(CASES) == 48


@pytest.mark.parametrize(("spoil", "fault"), CASES, ids=[fault for _, fault in CASES])
async def test_a_fault_is_named(yard: Yard, spoil: str, fault: str) -> None:
    # What some of the foreign keys need to refer to.
    await yard.admin.execute("ALTER TABLE note ADD UNIQUE (id, tenant_id), ADD UNIQUE (id)")
    await yard.admin.execute(spoil)
    found = [text.replace('"public".', "").replace('"', "") for text in await words(yard)]
    assert fault.replace("postgres", await yard.admin.fetchval("SELECT current_user"), 1) in found


async def test_what_is_meant_to_be_there_is_no_fault(yard: Yard) -> None:
    await yard.admin.execute(
        "SET ROLE waypost_owner; CREATE VIEW seen WITH (security_invoker = true) AS SELECT * FROM draft;"
        "ALTER TABLE draft ADD title_length int GENERATED ALWAYS AS (length(title)) STORED;"
        "CREATE INDEX whatever ON draft (title)"
    )
    assert await words(yard) == []


async def test_two_classes_cannot_declare_one_table(yard: Yard) -> None:
    class Again(TenantTable, tablename="draft"):
        title = Text()
        words = Text(default="")

    assert await words(yard, App("waypost", YARD.migrations, (*YARD.tables, Again))) == [
        '"public"."draft": declared twice: Draft and Again'
    ]


async def test_another_declaration_of_a_column_is_noticed(yard: Yard) -> None:
    class Draft(TenantTable):
        title = Integer()
        words = Text(default="")

    tables = tuple(Draft if table._meta.tablename == "draft" else table for table in YARD.tables)
    assert await words(yard, App("waypost", YARD.migrations, tables)) == [
        '"public"."draft": the column title is text, declared as INTEGER'
    ]

"""Who did what to which row: a trigger of every tenant's table writes it down, ids and names of columns only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from waypost.db.connections import Connection

_ACT = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_ROLE = re.compile(r"[a-z][a-z0-9-]{0,49}")
TRIGGER: Final = "audit"
FUNCTION: Final = "public.audit_row"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts in a transaction, and in which act (a mutation's name, or a job's).

    Where a transaction names an actor, every change of a tenant's rows leaves an entry in the table `audit`; where it
    names none (files, feeds, demonstrations) changes cost nothing more. `token` is the bearer token or session that
    the person came with. Written as text, it is read back by `read`. Raises `ValueError` for an act or a role that is
    no short name.
    """

    person: UUID
    act: str
    role: str | None = None
    token: UUID | None = None

    def __post_init__(self) -> None:
        # What is interpolated into SQL: hexadecimal digits and short names alone.
        object.__setattr__(self, "person", UUID(int=self.person.int))
        if self.token is not None:
            object.__setattr__(self, "token", UUID(int=self.token.int))
        if not _ACT.fullmatch(self.act):
            raise ValueError(f"{self.act!r} is no name of an act")
        if self.role is not None and not _ROLE.fullmatch(self.role):
            raise ValueError(f"{self.role!r} is no name of a role")

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the actor that was written as that text."""
        person, act, role, bearer = text.split(" ")
        return cls(UUID(person), act, None if role == "-" else role, None if bearer == "-" else UUID(bearer))

    def __str__(self) -> str:
        return f"{self.person} {self.act} {self.role or '-'} {self.token or '-'}"

    def sql(self) -> str:
        """SQL (without a final semicolon) that names the actor until the end of the transaction.

        A SET, not set_config(): Citus hands it on to its workers.
        """
        return f"SET LOCAL app.actor = '{self}'"


# AFTER, so that it tells what was written indeed. It speaks with the rights of whoever writes: the policies of
# `audit` let a city add its own entries, and only from inside a trigger. Where rows are written by the thousand it
# costs as much as all else that the database does, so each kind of change does no more than it needs.
_BODY: Final = """
DECLARE
    who text[];
    is_now jsonb;
    was jsonb;
    changed text[] := '{}';
    micros bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        is_now := jsonb_strip_nulls(to_jsonb(NEW));
        changed := ARRAY(SELECT jsonb_object_keys(is_now - 'tenant_id') COLLATE "C" ORDER BY 1);
    ELSIF TG_OP = 'DELETE' THEN
        is_now := to_jsonb(OLD);
    ELSE
        is_now := to_jsonb(NEW);
        was := to_jsonb(OLD);
        changed := ARRAY(
            SELECT key FROM jsonb_each(is_now) WHERE key <> 'tenant_id' AND value IS DISTINCT FROM was -> key
            ORDER BY key COLLATE "C");
        IF changed = '{}' THEN RETURN NULL; END IF;
    END IF;
    who := string_to_array(current_setting('app.actor'), ' ');
    INSERT INTO public.audit (tenant_id, id, at, person_id, role, token_id, act, table_name, row_id, verb, changed)
    VALUES (
        (is_now ->> 'tenant_id')::uuid,
        -- In the order of time, as version 7 of RFC 9562 wants it; PostgreSQL makes those itself from 18 on.
        (lpad(to_hex(micros / 1000), 12, '0') || '7' || lpad(to_hex(micros % 1000 * 4096 / 1000), 3, '0')
            || substr(gen_random_uuid()::text, 20))::uuid,
        now(), who[1]::uuid, nullif(who[3], '-'), nullif(who[4], '-')::uuid, who[2],
        CASE TG_TABLE_SCHEMA WHEN 'public' THEN '' ELSE TG_TABLE_SCHEMA || '.' END || TG_TABLE_NAME,
        (is_now ->> TG_ARGV[0])::uuid, lower(TG_OP), changed
    );
    RETURN NULL;
END
"""
_MAKE_SQL: Final = f"""
CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $audit${_BODY}$audit$;
REVOKE ALL ON FUNCTION {FUNCTION}() FROM PUBLIC
"""
_FOUND_SQL: Final = f"""
SELECT prosrc AS body, pg_get_userbyid(proowner) AS owner,
       NOT EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee <> proowner) AND proacl IS NOT NULL AS closed
FROM pg_proc WHERE oid = to_regprocedure('{FUNCTION}()')
"""

# The condition is asked of each row before anything else is done for it.
_WHEN: Final = "((current_setting('app.actor'::text, true) <> ''::text))"
# ROW, INSERT, DELETE and UPDATE, neither BEFORE nor INSTEAD: see tgtype in PostgreSQL's catalogue.
_TYPE: Final = 1 | 4 | 8 | 16


@dataclass(frozen=True, slots=True, order=True)
class Trigger:
    """One trigger of a table, as it is or should be; `tail` is what PostgreSQL prints after FOR EACH ROW."""

    name: str
    type: int
    enabled: str
    function: str
    columns: str
    tail: str


def audit_trigger(row: str) -> Trigger:
    """Give the trigger of a table whose rows are known by the column `row` ('' where no column is a uuid)."""
    return Trigger(TRIGGER, _TYPE, "O", FUNCTION, "", f"WHEN {_WHEN} EXECUTE FUNCTION audit_row('{row}')")


def trigger_sql(table: str, row: str) -> str:
    """SQL that makes the trigger of `audit_trigger` on a table given by its quoted name."""
    return (
        f"CREATE TRIGGER {TRIGGER} AFTER INSERT OR DELETE OR UPDATE ON {table} FOR EACH ROW "
        f"WHEN {_WHEN} EXECUTE FUNCTION {FUNCTION}('{row}')"
    )


# Foreign keys are internal triggers.
TRIGGERS_SQL: Final = r"""
SELECT tgname AS name, tgtype AS type, tgenabled::text AS enabled, nspname || '.' || proname AS function,
       tgattr::text AS columns,
       regexp_replace(substring(pg_get_triggerdef(t.oid) FROM ' FOR EACH (?:ROW|STATEMENT) (.*)$'),
                      'EXECUTE FUNCTION public\.', 'EXECUTE FUNCTION ') AS tail
FROM pg_trigger t JOIN pg_proc p ON p.oid = tgfoid JOIN pg_namespace n ON n.oid = pronamespace
WHERE tgrelid = $1::text::regclass AND NOT tgisinternal
"""


async def make_function(connection: Connection) -> None:
    """Make what the triggers call, or bring it to this version; as the owner role, inside a transaction."""
    if await function_faults(connection):
        await connection.execute(_MAKE_SQL)


async def function_faults(connection: Connection) -> list[str]:
    """Say how the function of the triggers differs from what it should be, as any role may."""
    found = await connection.fetchrow(_FOUND_SQL)
    if found is None:
        return ["is not there"]
    faults = []
    if found["body"] != _BODY:
        faults.append("reads differently from what this version of Waypost writes")
    if not found["closed"]:
        faults.append("can be used for triggers by others than its owner")
    return faults

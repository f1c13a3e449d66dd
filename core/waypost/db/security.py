"""Row security as it follows from the kinds of table: what should be, what is, and how to get there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from waypost.db.auditing import TRIGGERS_SQL, Trigger, audit_trigger, trigger_sql
from waypost.db.connections import Connection
from waypost.db.ownership import SCOPES, VERBS, Kind, Ownership, role_of
from waypost.db.scope import OWNER_ROLE, SCOPE_ROLES, SHARED
from waypost.db.tables import OwnedTable, ownership

# Spelled as PostgreSQL gives them back, so that what is can be compared with what should be. No sub-SELECT
# around current_setting(): it gains nothing for a built-in, and Citus refuses it.
_TENANT = "({column} = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"
_PERSON = "(person_id = (NULLIF(current_setting('app.person_id'::text, true), ''::text))::uuid)"
EVERYBODY = "PUBLIC"


@dataclass(frozen=True, slots=True, order=True)
class Policy:
    """One policy; `using` and `check` are empty where the command has none. A restrictive one takes away."""

    name: str
    command: str
    role: str
    using: str = ""
    check: str = ""
    restrictive: bool = False

    def sql(self, table: str) -> str:
        """SQL that creates it on a quoted table name."""
        using = f" USING ({self.using})" if self.using else ""
        check = f" WITH CHECK ({self.check})" if self.check else ""
        kind = " AS RESTRICTIVE" if self.restrictive else ""
        return f'CREATE POLICY "{self.name}" ON {table}{kind} FOR {self.command} TO {self.role}{using}{check}'

    def __str__(self) -> str:
        """Name it as faults do."""
        return f"policy {self.name} of {self.role}{' (restrictive)' if self.restrictive else ''}"


@dataclass(frozen=True, slots=True)
class Security:
    """Who may do what with a table's rows, and what trace that leaves; `grants` are (role, verb)."""

    enabled: bool
    forced: bool
    policies: frozenset[Policy]
    grants: frozenset[tuple[str, str]]
    triggers: frozenset[Trigger] = frozenset()


def expected(owned: Ownership) -> Security:
    """Derive the row security of a table from its ownership."""
    policies, grants = _BY_KIND[owned.kind](owned)
    triggers = [] if owned.traced_by is None else [audit_trigger(owned.traced_by)]
    return Security(
        enabled=True,
        forced=True,
        policies=frozenset(policies),
        grants=frozenset(grants),
        triggers=frozenset(triggers),
    )


_Rights = tuple[list[Policy], list[tuple[str, str]]]


def _tenant(owned: Ownership) -> _Rights:
    own = _TENANT.format(column="tenant_id")
    if owned.append_only:
        return _appended(own)
    policies = [Policy("city", "ALL", role_of("city"), own, own)]
    grants = [(role_of("city"), verb) for verb in VERBS]
    if owned.public:
        policies.append(Policy("national", "SELECT", role_of("national"), "public"))
        grants.append((role_of("national"), "SELECT"))
    if owned.sealed:
        city = role_of("city")
        policies.append(Policy("sealed_update", "UPDATE", city, "(NOT public)", "true", restrictive=True))
        policies.append(Policy("sealed_delete", "DELETE", city, "(NOT public)", restrictive=True))
    return policies, grants


def _appended(own: str) -> _Rights:
    """What the city's own triggers write and nobody changes: a policy can tell a trigger from a statement."""
    role = role_of("city")
    added = f"({own} AND (pg_trigger_depth() > 0))"
    policies = [
        Policy("city_select", "SELECT", role, own),
        Policy("city_insert", "INSERT", role, check=added),
        # From PostgreSQL 18 on what a foreign key takes along is written with the rights of the tables' owner.
        Policy("owner_insert", "INSERT", OWNER_ROLE, check=added),
    ]
    return policies, [(role, "SELECT"), (role, "INSERT")]


def _person(owned: Ownership) -> _Rights:
    policies, grants = _granted(owned)
    policies.append(Policy("learner", "ALL", role_of("learner"), _PERSON, _PERSON))
    return policies, [*grants, *((role_of("learner"), verb) for verb in VERBS)]


def _reference(_: Ownership) -> _Rights:
    policies = [Policy(f"{scope}_select", "SELECT", role_of(scope), "true") for scope in SCOPES]
    return [*policies, _OWNER], [(role_of(scope), "SELECT") for scope in SCOPES]


def _platform(owned: Ownership) -> _Rights:
    policies, grants = _granted(owned)
    return [*policies, _OWNER], grants


_BY_KIND = {Kind.TENANT: _tenant, Kind.PERSON: _person, Kind.REFERENCE: _reference, Kind.PLATFORM: _platform}
# Imports and bookkeeping write as the owner, whom forced row security binds too.
_OWNER = Policy("owner", "ALL", OWNER_ROLE, "true", "true")


def _granted(owned: Ownership) -> _Rights:
    pairs = [(scope, verb) for scope, verbs in owned.grants.items() for verb in verbs]
    grants = [(role_of(scope), spelled) for scope, verb in pairs for spelled in _spelled(owned, scope, verb)]
    return [_for_verb(owned, scope, verb) for scope, verb in pairs], grants


def _spelled(owned: Ownership, scope: str, verb: str) -> list[str]:
    """A verb as it is granted: on the whole table, or on some of its columns alone."""
    if verb != "UPDATE" or scope not in owned.updates:
        return [verb]
    return [f"UPDATE ({column})" for column in owned.updates[scope]]


def _for_verb(owned: Ownership, scope: str, verb: str) -> Policy:
    bound = scope == "city" and owned.tenant_column and verb != "SELECT"
    rows = _TENANT.format(column=owned.tenant_column) if bound else "true"
    if bound and owned.shared_row:
        rows = f"({rows} OR ({owned.tenant_column} = '{SHARED}'::uuid))"
    return Policy(
        f"{scope}_{verb.lower()}",
        verb,
        role_of(scope),
        using="" if verb == "INSERT" else rows,
        check=rows if verb in {"INSERT", "UPDATE"} else "",
    )


_ROW_SECURITY = """
SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = $1::text::regclass
"""
_POLICIES = """
SELECT polname, CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
           WHEN 'd' THEN 'DELETE' ELSE 'ALL' END AS command,
       (SELECT string_agg(CASE oid WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(oid) END, ', ')
        FROM unnest(polroles) AS oid) AS role,
       coalesce(pg_get_expr(polqual, polrelid), '') AS using,
       coalesce(pg_get_expr(polwithcheck, polrelid), '') AS check, NOT polpermissive AS restrictive
FROM pg_policy WHERE polrelid = $1::text::regclass
"""
_GRANTS = """
SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END AS role, privilege_type AS verb
FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = $1::text::regclass AND grantee <> relowner
UNION ALL
SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END,
       privilege_type || ' (' || attname || ')'
FROM pg_attribute, aclexplode(attacl) WHERE attrelid = $1::text::regclass
"""


async def actual(connection: Connection, table: str) -> Security:
    """Read the row security of a table given by its quoted name, as any role may."""
    switches = await connection.fetchrow(_ROW_SECURITY, table)
    policies = await connection.fetch(_POLICIES, table)
    grants = await connection.fetch(_GRANTS, table)
    triggers = await connection.fetch(TRIGGERS_SQL, table)
    return Security(
        enabled=bool(switches and switches["relrowsecurity"]),
        forced=bool(switches and switches["relforcerowsecurity"]),
        policies=frozenset(Policy(*row.values()) for row in policies),
        grants=frozenset((row["role"], row["verb"]) for row in grants),
        triggers=frozenset(Trigger(*row.values()) for row in triggers),
    )


def differences(should: Security, found: Security) -> list[str]:
    """Say in words how a table's row security differs from what it should be."""
    faults = []
    if not found.enabled:
        faults.append("row security is not enabled")
    if not found.forced:
        faults.append("row security is not forced on the owner")
    faults += [f"policy {p.name} is missing or different" for p in sorted(should.policies - found.policies)]
    faults += [f"{p} should not be there" for p in sorted(found.policies - should.policies)]
    faults += [f"{role} lacks {verb}" for role, verb in sorted(should.grants - found.grants)]
    faults += [f"{role} should not have {verb}" for role, verb in sorted(found.grants - should.grants)]
    # What must happen with a write happens in the command, but for its trace: Citus refuses triggers on distributed
    # tables unless it is told that they stay within one tenant, as this one does.
    wanted = {each.name for each in should.triggers}
    faults += [f"the trigger {each.name} is missing or different" for each in sorted(should.triggers - found.triggers)]
    faults += [f"has the trigger {each.name}" for each in sorted(found.triggers) if each.name not in wanted]
    return faults


async def secure(connection: Connection, tables: Sequence[type[OwnedTable]]) -> None:
    """Give each table the policies and grants of its kind, touching only tables that differ.

    To be called as the owner role, inside a transaction: taking a policy away and
    putting it back is one step for everybody else.
    """
    for table in tables:
        name = qualified(table)
        should, found = expected(ownership(table)), await actual(connection, name)
        if differences(should, found):
            await connection.execute(";\n".join(_statements(name, ownership(table), should, found)))


def _statements(name: str, owned: Ownership, should: Security, found: Security) -> list[str]:
    grantees = sorted({EVERYBODY, *SCOPE_ROLES})
    traced = [] if owned.traced_by is None else [trigger_sql(name, owned.traced_by)]
    return [
        f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
        *(f'DROP POLICY "{policy.name}" ON {name}' for policy in sorted(found.policies)),
        *(policy.sql(name) for policy in sorted(should.policies)),
        f"REVOKE ALL ON {name} FROM {', '.join(grantees)}",
        *(f"GRANT {verb} ON {name} TO {role}" for role, verb in sorted(should.grants)),
        *(f'DROP TRIGGER "{trigger.name}" ON {name}' for trigger in sorted(found.triggers)),
        *traced,
    ]


def qualified(table: type[OwnedTable]) -> str:
    """Give the quoted name of a table with its schema, `"public"."badge"`."""
    meta = table._meta
    return f'"{meta.schema or "public"}"."{meta.tablename}"'

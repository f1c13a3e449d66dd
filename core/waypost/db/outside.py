"""What lies outside of one schema, as it is: so that the migrations of a plugin can be held to their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from waypost.db.connections import Connection
from waypost.db.ownership import SCOPES, role_of
from waypost.db.scope import OWNER_ROLE

MOST_NAMED: Final = 8

# Whole rows of the catalogue, so that nothing is forgotten, but for what PostgreSQL counts there by itself. Foreign
# keys from inside make triggers outside; these belong to the constraint, which is inside. Numbers of written rows are
# of this transaction, and the file that a table lies in is another one after TRUNCATE.
_OUTSIDE_SQL: Final = """
WITH outside AS (
    SELECT oid, quote_ident(nspname) AS schema, nspowner, nspacl FROM pg_namespace
    WHERE nspname <> $1 AND nspname !~ '^pg_' AND nspname <> 'information_schema'
), relation AS (
    SELECT c.*, c.oid AS id, schema || '.' || quote_ident(relname) AS name
    FROM pg_class c JOIN outside o ON o.oid = relnamespace
), holder AS (
    SELECT * FROM relation WHERE relkind NOT IN ('i', 'I')
)
SELECT 'schema' AS what, schema AS name, '' AS of, ROW(nspowner, nspacl)::text AS detail FROM outside
UNION ALL SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' WHEN 'S' THEN 'sequence'
                              WHEN 'c' THEN 'type' ELSE 'table' END, name, '',
    ROW(relkind, relowner, relpersistence, relreplident, reltablespace, relam, reloptions, relispartition,
        pg_get_expr(relpartbound, id), (SELECT array_agg(inhrelid ORDER BY 1) FROM pg_inherits WHERE inhparent = id)
    )::text FROM holder
UNION ALL SELECT 'index', r.name, h.name,
    ROW(pg_get_indexdef(r.id), indisvalid, indisunique, indisclustered, r.reltablespace, r.reloptions)::text
    FROM pg_index JOIN relation r ON r.id = indexrelid JOIN holder h ON h.id = indrelid
UNION ALL SELECT 'row security of', name, name, ROW(relrowsecurity, relforcerowsecurity)::text FROM holder
UNION ALL SELECT 'grants on', name, name, relacl::text FROM holder
UNION ALL SELECT 'rows of', name, name,
    ROW(relfilenode, n_tup_ins, n_tup_upd, n_tup_del)::text
    FROM holder JOIN pg_stat_xact_all_tables ON relid = id
UNION ALL SELECT 'column', name || '.' || quote_ident(attname), name, md5(a::text || coalesce(d::text, ''))
    FROM holder JOIN pg_attribute a ON attrelid = id LEFT JOIN pg_attrdef d ON adrelid = id AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'constraint', format('%I on %s', conname, coalesce(name, schema)), name, md5(k::text)
    FROM pg_constraint k JOIN outside o ON o.oid = connamespace LEFT JOIN holder ON id = conrelid
UNION ALL SELECT 'policy', format('%I on %s', polname, name), name, md5(p::text)
    FROM pg_policy p JOIN holder ON id = polrelid
UNION ALL SELECT 'trigger', format('%I on %s', tgname, name), name, md5(t::text)
    FROM pg_trigger t JOIN holder ON id = tgrelid
    WHERE NOT tgisinternal
       OR EXISTS (SELECT FROM pg_constraint k JOIN outside o ON o.oid = connamespace WHERE k.oid = tgconstraint)
UNION ALL SELECT 'rule', format('%I on %s', rulename, name), name, md5(r::text)
    FROM pg_rewrite r JOIN holder ON id = ev_class
UNION ALL SELECT 'function', format('%s.%I(%s)', schema, proname, pg_get_function_identity_arguments(p.oid)), '',
    md5(p::text) FROM pg_proc p JOIN outside o ON o.oid = pronamespace
UNION ALL SELECT 'type', schema || '.' || quote_ident(typname), '',
    md5(t::text || coalesce((SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder)
                             FROM pg_enum WHERE enumtypid = t.oid), ''))
    FROM pg_type t JOIN outside o ON o.oid = typnamespace WHERE typtype IN ('b', 'd', 'e', 'r') AND typcategory <> 'A'
UNION ALL SELECT 'extension', quote_ident(extname), '', md5(e::text) FROM pg_extension e
UNION ALL SELECT 'event trigger', quote_ident(evtname), '', md5(e::text) FROM pg_event_trigger e
UNION ALL SELECT 'default privileges of', quote_ident(pg_get_userbyid(defaclrole)), '',
    string_agg(d::text, ',' ORDER BY d.oid) FROM pg_default_acl d GROUP BY defaclrole
UNION ALL SELECT 'database', quote_ident(datname), '', ROW(datdba, datacl)::text
    FROM pg_database WHERE datname = current_database()
"""

# Roles belong to the whole server: what others do there meanwhile is not ours. What this transaction wrote bears one
# of the numbers that it holds a lock on.
_ROLES_SQL: Final = """
SELECT 'role' AS what, quote_ident(rolname) AS name, '' AS of, md5(r::text) AS detail FROM pg_roles r
WHERE rolname = ANY($1::text[]) OR rolsuper OR rolcreaterole OR rolbypassrls OR rolreplication
UNION ALL SELECT 'settings of', coalesce(quote_ident(rolname), 'the database'), '', setconfig::text
    FROM pg_db_role_setting LEFT JOIN pg_roles r ON r.oid = setrole
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) OR rolname = ANY($1::text[])
UNION ALL SELECT 'membership of', format('%I in %I', m.rolname, r.rolname), '',
        string_agg(g::text, ',' ORDER BY g::text)
    FROM pg_auth_members g JOIN pg_roles m ON m.oid = member JOIN pg_roles r ON r.oid = roleid
    WHERE format('%s %s %s', roleid, member, grantor) = ANY($2::text[])
       OR g.xmin::text IN (SELECT transactionid::text FROM pg_locks
                           WHERE pid = pg_backend_pid() AND locktype = 'transactionid' AND granted)
    GROUP BY m.rolname, r.rolname
"""
_MEMBERSHIPS_SQL: Final = "SELECT format('%s %s %s', roleid, member, grantor) FROM pg_auth_members"

_GRANTS_SQL: Final = """
WITH given AS (
    SELECT format('schema %I', nspname) AS on, nspowner AS owner, aclexplode(nspacl) AS acl, '' AS column
    FROM pg_namespace WHERE nspname = $1
    UNION ALL SELECT '"' || nspname || '"."' || relname || '"', relowner, aclexplode(relacl), ''
    FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = $1
    UNION ALL SELECT '"' || nspname || '"."' || relname || '"', relowner, aclexplode(attacl), format(' (%s)', attname)
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname = $1 AND NOT attisdropped
)
SELECT DISTINCT given.on, CASE (acl).grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid((acl).grantee) END AS role,
       (acl).privilege_type || given.column AS verb
FROM given WHERE (acl).grantee <> owner
"""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """Somebody's right in a schema; `on` is a table's quoted name, or `schema …`."""

    on: str
    role: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} on {self.on} to {self.role}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that lies outside of a schema, and what was granted in it: at one moment of a transaction.

    `things` maps what and name (`column`, `public.badge.name`) to the table that it belongs to, if any, and to a text
    that differs where the thing does.
    """

    things: Mapping[tuple[str, str], tuple[str, str]]
    memberships: tuple[str, ...]
    grants: frozenset[Grant]


async def look_around(connection: Connection, schema: str, before: Surroundings | None = None) -> Surroundings:
    """Read what lies outside of a schema, as any role may; twice in one transaction, the second time with `before`."""
    if before is None:
        memberships = tuple(row[0] for row in await connection.fetch(_MEMBERSHIPS_SQL))
    else:
        memberships = before.memberships
    ours = [OWNER_ROLE, *(role_of(scope) for scope in SCOPES)]
    rows = [
        *await connection.fetch(_OUTSIDE_SQL, schema),
        *await connection.fetch(_ROLES_SQL, ours, memberships),
    ]
    return Surroundings(
        things={(row["what"], row["name"]): (row["of"] or "", row["detail"] or "") for row in rows},
        memberships=memberships,
        grants=frozenset(Grant(*row.values()) for row in await connection.fetch(_GRANTS_SQL, schema)),
    )


def changes(before: Surroundings, after: Surroundings) -> list[str]:
    """Say what differs outside, in words: `column public.badge.x (new)`; parts of a new table are not named apart."""
    named = list(_changes(before.things, after.things))
    more = len(named) - MOST_NAMED
    return [*named[:MOST_NAMED], f"and {more} more"] if more > 0 else named


_HOLDERS: Final = {"table", "view", "materialised view", "sequence", "type"}
_Things = Mapping[tuple[str, str], tuple[str, str]]


def _changes(before: _Things, after: _Things) -> Iterator[str]:
    whole = {name for what, name in before.keys() ^ after.keys() if what in _HOLDERS}
    for key in sorted(before.keys() | after.keys()):
        was, is_now = before.get(key), after.get(key)
        owner = (is_now or was or ("", ""))[0]
        if was != is_now and owner not in whole:
            yield f"{key[0]} {key[1]} ({'new' if was is None else 'gone' if is_now is None else 'changed'})"

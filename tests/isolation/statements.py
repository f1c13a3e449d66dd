"""Reading SQL that the planner wrote: which tables it uses, under which alias, and what binds each to a tenant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import sqlglot
from sqlglot import exp

from waypost.db import Kind, OwnedTable, ownership


@dataclass(frozen=True)
class Declared:
    """What the tables say of themselves: the kind of each by its name in SQL, and which can be public."""

    kinds: Mapping[str, Kind]
    public: frozenset[str]

    @classmethod
    def by(cls, tables: Collection[type[OwnedTable]]) -> Declared:
        names = {table: ".".join(filter(None, (table._meta.schema, table._meta.tablename))) for table in tables}
        kinds = {name: ownership(table).kind for table, name in names.items()}
        return cls(kinds, frozenset(name for table, name in names.items() if ownership(table).public))

    def is_tenants(self, table: str) -> bool:
        return self.kinds.get(table) is Kind.TENANT


@dataclass
class Use:
    """One place where a statement reads a table."""

    table: str
    alias: str
    tenants: set[int] = field(default_factory=set)  # n, where every row read has `tenant_id = $n`
    public: bool = False  # every row read is public

    def __str__(self) -> str:
        return f"{self.table} {self.alias}"


@lru_cache(maxsize=1024)
def uses(sql: str) -> tuple[Use, ...]:
    """Every table that a statement reads; refuses what is not one SELECT, or stands where nobody would look."""
    # sqlglot takes cube( for the one of GROUP BY; ours is the type of the column `earth`.
    parsed = sqlglot.parse(sql.replace("cube(", "cube_of("), dialect="postgres")
    assert len(parsed) == 1, f"{len(parsed)} statements"
    (tree,) = parsed
    assert isinstance(tree, exp.Select), f"no SELECT: {sql[:80]}"
    forbidden = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Command, exp.Into)
    assert tree.find(*forbidden) is None, "more than a SELECT"
    named = _named_selects(tree)
    found: dict[int, Use] = {}
    for select in tree.find_all(exp.Select):
        for table, conditions in _sources(select):
            found[id(table)] = _use(table, conditions)
    found = {key: use for key, use in found.items() if use.table not in named}
    read = {*found, *(id(table) for table in tree.find_all(exp.Table) if table.name in named and not table.db)}
    missed = [table.sql() for table in tree.find_all(exp.Table) if _is_named(table) and id(table) not in read]
    assert not missed, f"not read by this reader: {missed}"
    return tuple(found.values())


def _named_selects(tree: exp.Select) -> set[str]:
    """Return the names of common table expressions: SELECTs that are read like any other, under names of their own."""
    named = list(tree.find_all(exp.CTE))
    assert all(isinstance(each.this, exp.Select) for each in named), "more than a SELECT"
    names = {each.alias for each in named}
    assert len(names) == len(named), "one name for two"
    known = r"(all|shown)_t\d+|own_[a-z]+|any_[a-z_]+"
    assert all(re.fullmatch(known, name) for name in names), f"a name that a table could have: {names}"
    return names


def _is_named(table: exp.Table) -> bool:
    return isinstance(table.this, exp.Identifier)  # not a function such as jsonb_to_recordset(…)


def _sources(select: exp.Select) -> Iterator[tuple[exp.Table, list[exp.Expr]]]:
    """Yield the tables of one SELECT, each with the conditions that all of its rows fulfil."""
    where = select.args.get("where")
    everywhere = list(_conjuncts(where.this)) if where is not None else []
    joins: list[exp.Join] = select.args.get("joins") or []
    for join in joins:
        assert join.side in {"", "LEFT"}, join.sql()
        assert not join.args.get("using"), join.sql()
        if not join.side:
            everywhere += _conjuncts(join.args.get("on"))
    begin = select.args.get("from_")
    if begin is not None and isinstance(begin.this, exp.Table) and _is_named(begin.this):
        yield begin.this, everywhere
    for join in joins:
        if isinstance(join.this, exp.Table) and _is_named(join.this):
            # What only a left join says holds for its own table, and for no other.
            own = list(_conjuncts(join.args.get("on"))) if join.side else []
            yield join.this, everywhere + own


def _conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.Paren):
        yield from _conjuncts(condition.this)
    elif isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    elif condition is not None:
        yield condition


def _use(table: exp.Table, conditions: list[exp.Expr]) -> Use:
    use = Use(".".join(filter(None, (table.db, table.name))), table.alias_or_name)
    for each in conditions:
        if isinstance(each, exp.Column) and (each.table, each.name) == (use.alias, "public"):
            use.public = True
        elif isinstance(each, exp.EQ) and isinstance(each.left, exp.Column):
            number = _parameter(each.right)
            if number is not None and (each.left.table, each.left.name) == (use.alias, "tenant_id"):
                use.tenants.add(number)
    return use


def _parameter(value: exp.Expr) -> int | None:
    """Return n of `$n::uuid`."""
    if isinstance(value, exp.Cast) and isinstance(value.this, exp.Parameter):
        return int(value.this.name)
    return None


def faults(sql: str, declared: Declared, tenant_parameters: Collection[int], *, national: bool) -> list[str]:
    """Say where a statement could leave its tenant, or show what was not published.

    `tenant_parameters` are the numbers of the parameters that hold the tenant asked for.
    """
    found: list[str] = []
    for use in uses(sql):
        if use.table not in declared.kinds:
            found.append(f"{use}: no declared table")
        elif declared.is_tenants(use.table):
            if not national and not use.tenants & set(tenant_parameters):
                found.append(f"{use}: not bound to the tenant")
            if national and use.table not in declared.public:
                found.append(f"{use}: never read nationally")
            if use.table in declared.public and not use.public:
                found.append(f"{use}: not only what is public")
        elif declared.kinds[use.table] is Kind.PERSON:
            found.append(f"{use}: a person's own")
    return found

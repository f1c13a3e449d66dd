"""What the documents tell a partner's developer of names, tables, times and the kit is what holds."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

import pytest

from tests.project.documents import ROOT, codes, rows
from waypost.apps import core_app
from waypost.connectors.registry import CALL_S
from waypost.db import Finds
from waypost.feeds import walking
from waypost.graph import in_time, python_fields
from waypost.http import plugin_paths
from waypost.labour import market
from waypost.labour.rules import own_names
from waypost.outbox import Handler, JobKind
from waypost.plugins import (
    EffectsRegistrar,
    Granted,
    PermissionsRegistrar,
    activation,
    formats,
    geocoders,
    incoming,
    slots,
    vetoes,
)
from waypost.plugins.names import carries, code_prefix, permission_prefix, type_prefix
from waypost.testing import Trial

DOCS: Final = ROOT / "docs"
HOOKS: Final = DOCS / "hooks.md"
PREFIXES: Final = ("essential", "firstAid")
# Each row of the table of deadlines, by a word of it, with what the code says.
DEADLINES: Final = {
    "a mutation": in_time.ACT_S,
    "a batch field": python_fields.PATIENCE_S,
    "a veto": vetoes.PATIENCE_S,
    "a geocoder": geocoders.PATIENCE_S,
    "a question": market.PATIENCE_S,
    "what fills": slots.PATIENCE_S,
    "a path": plugin_paths.PATIENCE_S,
    "the check": incoming.CHECK_S,
    "`knows`": formats.LOOKING_S,
    "`read` of a format": formats.READING_S,
    "`pull`": walking.PATIENCE_S,
    "`read` of a feed": walking.READ_WITHIN_S,
    "an operation": CALL_S,
    "a handler": activation.WORK_S,
    "a schedule": activation.SCHEDULE_S,
}


def test_the_forms_of_a_prefix_are_those_that_are_asked_for() -> None:
    told = {row[0].partition(",")[0].partition(":")[0]: [codes(cell)[0] for cell in row[1:]] for row in _forms()}
    forms = {
        "fields": [prefix for prefix in PREFIXES if carries(f"{prefix}Field", prefix)],
        "types": [type_prefix(prefix) for prefix in PREFIXES],
        "handlers": [f"{prefix}." for prefix in PREFIXES],
        "frameworks and formats of frameworks": list(PREFIXES),
        "sections of the catalogue": list(PREFIXES),
        "permissions": [f"{permission_prefix(prefix)}." for prefix in PREFIXES],
        "connectors and schemes": [permission_prefix(prefix) for prefix in PREFIXES],
        "figures of the labour market": [own_names(prefix) for prefix in PREFIXES],
        "rules of the linter": [f"{code_prefix(prefix)}_" for prefix in PREFIXES],
        "Python's names of fields": [code_prefix(prefix).lower() for prefix in PREFIXES],
    }
    assert told == forms


def _forms() -> list[list[str]]:
    return rows(HOOKS, "prefix-forms")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_registrars_take_the_forms_of_the_table_and_no_others(prefix: str) -> None:
    begins = {row[0].partition(":")[0]: codes(row[1 + PREFIXES.index(prefix)])[0] for row in _forms()}
    permissions, effects = PermissionsRegistrar("first_aid", prefix), EffectsRegistrar("first_aid", prefix)
    permissions.permission(Granted(f"{begins['permissions']}certify", "Certify."))
    effects.job(JobKind(f"{begins['handlers, jobs, schedules, letters']}remind", _never))
    assert (permissions.faults, effects.faults) == ([], [])
    permissions.permission(Granted("first.certify", "Certify."))
    effects.handler(Handler("first-aid.remind", frozenset({"award.created"}), _never))
    assert len(permissions.faults) == len(effects.faults) == 1


async def _never(*_: Any) -> None:
    raise AssertionError("it is registered, not done")


def test_every_table_of_the_core_that_may_be_read_has_the_columns_that_are_named() -> None:
    tables = {table._meta.tablename: table for table in core_app().tables}
    told = {codes(row[0])[0]: codes(row[1]) for row in rows(HOOKS, "core-tables")}
    assert {"badge", "issuer", "award", "recipient", "opportunity"} <= set(told)
    for name, columns in told.items():
        known = {column._meta.name for column in tables[name]._meta.columns}
        assert set(columns) <= known, name


def test_the_deadlines_are_those_that_hold() -> None:
    told = {row[0]: float(row[1].removesuffix(" s")) for row in rows(HOOKS, "deadlines")}
    for begins, seconds in DEADLINES.items():
        assert [value for name, value in told.items() if name.startswith(begins)] == [seconds], begins
    assert len(told) == len(DEADLINES)


def test_the_demonstration_tenants_need_the_plugins_that_are_named() -> None:
    told = {codes(row[0])[0]: set(codes(row[1])) for row in rows(DOCS / "partners.md", "demonstration-tenants")}
    files = sorted((ROOT / "tenants").glob("*/tenant.toml"))
    needed = {file.parent.name: set(tomllib.loads(file.read_text("utf-8")).get("plugins", {})) for file in files}
    assert told == needed


def test_all_that_a_trial_can_do_is_described() -> None:
    fixed = {"loop", "name", "platform", "database", "client", "city", "neighbour"}
    told = {re.split(r"\(", name)[0] for row in rows(DOCS / "tutorial.md", "trial") for name in codes(row[0])}
    assert told == {name for name in vars(Trial) if not name.startswith("_")} - fixed
    assert {"city", "neighbour"} <= set(Trial.__dataclass_fields__)


def test_by_what_a_person_s_rows_are_found_is_said_as_it_is() -> None:
    text = (DOCS / "partners.md").read_text(encoding="utf-8")
    assert all(f"`{each}`" in text for each in ("PERSON", "RECIPIENT", "AWARD", "ADDRESS") if each in Finds.__members__)

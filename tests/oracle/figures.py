"""The naive executor's figures: added up from the rows, a city at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from tests.oracle.calls import Call, Table, told
from tests.oracle.rows import Row, View
from tests.oracle.shared import key
from waypost.insight.rules import AGE_NAMES, DEPRIVATION_NAMES
from waypost.opportunities.rules import KINDS

MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
SORTED: Final = {
    "layers": "layer",
    "kinds": "kind",
    "places": "place",
    "wards": "ward",
    "deprivation": "deprivation",
    "ages": "age",
}
RUN: Final = ("fromMonth", "toMonth")
FIELDS: Final = {
    "CityFigures": (
        *(*RUN, "learners", "badges", "learnersWithMoreThanOne", "shareWithMoreThanOne", "organisations", "months"),
        *SORTED,
    ),
    "FigureMonth": (*RUN, "learners", "badges"),
    "FigureBreakdown": (*RUN, "badges", "groups", "together"),
    "FigureGroup": ("code", "name", "badges"),
}


def figures(call: Call) -> dict[str, Any]:
    """What a city's releases between two months add up to."""
    view = call.view
    if view.national:
        raise told("CITY_NEEDED")
    first, last = call.args.get("from", "0000-01"), call.args.get("to", "9999-12")
    if not (MONTH.fullmatch(first) and MONTH.fullmatch(last)):
        raise told("INVALID_ARGUMENT")
    releases = sorted(view.all("figure_release"), key=lambda row: row["to_month"])
    inside = _within(releases, first, last)
    until = [row for row in releases if inside and row["to_month"] <= inside[-1]["to_month"]]
    more, learners = _sum(until, "repeated"), _sum(until, "learners")
    issuers = [row for row in view.all("issuer") if row["public"] and row["state"] == "open"]
    return {
        **_run(inside),
        "learners": _sum(inside, "learners"),
        "badges": _sum(inside, "badges"),
        "learnersWithMoreThanOne": more,
        "shareWithMoreThanOne": more / learners if more and learners else None,
        "organisations": len({row["organisation_id"] for row in issuers}),
        "months": [{**_run([row]), "learners": row["learners"], "badges": row["badges"]} for row in inside],
        **{name: _breakdown(view, dimension, first, last) for name, dimension in SORTED.items()},
    }


def _breakdown(view: View, dimension: str, first: str, last: str) -> dict[str, Any]:
    tables = [row for row in view.all("figure_breakdown") if row["dimension"] == dimension]
    inside = sorted(_within(tables, first, last), key=lambda row: row["to_month"])
    badges: dict[str, int] = {}
    for table in inside:
        for cell in view.where("figure_cell", "breakdown_id", table["id"]):
            badges[cell["code"]] = badges.get(cell["code"], 0) + cell["badges"]
    names = names_of(view, dimension)
    order = (
        list(names) if dimension in {"layer", "deprivation", "age"} else sorted(badges, key=lambda code: -badges[code])
    )
    codes = sorted(badges, key=lambda code: (code == "unknown", order.index(code) if code in order else len(order)))
    return {
        **_run(inside),
        "badges": _sum(inside, "badges"),
        "together": _sum(inside, "together"),
        "groups": [{"code": code, "name": _name(code, names, dimension), "badges": badges[code]} for code in codes],
    }


def names_of(view: View, dimension: str) -> dict[str, str]:
    """The names of groups, in their order."""
    layers = sorted(view.all("layer"), key=lambda row: (row["standard_code"], row["position"]))
    return {
        "layer": {row["code"]: row["name"] for row in layers},
        "kind": dict(KINDS),
        "place": {str(row["id"]): row["name"] for row in view.all("place") if row["public"]},
        "ward": {},
        "deprivation": dict(DEPRIVATION_NAMES),
        "age": dict(AGE_NAMES),
    }[dimension]


def _name(code: str, names: dict[str, str], dimension: str) -> str:
    if code == "unknown":
        return "No place" if dimension == "place" else "Not known"
    return names.get(code, "A place of before" if dimension == "place" else code)


def _within(rows: Sequence[Row], first: str, last: str) -> list[Row]:
    return [row for row in rows if row["from_month"] >= first and row["to_month"] <= last]


def _run(rows: Sequence[Row]) -> dict[str, Any]:
    return {"fromMonth": rows[0]["from_month"] if rows else None, "toMonth": rows[-1]["to_month"] if rows else None}


def _sum(rows: Sequence[Row], name: str) -> int | None:
    known = [row[name] for row in rows if row[name] is not None]
    return sum(known) if known else None


FIGURES: Table = {
    ("Query", "figures"): figures,
    **{(kind, name): key(name) for kind, names in FIELDS.items() for name in names},
}

"""The naive executor's labour market: looked up in what the made-up sources hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tests.labour.almanac import ALMANAC, CLOSED, FIGURES, OCCUPATIONS, PAIRS
from tests.oracle.calls import Asked, Call, Refused, Table, told
from tests.oracle.shared import key
from waypost.occupations import Occupation, Source

ASKED_AT: Final = datetime(2026, 9, 1, 12, tzinfo=UTC)
CODE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*/[A-Za-z0-9][A-Za-z0-9.-]{0,29}")
SOURCE: Final = ("name", "title", "licence", "licenceUrl", "attribution", "url")
FIGURE: Final = ("name", "unit", "value", "year", "month", "area", "note", "source", "askedAt", "stale")
FIELDS: Final = {
    "LabourMarketSource": SOURCE,
    "OccupationName": ("code", "scheme", "title", "description"),
    "OccupationsFound": ("source", "askedAt", "stale"),
    "LabourMarketFigure": FIGURE,
    "FiguresOfSource": ("source",),
    "Occupation": ("code", "scheme", "description", "namedBy", "related", "figures"),
}


def check_search(args: Mapping[str, Any], asked: Asked) -> None:
    """What may be looked for."""
    text = " ".join(args["text"].split())
    if not 2 <= len(text) <= 100 or not text.isprintable():
        raise Refused("INVALID_ARGUMENT")
    if not 1 <= args.get("first", 10) <= 50:
        raise Refused("LIMIT_EXCEEDED")


def check_occupation(args: Mapping[str, Any], asked: Asked) -> None:
    """What may be asked of an occupation."""
    if not CODE.fullmatch(args["code"]) or not re.fullmatch(r"[EKNSW]\d{8}", args.get("area", "E00000000")):
        raise Refused("INVALID_ARGUMENT")


def occupations(call: Call) -> list[dict[str, Any]]:
    """What both find: the one is always closed."""
    if not _active(call):
        return []
    wanted = " ".join(call.args["text"].split()).casefold()
    known = [_named(each) for each in OCCUPATIONS if wanted in each.title.lower()][: call.args.get("first", 10)]
    return [
        {"source": _source(ALMANAC), "askedAt": ASKED_AT, "stale": False, "occupations": known},
        {"source": _source(CLOSED), "askedAt": None, "stale": False, "occupations": None},
    ]


def occupation(call: Call) -> dict[str, Any] | None:
    """One of them, where a source is asked about its classification."""
    code, area = call.args["code"], call.args.get("area")
    scheme = code.split("/")[0]
    if not _active(call) or scheme not in {"soc-2010", "soc-2020"}:
        return None
    known = next((each for each in OCCUPATIONS if f"{each.scheme}/{each.code}" == code), None)
    if known is None and scheme == "soc-2010":
        return None
    beside = {"source": _source(ALMANAC), "askedAt": ASKED_AT, "stale": False}
    numbers = [
        {**vars(each), "note": each.note or None, **beside}
        for each in sorted(FIGURES, key=lambda each: (each.name, -each.year, -(each.month or 0), each.area or ""))
        if known and each.area in {None, area}
    ]
    told_by: list[dict[str, Any]] = [{"source": _source(ALMANAC), "figures": numbers}]
    if scheme == "soc-2020":
        told_by.append({"source": _source(CLOSED), "figures": None})
    return {
        "code": code,
        "scheme": scheme,
        "title": known.title if known else None,
        "description": (known.description or None) if known else None,
        "namedBy": _source(ALMANAC) if known else None,
        "related": sorted({a for a, b in PAIRS if b == code} | {b for a, b in PAIRS if a == code}),
        "figures": told_by,
    }


def _active(call: Call) -> bool:
    shown = call.asked.services.plugins_shown(None, call.view.tenant)
    return any(each["active"] for each in shown if each["name"] == "almanac")


def _source(source: Source) -> dict[str, Any]:
    return {**vars(source), "licenceUrl": source.licence_url}


def _named(known: Occupation) -> dict[str, Any]:
    return {**vars(known), "code": f"{known.scheme}/{known.code}", "description": known.description or None}


def _or_closed(name: str) -> Any:
    """What only a source that answers gives."""

    def resolve(call: Call) -> Any:
        if call.source[name] is None:
            raise told("PLUGIN_PAUSED")
        return call.source[name]

    return resolve


LABOUR: Table = {
    ("Query", "occupations"): occupations,
    ("Query", "occupation"): occupation,
    **{(kind, name): key(name) for kind, names in FIELDS.items() for name in names},
    ("OccupationsFound", "occupations"): _or_closed("occupations"),
    ("FiguresOfSource", "figures"): _or_closed("figures"),
    ("Occupation", "title"): _or_closed("title"),
}

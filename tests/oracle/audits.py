"""Who changed what, by the naive executor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.oracle.calls import Asked, Call, Refused, Table, attempt, columns, global_id
from tests.oracle.lists import Listing, check_moment, check_page, check_text, listing
from tests.oracle.rows import Row, Thing
from waypost.access.permissions import NATIONAL_ROLE, permits
from waypost.graph.ids import parse_id

MAY = "audit.read"
# Tables whose rows are objects of the graph.
OBJECTS = {
    **{each.lower(): each for each in ("Badge", "Endorsement", "Issuer", "Opportunity", "Pathway", "Place")},
    "audit": "AuditEntry",
}


def check_audit(args: Mapping[str, Any], asked: Asked) -> None:
    """Refuse who may not read it, and what the list does not take."""
    asker, tenant = asked.asker, asked.view.tenant
    if tenant is None:
        raise Refused("CITY_NEEDED")
    if asker.person is None:
        raise Refused("UNAUTHENTICATED")
    if asker.role != NATIONAL_ROLE and (asker.tenant != tenant or not permits(asker.role, MAY)):
        raise Refused("FORBIDDEN")
    filter = args.get("filter", {})
    attempt(
        lambda: check_moment(filter.get("since")),
        lambda: check_moment(filter.get("until")),
        lambda: check_text(*(filter.get(each) for each in ("tables", "acts"))),
        lambda: check_page(args, asked, ("Query", "auditLog")),
    )


def audit_log(call: Call) -> Listing:
    """The entries of the city, newest first."""
    filter = call.args.get("filter", {})
    person, object = parse_id(filter.get("person", "")), parse_id(filter.get("object", ""))

    def wanted(row: Row) -> bool:
        return (
            (
                "person" not in filter
                or (person is not None and person.type == "Viewer" and row["person_id"] == person.row)
            )
            and ("object" not in filter or _is_about(row, object))
            and row["table_name"] in filter.get("tables", [row["table_name"]])
            and row["act"] in filter.get("acts", [row["act"]])
            and ("since" not in filter or row["at"] >= filter["since"])
            and ("until" not in filter or row["at"] < filter["until"])
        )

    things = [Thing("AuditEntry", row, call.view) for row in call.view.all("audit") if wanted(row)]
    return listing(call, things, lambda each: (each["id"].bytes,), descending=True)


def _is_about(row: Row, object: Any) -> bool:
    return object is not None and object.tenant == row["tenant_id"] and object.row == row["row_id"]


def _object(call: Call) -> str | None:
    entry = call.thing
    kind = OBJECTS.get(entry["table_name"])
    return None if kind is None else global_id(kind, entry["row_id"], entry["tenant_id"])


def _text(column: str) -> Any:
    return lambda call: None if call.thing[column] is None else str(call.thing[column])


AUDITS: Table = {
    ("Query", "auditLog"): audit_log,
    ("AuditEntry", "id"): lambda call: global_id("AuditEntry", call.thing["id"], call.thing["tenant_id"]),
    **columns("AuditEntry", "at role act table=table_name verb changed"),
    ("AuditEntry", "person"): lambda call: global_id("Viewer", call.thing["person_id"]),
    ("AuditEntry", "token"): _text("token_id"),
    ("AuditEntry", "row"): _text("row_id"),
    ("AuditEntry", "object"): _object,
}

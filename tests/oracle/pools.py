"""What stands in the country, to be asked for: ids, slugs, codes, points, moments; and things that are made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from tests.graph.world import World
from tests.oracle.asking import TEXTS
from tests.oracle.calls import global_id
from tests.oracle.roots import TABLES
from tests.oracle.rows import Rows

if TYPE_CHECKING:
    from tests.oracle.writing import Writer

MADE_UP_IDS: Final = (
    "",
    "Badge",
    "Badge.x.y",
    f"Nothing.{UUID(int=0).hex}",
    f"City.{UUID(int=0).hex}",
    "\x00",
)
MADE_UP_CURSORS: Final = ("", "x", "WyIiXQ", "\x00", "é", "W10")
# Off every grid and symmetry, so that no two different points are equally far.
POINTS: Final = ((50.3717, -4.1411), (51.4833, -3.1711), (53.0123, -1.4567), (50.0, 179.9))
OFF_THE_GLOBE: Final = ((91.0, 0.0), (0.0, 180.5))
POSTCODES: Final = ("pl1 2hl", "CF10 1EP", "BN1 1GE", "ZZ99 9ZZ", "nonsense", "")
NAMES: Final = ("a", "WAY", "Twin", "nothing like this", "", "The", "\x00", "e")
BOXES: Final = (
    {"south": 50.3, "west": -4.3, "north": 50.5, "east": -4.0},
    {"south": -90.0, "west": -180.0, "north": 90.0, "east": 180.0},
    {"south": 40.0, "west": 170.0, "north": 60.0, "east": -3.2},
    {"south": 51.0, "west": 0.0, "north": 50.0, "east": 1.0},
    {"south": -91.0, "west": 0.0, "north": 50.0, "east": 1.0},
)
SIMPLE: Final[Mapping[str, Sequence[Any]]] = {
    "withinMetres": (1_500, 6_000, 40_000, 250_000, 20_037_508, 0, 20_037_509),
    "age": (0, 4, 11, 18, 26, 30, 120, -1, 121),
    "online": (True, False),
    **dict.fromkeys(("urgent", "taken", "mine", "overdue"), (True, False)),
    "free": (True, False),
    "includeRetired": (True, False),
    "framework": ("1.0", "2.0", "3.0", "own"),
    "nation": ("GB-ENG", "GB-WLS", "XX"),
    "group": ("south-west", "badge-nation", "plymouth", "none"),
    "cities": ("plymouth", "cardiff", "badge-nation", "south-west", "old-town", "none"),
    "city": ("plymouth", "cardiff", "old-town", "none", "badge-nation"),
    "number": (1, 2, 3, 0, -1),
    "roles": ("issues", "provides", "employs", "endorses", "none"),
    "interests": ("film", "sea", "digital", "none"),
    "accessibility": ("step-free", "hearing-loop", "bsl", "none"),
    "postcode": POSTCODES,
    "usable": (True, False),
    "link": ("https://example.org/{code}", "javascript:{code}", "{code}"),
    "tables": ("place", "badge", "former_slug", "none"),
    "acts": ("updatePlace", "publishBadge", "none"),
    "from": ("2026-01", "2026-02", "2025-12", "2026-13", "today"),
    "on": ("2026-03-31", "2026-04-01", "2030-01-01"),
    "date": ("2026-03-31",),
    "scheme": ("plymouth/first-shift", "plymouth/first-shift", "first-shift", "none", "\x00"),
    "fact": ("age", "lives_here", "age", "staff", "none"),
    "yes": (True, False),
    "to": ("2026-01", "2026-03", "2027-01", "2026", "2025-12"),
}

# Arguments that name what not everybody sees: its table, and what it is in the graph.
PRIVATE: Final = {
    "batch": ("award_batch", "Job"),
    "recipient": ("recipient", "Recipient"),
    "webhook": ("webhook", "Webhook"),
}


@dataclass(frozen=True)
class Pools:
    """What to choose from; `after` are cursors that earlier answers gave out, by city and field."""

    world: World
    rows: Rows
    roles: Sequence[str]
    after: Mapping[tuple[str | None, str, str], Sequence[str]]
    liked_roots: Sequence[str] = (
        *("badges", "discover", "pathways", "issuers", "places", "skills", "cities", "discover", "badges"),
        *("node", "nodes", "badge", "opportunity", "pathway", "issuer", "pathway", "viewer", "place", "skill", "city"),
        "auditLog",
        "figures",
    )

    def liked(self, field: str) -> Sequence[str]:
        """Return what is rather put into a filter."""
        return ("near", "near", "postcode", "text") if field == "discover" else ("near",) if field == "pathways" else ()

    def cursors(self, city: str | None, kind: str, field: str) -> Sequence[str]:
        """Return cursors for a list, right ones and wrong ones."""
        right = self.after.get((city, kind, field), ())
        wrong = [some[0] for key, some in self.after.items() if some and key != (city, kind, field)][:3]
        return (
            *right,
            *right,
            *right,
            *right,
            *right,
            *wrong[: 1 if right else 3],
            *MADE_UP_CURSORS[: 1 if right else 6],
        )

    def ids(self, writer: Writer, field: str, name: str) -> Any:
        """Return an id for a field, or many."""
        if name == "id":
            return self.id(writer, field.title())
        some = [self.id(writer, "Node") for _ in range(writer.pick((1, 2, 3, 5, 0)))]
        if name == "representations":
            return [self.representation(writer, each) for each in some]
        return [some[0]] * 101 if some and writer.chance(3) else some

    def representation(self, writer: Writer, id: str) -> dict[str, Any]:
        """Return what a gateway sends for an id, mostly rightly."""
        kind = "Badge" if writer.chance(10) else id.split(".", maxsplit=1)[0]
        return {"__typename": kind} if writer.chance(5) else {"__typename": kind, "id": id}

    def id(self, writer: Writer, kind: str) -> str:
        """Return an id, mostly of the wanted kind, mostly of the city that is asked."""
        if writer.chance(5):
            return str(writer.pick(MADE_UP_IDS))
        if kind not in {*TABLES, "City", "Skill"} or writer.chance(6):
            kind = writer.pick((*TABLES, "City", "Skill"))
        known = self.known(kind, writer.city if writer.chance(80) else None)
        return str(writer.pick(known or self.known(kind, None)))

    def known(self, kind: str, city: str | None) -> Sequence[str]:
        """Return the ids of all things of a kind, hidden ones too."""
        if kind in {"City", "Skill"}:
            table = "tenant" if kind == "City" else "skill_concept"
            return [global_id(kind, row["id"]) for row in sorted(self.rows.tables[table], key=lambda row: row["name"])]
        here = None if city is None else self.world.towns[city].id
        rows = [row for row in self.rows.tables[TABLES[kind]] if here in {None, row["tenant_id"]}]
        rows.sort(key=lambda row: str(row.get("slug", row["id"])))
        return [global_id(kind, row["id"], row["tenant_id"]) for row in rows]

    def value(self, writer: Writer, name: str, field: str) -> Any:
        """Return a value for an argument or a field of an input, by its name."""
        if name == "text":
            return writer.pick(TEXTS if field == "discover" else NAMES)
        if name in {"near", "point", "covers", "latitude", "longitude"}:
            points = OFF_THE_GLOBE if writer.chance(3) else POINTS
            return writer.pick(points)[0 if name == "latitude" else 1]
        if name in {"south", "west", "north", "east"}:
            return writer.pick(BOXES)[name]
        if name in {"slug", "code", "skills", "layers", "kinds"}:
            return writer.pick(self.codes(name, field))
        if name == "person":
            people = sorted({row["person_id"] for row in self.rows.tables["audit"]})
            return writer.pick((*(global_id("Viewer", each) for each in people), *MADE_UP_IDS))
        if name == "object":
            return self.id(writer, "Badge")
        if name in {"startsAfter", "startsBefore", "after", "since", "until"}:
            return writer.pick(self.moments())
        if name in PRIVATE:
            table, kind = PRIVATE[name]
            known = [global_id(kind, row["id"], row["tenant_id"]) for row in self.rows.tables[table]]
            return writer.pick((*sorted(known), *MADE_UP_IDS))
        if name in {"issuer", "badge", "pathway", "creator"}:
            return self.id(writer, "Issuer" if name == "creator" else name.title())
        return writer.pick(SIMPLE[name])

    def codes(self, name: str, field: str) -> Sequence[str]:
        """Return slugs or codes that there are, and some that there are not."""
        if name == "code" and field == "scheme":
            return SIMPLE["scheme"]
        if name == "slug":
            if field == "city":
                return (*sorted(self.world.towns), "none", "\x00")
            known = {each.slug for each in self.world.everything() if each.kind == field.title()}
            return (*sorted(known), "clever-citizen", "none", "\x00")
        if name == "layers":
            return (*sorted(row["code"] for row in self.rows.tables["layer"]), "none")
        if name == "kinds":
            return ("WORKSHOP", "EVENT", "JOB", "COURSE", "none")
        return (*sorted({row["code"] for row in self.rows.tables["skill"]}), "none")

    def moments(self) -> Sequence[str]:
        """Return moments around now, as documents write them; some without a zone, or beyond the calendar."""
        days = [(self.world.now + timedelta(days=each, minutes=17)).isoformat() for each in (-30, -1, 3, 9, 30)]
        return (*days, "2027-03-06T10:00:00", "0001-01-01T00:00:00+14:00")

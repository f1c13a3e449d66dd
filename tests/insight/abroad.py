"""Two cities: what the one awards is earned in the other. Everything is done through the graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.graph.country import badge
from tests.journeys.stage import SECRET, Stage
from tests.journeys.test_awards import person
from waypost.awards.joining import join_address
from waypost.composition import effects
from waypost.opportunities.store import OpportunityWords
from waypost.outbox.work import Work
from waypost.settings import Settings

NAMED = "query($f: AwardFilter) { awards(first: 100, filter: $f) { nodes { id recipient { name } } } }"
FIGURES = """{ figures { learners badges learnersWithMoreThanOne kinds { groups { code badges } together }
  places { groups { name badges } } } }"""


async def ticks(stage: Stage, now: str) -> None:
    """The worker's clock strikes: figures are brought home and released."""
    [figures] = [each for each in effects().schedules if each.name == "figures"]
    await figures.run(Work(stage.database, Settings(), clock=lambda: datetime.fromisoformat(f"{now}T00:00:00+00:00")))


@dataclass
class Abroad:
    """The home of an issuer with two badges, and the city in whose lab they are earned."""

    stage: Stage
    home: str
    there: str
    badges: tuple[str, str]
    lab: str

    async def gives(
        self, who: Iterable[int], month: str, *, badge: int = 0, lab: bool = True, known: str = "reference"
    ) -> dict[str, str]:
        """Give a badge to pupils by number, at most a hundred; answers the badge's awards by their names.

        They are `known` by the issuer's reference, or by an address: `home` and `work` are two of the same pupil.
        """
        opportunity = self.lab if lab else None
        awards = [
            {
                "recipient": {"name": f"Pupil {n}", "birthYear": 2008, **self.pupil(n, known)},
                "awardedAt": f"{month}-15T12:00:00Z",
                "opportunity": opportunity,
            }
            for n in who
        ]
        given = {"badge": self.badges[badge], "awards": awards}
        await self.stage.done("awardBadges", given, "undoUntil", city=self.home, who=f"{self.home} admin")
        return await self.awards(badge)

    def pupil(self, n: int, known: str) -> dict[str, str]:
        """As whom the issuer knows a pupil."""
        return {"reference": f"{n}"} if known == "reference" else {"email": f"{n}@{known}.{self.home}.example.org"}

    async def joins(self, who: Iterable[int]) -> None:
        """Pupils sign in with their `home` addresses, and prove those of `work` to be theirs too."""
        for n in who:
            home, work = (self.pupil(n, known)["email"] for known in ("home", "work"))
            me = self.stage.who[await person(self.stage, home, self.home)].person
            assert me is not None
            await join_address(self.stage.database, me, work, secret_key=SECRET)

    async def awards(self, badge: int = 0) -> dict[str, str]:
        """The awards of a badge, by the names of their recipients."""
        asked = {"badge": self.badges[badge]}
        found = await self.stage.read(NAMED, self.home, f"{self.home} admin", f=asked)
        return {each["recipient"]["name"]: each["id"] for each in found["awards"]["nodes"]}

    async def acts(self, name: str, shown: str, **given: Any) -> dict[str, Any]:
        """Carry out a mutation at home."""
        return await self.stage.done(name, given, shown, city=self.home, who=f"{self.home} admin")

    async def figures(self, city: str) -> Any:
        return (await self.stage.read(FIGURES, city))["figures"]

    async def told(self, *names: str) -> Sequence[tuple[Any, ...]]:
        """Some of the figures of both cities, home first."""
        both = [await self.figures(city) for city in (self.home, self.there)]
        return [tuple(figures[name] for name in names) for figures in both]


async def found_abroad(stage: Stage, number: int) -> Abroad:
    """Found two cities of their own."""
    build, home, there = stage.build, f"home-{number}", f"there-{number}"
    towns = [await build.town(slug, slug.title(), box=(50.3, -4.3, 50.5, -4.0)) for slug in (home, there)]
    school, hall = await build.issuer(towns[0], "school", "School"), await build.issuer(towns[1], "hall", "Hall")
    badges = [await build.badge(towns[0], badge(school, slug, slug.title())) for slug in ("first", "second")]
    place = await build.place(towns[1], "hall", "The Hall", (50.37, -4.14), postcode="PL1 2HL")
    words = OpportunityWords("lab", "Lab", "A lab.", "WORKSHOP", hall.id, place_id=place.id)
    lab = await build.opportunity(towns[1], words)
    await stage.reload()
    await stage.admit(f"{home} admin", home, "issuer-admin", issuer="school")
    return Abroad(stage, home, there, (str(badges[0].gid), str(badges[1].gid)), str(lab.gid))

"""What stands in the little country: two cities, a network, a region and a city that left.

Some things are made for a story and have names of their own; the rest is scattered by a seed, so that lists have
ties, gaps and enough to page through.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.graph.ways import WORDS, Ways
from tests.graph.world import Builder, Town, World
from waypost.badges.store import BadgeText, BadgeWords, CriterionWords, refresh_borrowings, retire_badge
from waypost.db import City, Database
from waypost.issuers.store import IssuerText, close_issuer
from waypost.opportunities.store import OpportunityText, OpportunityWords, close_opportunity
from waypost.pathways.store import retire_pathway
from waypost.places.store import close_place
from waypost.tenancy.entries import Cost

LONDON = ZoneInfo("Europe/London")
SKILLS = ("Teamwork", "Creativity", "Digital literacy", "Curiosity", "Problem-Solving")
LAYERS = ("rsa-2019/engage", "rsa-2019/participate", "rsa-2019/demonstrate", "rsa-2019/lead")
KINDS = ("WORKSHOP", "EVENT", "JOB", "COURSE")
CODES = ("step-free", "hearing-loop", "bsl")


async def found_country(database: Database) -> World:
    """Write the whole country and return the record of it."""
    build = Builder(database)
    await _towns(build)
    scatter = Random(7)
    country = Country(build, scatter)
    await country.plymouth()
    await country.cardiff()
    await country.network()
    await country.clone()
    await country.scattered()
    await Ways(build, scatter).written()
    await country.afterwards()
    return build.world


async def _towns(build: Builder) -> None:
    await build.town("south-west", "South West", "region")
    await build.town("badge-nation", "Badge Nation", "network", standard="rsa-2025")
    await build.town(
        "plymouth",
        "Plymouth",
        languages=("en", "cy"),
        nation="GB-ENG",
        groups=("south-west", "badge-nation"),
        box=(50.3, -4.3, 50.5, -4.0),
    )
    await build.town(
        "cardiff",
        "Caerdydd",
        languages=("cy", "en"),
        nation="GB-WLS",
        groups=("badge-nation",),
        box=(51.4, -3.4, 51.6, -3.0),
    )
    await build.town("old-town", "Old Town", state="closed", nation="GB-ENG", groups=("south-west",))


def badge(issuer: Any, slug: str, name: str, **facts: Any) -> BadgeWords:
    """Return a publishable badge's words."""
    words: dict[str, Any] = {
        "description": f"Earners of {name} took part.",
        "layer": LAYERS[0],
        "issuer_id": issuer.id,
        "creator_id": issuer.id,
        "criteria": (CriterionWords("Came along", skills=("Curiosity",)), CriterionWords("Stayed", required=False)),
        "skills": ("Teamwork",),
        "state": "published",
    }
    return BadgeWords(slug=slug, name=name, **{**words, **facts})


@dataclass
class Country:
    """Fills the towns in turn."""

    build: Builder
    scatter: Random

    @property
    def now(self) -> datetime:
        return self.build.world.now

    def get(self, kind: str, town: str, slug: str) -> Any:
        return self.build.world.find(kind, town, slug)

    def town(self, slug: str) -> Town:
        return self.build.world.towns[slug]

    async def plymouth(self) -> None:
        build, town = self.build, self.town("plymouth")
        ideas = await build.issuer(
            town,
            "real-ideas",
            "Real Ideas",
            "real-ideas",
            roles=("issues", "provides"),
            description="Ideas made *real*.",
            url="https://example.org/ideas",
            logo_url="https://example.org/ideas.svg",
            latitude=50.37,
            longitude=-4.14,
            verified=True,
            text={"cy": IssuerText("Syniadau Go Iawn")},
        )
        college = await build.issuer(
            town, "city-college", "City College", kind="college", roles=("provides", "employs"), parent_id=ideas.id
        )
        await build.issuer(
            town, "harbour-club", "Harbour Club", kind="club", roles=("endorses",), latitude=50.36, longitude=-4.12
        )
        for slug in ("twin-a", "twin-b"):
            await build.issuer(town, slug, "Twin", latitude=50.4, longitude=-4.2, roles=("issues",))
        await build.issuer(town, "shut", "Shut", latitude=50.37, longitude=-4.14)
        await build.place(
            town,
            "central-library",
            "Central Library",
            (50.3715, -4.1423),
            accessibility=("step-free", "hearing-loop"),
            address="Armada Way",
            postcode="pl12hl",
            text={"cy": "Llyfrgell Ganolog"},
        )
        await build.place(town, "quay", "The Quay", (50.25, -4.14), kind="park")
        await build.place(town, "shed", "The Shed", (50.38, -4.15), kind="other")
        await self._plymouth_badges(ideas, college)

    async def _plymouth_badges(self, ideas: Any, college: Any) -> None:
        build, town = self.build, self.town("plymouth")
        smart = badge(ideas, "smart-citizen", "Smart Citizen", creator_id=college.id, category="participation")
        await build.badge(town, smart)
        smart = replace(
            smart,
            name="Smart Citizen Plus",
            layer=LAYERS[2],
            level="foundational",
            time_to_earn="days",
            image_url="https://example.org/smart.png",
            skills=("Teamwork", "Creativity"),
            criteria=(*smart.criteria, CriterionWords("Told others", skills=("Digital literacy",))),
            text={"cy": BadgeText("Dinesydd Craff", "Mae'r enillwyr wedi cymryd rhan.", ("Daeth draw",))},
        )
        await build.badge(town, smart)
        await build.badge(town, replace(smart, name="Smart Citizen Draft", state="draft"))
        await build.badge(town, badge(ideas, "secret", "Secret", state="draft", skills=("Secrecy",), criteria=()))
        await build.badge(
            town, badge(ideas, "navigator", "Navigator", layer=LAYERS[3], cost=Cost(free=True), urgent=True)
        )
        await build.badge(
            town,
            badge(
                college, "priced", "Priced", cost=Cost(False, Decimal("12.50"), "GBP", "Bring cash"), skills=SKILLS[2:]
            ),
        )
        await build.badge(town, badge(college, "price-only", "Price Only", cost=Cost(None, Decimal(3), "GBP")))
        for slug in ("twin-1", "twin-2", "twin-3"):
            await build.badge(town, badge(ideas, slug, "Twin Badge", skills=("Creativity",)))
        await build.badge(town, badge(ideas, "old-badge", "Old Badge", skills=("Problem-Solving",)))

    async def cardiff(self) -> None:
        build, town = self.build, self.town("cardiff")
        ideas = await build.issuer(
            town, "real-ideas", "Syniadau", "real-ideas", roles=("issues",), latitude=51.48, longitude=-3.18
        )
        await build.issuer(
            town,
            "clwb",
            "Clwb Ieuenctid",
            kind="club",
            roles=("provides", "issues"),
            description="Clwb i bawb.",
            text={"en": IssuerText("Youth Club", "A club for all.")},
        )
        await build.place(town, "hyb", "Hyb", (51.481, -3.179), text={"en": "Hub"}, accessibility=("bsl",))
        words = badge(ideas, "bathodyn", "Bathodyn", skills=("problem solving", "Ysgrifennu"))
        words = replace(words, text={"en": BadgeText("The Badge", "Earners wrote.", ("Came", "Stayed on"))})
        await build.badge(town, words)
        await build.badge(town, badge(ideas, "teithio", "Teithio", layer=LAYERS[1]))
        await build.badge(town, badge(ideas, "cudd", "Cudd", layer=LAYERS[3]))
        await build.badge(town, badge(ideas, "twin-1", "Twin Badge", skills=("Creativity", "Ysgrifennu")))

    async def network(self) -> None:
        build, town = self.build, self.town("badge-nation")
        nation = await build.issuer(town, "badge-nation", "Badge Nation", roles=("issues", "endorses"), kind="network")
        await build.badge(town, badge(nation, "explorer", "Explorer", layer="rsa-2025/explorer", skills=("Curiosity",)))

    async def clone(self) -> None:
        """A badge cloned from another city's, an endorsement, and what the cities lend each other."""
        build, town = self.build, self.town("plymouth")
        origin = self.get("Badge", "cardiff", "bathodyn")
        ideas = self.get("Issuer", "plymouth", "real-ideas")
        words = badge(ideas, "writing", "Writing", derived_from=(origin.town.id, origin.id))
        await build.badge(town, words)
        words = badge(ideas, "navigator-two", "Navigator Two")
        own = self.get("Badge", "plymouth", "navigator")
        await build.badge(town, replace(words, derived_from=(town.id, own.id)))
        await build.run(
            town,
            "INSERT INTO endorsement (tenant_id, id, badge_id, endorsed_id, home_tenant_id, endorser_id, "
            "endorser_tenant_id, comment, valid_from, public) "
            "SELECT tenant_id, gen_random_uuid(), id, issuer_id, $1, $3, $1, 'Well made', $4, true FROM badge "
            "WHERE tenant_id = $1 AND id = $2",
            town.id,
            own.id,
            self.get("Issuer", "plymouth", "harbour-club").id,
            self.now,
        )

    # Opportunities

    def _opportunity(self, town: str, slug: str, title: str, **facts: Any) -> OpportunityWords:
        provider = "real-ideas" if town != "badge-nation" else "badge-nation"
        words: dict[str, Any] = {
            "summary": f"{title}, for you.",
            "kind": "WORKSHOP",
            "provider_id": self.get("Issuer", town, provider).id,
        }
        return OpportunityWords(slug=slug, title=title, **{**words, **facts})

    def at(self, days: float, hour: int = 10) -> datetime:
        """Return a moment so many days from today, on London's clocks."""
        day = (self.now.astimezone(LONDON) + timedelta(days=days)).date()
        return datetime.combine(day, time(hour), LONDON)

    async def scattered(self) -> None:
        await self._told()
        for town, count in (("plymouth", 30), ("cardiff", 14), ("badge-nation", 3)):
            await self._scatter_badges(town)
            for number in range(count):
                await self.build.opportunity(self.town(town), self._chance(town, number))

    async def _told(self) -> None:
        """The opportunities with a story of their own."""
        build, town = self.build, self.town("plymouth")
        library = self.get("Place", "plymouth", "central-library")
        smart = self.get("Badge", "plymouth", "smart-citizen")
        lent = await build.borrowed(town, "badge", "cardiff", "bathodyn")
        words = self._opportunity(
            "plymouth",
            "film-lab",
            "Film Lab",
            place_id=library.id,
            starts_at=self.at(-20),
            ends_at=self.at(-20, 13),
            recurrence="FREQ=WEEKLY",
            apply_by=self.at(3),
            capacity=12,
            cost=Cost(free=True),
            age_min=11,
            age_max=19,
            accessibility=("step-free", "bsl"),
            url="https://example.org/lab",
            contact_url="https://example.org/lab/ask",
            badges=(smart.ref(), lent),
            source="feed",
            licence="CC0",
            text={"cy": OpportunityText("Labordy Ffilm", "Gwnewch ffilm.")},
        )
        await build.opportunity(town, words)
        stories: dict[str, dict[str, Any]] = {
            "over": {"starts_at": self.at(-3), "ends_at": self.at(-3, 12)},
            "closed": {"starts_at": self.at(5)},
            "withdrawn": {"starts_at": self.at(5)},
            "job": {"kind": "JOB", "cost": Cost(False, Decimal("4.20"), "GBP", "A day")},
        }
        for slug, facts in stories.items():
            here = {"latitude": 50.38, "longitude": -4.13, **facts}
            await build.opportunity(town, self._opportunity("plymouth", slug, slug.title(), **here))
        far = self._opportunity("plymouth", "far-off", "Far Off", latitude=50.1, longitude=-5.5, age_min=30)
        await build.opportunity(town, far)
        cardiff = self.town("cardiff")
        await build.opportunity(cardiff, self._opportunity("cardiff", "ar-lein", "Ar Lein", online=True))

    async def _scatter_badges(self, town: str) -> None:
        issuers = [each for each in self.build.world.issuers if each.town.slug == town and each.slug != "shut"]
        for number in range(6):
            facts: dict[str, Any] = {
                "skills": tuple(self.scatter.sample(SKILLS, self.scatter.randint(1, 3))),
                "layer": "rsa-2025/leader" if town == "badge-nation" else self.scatter.choice(LAYERS),
            }
            name = f"{self.scatter.choice(WORDS).title()} {self.scatter.choice('ABC')}"
            words = badge(self.scatter.choice(issuers), f"scattered-{number}", name, **facts)
            await self.build.badge(self.town(town), words)

    def _chance(self, town: str, number: int) -> OpportunityWords:
        some = self.scatter
        one, two = some.sample(WORDS, 2)
        facts: dict[str, Any] = {
            "kind": some.choice(KINDS),
            "cost": some.choice(
                (Cost(), Cost(free=True), Cost(False, Decimal(5), "GBP"), Cost(None, Decimal(2), "GBP"))
            ),
            "accessibility": tuple(some.sample(CODES, some.randint(0, 2))),
        }
        youngest = some.choice((None, 5, 11, 18))
        facts |= {"age_min": youngest, "age_max": some.choice((None, 25)) if youngest else None}
        facts |= self._when() | self._where(town)
        own = [each.ref() for each in self.build.world.badges if each.town.slug == town and each.state == "published"]
        facts["badges"] = tuple(some.sample(own, some.choice((0, 1, 1, 2))))
        return self._opportunity(town, f"chance-{number}", f"{one.title()} and {two.title()}", **facts)

    def _when(self) -> dict[str, Any]:
        day = self.scatter.randint(1, 40)
        return self.scatter.choice(
            (
                {},
                {"starts_at": self.at(day)},
                {"starts_at": self.at(day), "ends_at": self.at(day, 12)},
                {"starts_at": self.at(-day), "ends_at": self.at(-day, 12), "recurrence": "FREQ=WEEKLY"},
            )
        )

    def _where(self, town: str) -> dict[str, Any]:
        some = self.scatter
        if town == "badge-nation" or some.random() < 0.15:
            return {"online": True}
        if some.random() < 0.3:
            return {"place_id": self.get("Place", town, "central-library" if town == "plymouth" else "hyb").id}
        south, west, north, east = self.town(town).box or (0, 0, 0, 0)
        grid = (some.randint(0, 4) / 4, some.randint(0, 4) / 4)  # a grid, so that distances tie
        return {
            "latitude": round(south + (north - south) * grid[0], 4),
            "longitude": round(west + (east - west) * grid[1], 4),
            "online": some.random() < 0.2,
        }

    # What changed later

    async def afterwards(self) -> None:
        """Retire, close and withdraw; then let the borrowers know."""
        build, world = self.build, self.build.world
        await self._retire("plymouth", "old-badge", "smart-citizen")
        await self._retire("cardiff", "teithio", "bathodyn")
        for kind, slug, close in (
            ("Issuer", "shut", close_issuer),
            ("Place", "shed", close_place),
            ("Opportunity", "closed", close_opportunity),
            ("Pathway", "past-way", retire_pathway),
        ):
            made = self.get(kind, "plymouth", slug)
            async with build.database.transaction(City(made.town.id)):
                assert await close(made.town.here, made.id)
            made.state = "retired" if kind == "Pathway" else "closed"
        for kind, town, slug in (("Opportunity", "plymouth", "withdrawn"), ("Badge", "cardiff", "cudd")):
            await self.withdraw(self.get(kind, town, slug))
        for each in world.towns.values():
            await refresh_borrowings(build.database, each.here)

    async def _retire(self, town: str, slug: str, successor: str) -> None:
        made, after = self.get("Badge", town, slug), self.get("Badge", town, successor)
        async with self.build.database.transaction(City(made.town.id)):
            assert await retire_badge(made.town.here, made.id, self.now, after.id)
        made.state = "retired"
        made.words = replace(made.words, replaced_by_id=after.id)

    async def withdraw(self, made: Any) -> None:
        """Take something back from the public, as though it had never been shown."""
        table = made.kind.lower()
        await self.build.run(
            made.town, f"UPDATE {table} SET public = false WHERE tenant_id = $1 AND id = $2", made.town.id, made.id
        )
        made.shown = False

"""The pathways of the little country: two with a story, the rest scattered."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.graph.world import Builder, Town
from waypost.pathways.store import PathwayText, PathwayWords, Rule, StepWords

WORDS = ("film", "sea", "code", "garden", "music", "repair", "dance", "river")


@dataclass
class Ways:
    """Writes the pathways."""

    build: Builder
    scatter: Random

    def get(self, kind: str, town: str, slug: str) -> Any:
        return self.build.world.find(kind, town, slug)

    def town(self, slug: str) -> Town:
        return self.build.world.towns[slug]

    async def written(self) -> None:
        await self._film_maker()
        town, build = self.town("plymouth"), self.build
        ideas = self.get("Issuer", "plymouth", "real-ideas")
        for slug, name, state in (
            ("twin-way", "Twin Way", "published"),
            ("twin-way-two", "Twin Way", "published"),
            ("hidden-way", "Hidden Way", "draft"),
            ("past-way", "Past Way", "published"),
        ):
            step = StepWords("one", "One", badges=(self.get("Badge", "plymouth", "twin-1").ref(),))
            words = PathwayWords(slug, name, f"*{name}*", ideas.id, steps=(step,), state=state, interests=("sea",))
            await build.pathway(town, words)
        cardiff = self.town("cardiff")
        lent = await build.borrowed(cardiff, "badge", "plymouth", "smart-citizen")
        own = self.get("Opportunity", "cardiff", "chance-1").ref()
        step = StepWords(
            "un", "Un", badges=(lent, self.get("Badge", "cardiff", "bathodyn").ref()), opportunities=(own,)
        )
        text = {"en": PathwayText("The Way", "A way.", {"un": "One"})}
        clwb = self.get("Issuer", "cardiff", "clwb")
        words = PathwayWords("llwybr", "Llwybr", "Ffordd.", clwb.id, steps=(step,), state="published", text=text)
        await build.pathway(cardiff, words)
        for town_slug, count in (("plymouth", 5), ("cardiff", 4)):
            for number in range(count):
                await build.pathway(self.town(town_slug), self._scattered_way(town_slug, number))

    async def _film_maker(self) -> None:
        build, town = self.build, self.town("plymouth")
        own = {slug: self.get("Badge", "plymouth", slug).ref() for slug in ("smart-citizen", "old-badge", "navigator")}
        lent = {slug: await build.borrowed(town, "badge", "cardiff", slug) for slug in ("bathodyn", "teithio", "cudd")}
        away = await build.borrowed(town, "opportunity", "cardiff", "chance-0")
        lab, job = (self.get("Opportunity", "plymouth", slug) for slug in ("film-lab", "job"))
        steps = (
            StepWords("discover", "Discover", rule=Rule("any"), badges=(own["smart-citizen"], lent["bathodyn"])),
            StepWords("practise", "Practise", rule=Rule("at-least", 2)),
            StepWords("camera", "Camera", parent="practise", badges=(own["old-badge"],)),
            StepWords("sound", "Sound", parent="practise", badges=(lent["teithio"],)),
            StepWords("lost", "Lost", parent="practise", badges=(lent["cudd"], own["smart-citizen"])),
            StepWords("show", "Show", optional=True, opportunities=(away, lab.ref())),
        )
        text = {"cy": PathwayText("Gwneuthurwr Ffilm", "Ffordd.", {"discover": "Darganfod"})}
        ideas = self.get("Issuer", "plymouth", "real-ideas")
        words = PathwayWords(
            "film-maker",
            "Film Maker",
            "From *film* to film.",
            ideas.id,
            steps=steps,
            interests=("film", "digital"),
            completion_badge_id=own["navigator"].id,
            outcomes=(job.id, lab.id),
            state="published",
            text=text,
        )
        await build.pathway(town, words)

    def _scattered_way(self, town: str, number: int) -> PathwayWords:
        some, world = self.scatter, self.build.world
        badges = [each.ref() for each in world.badges if each.town.slug == town and each.state == "published"]
        chances = [each.ref() for each in world.opportunities if each.town.slug == town]
        steps = tuple(
            StepWords(
                f"step-{n}",
                f"Step {n}",
                badges=tuple(some.sample(badges, some.randint(1, 2))),
                opportunities=tuple(some.sample(chances, some.randint(0, 2))),
            )
            for n in range(some.randint(1, 3))
        )
        issuer = some.choice([each for each in world.issuers if each.town.slug == town])
        name = f"{some.choice(WORDS).title()} Way"
        return PathwayWords(
            f"way-{number}",
            name,
            f"The {name}.",
            issuer.id,
            steps=steps,
            interests=tuple(some.sample(("film", "sea", "digital"), some.randint(0, 2))),
            state="published",
        )

"""A new tenant's folder passes its own check."""

from __future__ import annotations

import re

import pytest

from tests.tenancy.country import Folders, World
from waypost.tenancy.scaffold import Wish, WishRefused, scaffold


def unpack(folders: Folders, wish: Wish) -> None:
    for name, text in scaffold(wish).items():
        folders.write(f"{wish.slug}/{name}", text)


@pytest.mark.parametrize(
    "wish",
    [
        Wish("hull", "Hull", latitude=53.74, longitude=-0.33),
        Wish("wales", "Wales", "nation", "GB-WLS", ("cy", "en"), latitude=52.3, longitude=-3.6, radius_km=90),
        Wish("tuc", "TUC", "network"),
    ],
    ids=lambda wish: wish.slug,
)
def test_a_new_folder_passes_the_check(folders: Folders, wish: Wish) -> None:
    unpack(folders, wish)
    assert folders.faults() == []
    assert folders.notices() == []
    assert (folders.directory / wish.slug / "area.geojson").exists() == (wish.kind != "network")


async def test_its_first_steps_work_once_the_comment_signs_are_gone(world: World) -> None:
    unpack(world, Wish("hull", "Hull", latitude=53.74, longitude=-0.33))
    path = world.directory / "hull/catalogue/first-steps.toml"
    path.write_text(re.sub(r"^#(?! )", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE), encoding="utf-8")
    assert world.faults() == []
    assert "hull pathways/young-film-maker created" in await world.changes()
    assert await world.changes() == []


def test_the_outline_is_a_circle_of_the_radius(folders: Folders) -> None:
    unpack(folders, Wish("hull", "Hull", latitude=53.74, longitude=-0.33, radius_km=5))
    area = folders.survey().country.folders["hull"].area
    assert area is not None
    assert area.north - area.south == pytest.approx(10 / 111.195, rel=1e-3)
    assert area.covers(53.74, -0.33)
    assert "put the real outline into area.geojson" in (folders.directory / "hull/tenant.toml").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish("graphql", "X", "network"), "reserved"),
        (Wish("Hull", "Hull", "network"), "is no slug"),
        (Wish("hull", "Hull"), "say where its middle is"),
        (Wish("hull", "Hull", latitude=95, longitude=0), "latitude lies between"),
        (Wish("hull", "Hull", latitude=5, longitude=500), "is not on the earth"),
        (Wish("hull", "Hull", latitude=5, longitude=0, radius_km=-1), "radius lies between"),
        (Wish("hull", "Hull", "network", timezone="Mars"), "timezone: unknown time zone"),
        (Wish("hull", "Hull", "network", nation="Hull"), "nation: "),
    ],
)
def test_what_the_check_would_refuse_is_not_made(wish: Wish, words: str) -> None:
    with pytest.raises(WishRefused, match=words):
        scaffold(wish)

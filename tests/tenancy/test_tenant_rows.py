"""Tenants come, are renamed, change, leave and come back."""

from __future__ import annotations

import pytest

from tests.tenancy.country import BADGE, CLUB, SQUARE, World
from waypost.db import System, execute
from waypost.tenancy.report import FilesRefused


async def test_a_tenant_is_what_its_file_says(world: World) -> None:
    more = (
        'nation = "GB-ENG"\ngroups = ["south", "net"]\nreview = "net"\ncontact_url = "https://example.org/"\n'
        'hosts = ["learn.example.org"]\norigins = ["https://app.example.org:8443"]\nexample = true\n'
        '[look]\nprimary_colour = "#0B5D6B"\naccent_colour = "#ffffff"\nlogo_url = "https://example.org/logo.svg"\n'
    )
    world.city("brighton", more)
    world.network("net")
    world.city("south")
    world.edit("south/tenant.toml", 'kind = "city"', 'kind = "region"')
    await world.apply()
    directory = await world.directory_now()
    brighton, net = directory.by_slug("brighton"), directory.by_slug("net")
    south = directory.by_slug("south")
    assert brighton is not None
    assert net is not None
    assert south is not None
    assert (brighton.name, brighton.kind, brighton.nation, brighton.state) == ("Brighton", "city", "GB-ENG", "open")
    assert (brighton.languages, brighton.language, brighton.timezone) == (("en", "cy"), "en", "Europe/London")
    assert brighton.groups == {net.id, south.id}
    assert brighton.review_tenant_id == net.id
    assert brighton.hosts == ("learn.example.org",)
    assert brighton.origins == ("https://app.example.org:8443",)
    assert brighton.primary_colour == "#0b5d6b"
    assert brighton.example
    assert brighton.bounds is not None
    assert (brighton.bounds.south, brighton.bounds.west) == (50, -1)
    assert (brighton.bounds.north, brighton.bounds.east) == (51, 0)
    assert 50 < (brighton.latitude or 0) < 51
    assert net.bounds is None
    assert directory.by_host("LEARN.example.org:443") == brighton
    assert directory.by_id(net.id) == net
    assert directory.members(net.id) == (brighton,)
    assert directory.by_slug("nowhere") is None
    assert await world.changes() == []


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        ('name = "Brighton"', 'name = "Hove"', "name"),
        ('["en", "cy"]', '["en", "cy", "gd"]', "languages"),
        ('groups = ["net"]', "groups = []", "groups"),
        ('review = "net"', "", "review"),
        ('hosts = ["a.example.org"]', 'hosts = ["b.example.org"]', "hosts"),
        ("example = true", "example = false", "example"),
        ('"#0b5d6b"', '"#000000"', "look.primary_colour"),
        ('standard = "rsa-2019"', 'standard = "rsa-2025"', "standard"),
    ],
)
async def test_a_changed_key_is_named_and_changes_the_row_once(world: World, old: str, new: str, keys: str) -> None:
    more = 'groups = ["net"]\nreview = "net"\nhosts = ["a.example.org"]\nexample = true\n'
    more += '[look]\nprimary_colour = "#0b5d6b"\n'
    world.city("brighton", more)
    world.network("net")
    await world.apply()
    world.edit("brighton/tenant.toml", old, new)
    assert await world.changes(dry_run=True) == [f"brighton tenant/brighton changed: {keys}"]
    assert await world.changes() == [f"brighton tenant/brighton changed: {keys}"]
    assert await world.changes() == []


async def test_a_renamed_folder_keeps_the_tenant_and_its_old_address(world: World) -> None:
    world.city("brighton", catalogue=CLUB + BADGE.format(slug="smart"))
    await world.apply()
    before = await world.tenant("brighton")
    (world.directory / "brighton").rename(world.directory / "brighton-hove")
    world.edit("brighton-hove/tenant.toml", "standard", 'formerly = ["brighton"]\nstandard')
    changes = await world.changes()
    assert changes == [
        "brighton-hove badges/smart changed: file",
        "brighton-hove issuers/club changed: file",
        "brighton-hove tenant/brighton-hove changed: slug",
    ]
    after = await world.tenant("brighton")
    assert (after.id, after.slug, after.former_slugs) == (before.id, "brighton-hove", ("brighton",))
    assert await world.changes() == []
    # And back, without a word: the old slug is known to be its own.
    (world.directory / "brighton-hove").rename(world.directory / "brighton")
    world.edit("brighton/tenant.toml", 'formerly = ["brighton"]\n', "")
    assert "brighton tenant/brighton changed: slug" in await world.changes()
    assert (await world.tenant("brighton-hove")).id == before.id


async def test_an_old_slug_is_never_given_to_another_tenant(world: World) -> None:
    world.city("brighton")
    await world.apply()
    (world.directory / "brighton").rename(world.directory / "brighton-hove")
    world.edit("brighton-hove/tenant.toml", "standard", 'formerly = ["brighton"]\nstandard')
    await world.apply()
    world.edit("brighton-hove/tenant.toml", 'formerly = ["brighton"]\n', "")
    world.city("brighton")
    with pytest.raises(FilesRefused, match='"brighton" was a slug of the tenant "brighton-hove"'):
        await world.apply()


async def test_a_folder_that_disappears_closes_the_tenant_and_its_rows_stay(world: World) -> None:
    world.city("brighton", 'hosts = ["learn.example.org"]\n', catalogue=CLUB + BADGE.format(slug="smart"))
    world.city("plymouth")
    await world.apply()
    moved = world.directory.parent / "away"
    (world.directory / "brighton").rename(moved)
    assert await world.changes(dry_run=True) == ["brighton tenant/brighton closed"]
    assert await world.changes() == ["brighton tenant/brighton closed"]
    tenant = await world.tenant("brighton")
    assert not tenant.is_open
    assert (await world.row("brighton", "badge", "smart"))["state"] == "published"
    assert await world.changes() == []
    # Its host is free for others, and it comes back as it was.
    world.city("plymouth", 'hosts = ["learn.example.org"]\n')
    await world.apply()
    assert (await world.tenant("plymouth")).hosts == ("learn.example.org",)
    moved.rename(world.directory / "brighton")
    world.edit("brighton/tenant.toml", 'hosts = ["learn.example.org"]\n', "")
    assert await world.changes() == ["brighton tenant/brighton reopened"]
    assert (await world.tenant("brighton")).id == tenant.id


async def test_a_host_moves_from_one_tenant_to_another(world: World) -> None:
    world.city("brighton", 'hosts = ["learn.example.org"]\n')
    world.city("plymouth")
    await world.apply()
    world.city("brighton")
    world.city("plymouth", 'hosts = ["learn.example.org"]\n')
    assert await world.changes() == [
        "brighton tenant/brighton changed: hosts",
        "plymouth tenant/plymouth changed: hosts",
    ]
    assert await world.changes() == []


async def test_a_tenant_or_host_that_others_keep_is_refused(world: World) -> None:
    sql = """INSERT INTO tenant (id, slug, name, kind, languages, timezone, standard_code, primary_colour,
                                 accent_colour, managed_by)
             VALUES (gen_random_uuid(), 'brighton', 'The other', 'network', '{en}', 'UTC', 'rsa-2019', '#000000',
                     '#ffffff', 'graph') RETURNING id"""
    async with world.database.transaction(System("tests")):
        await execute(sql)
        await execute("INSERT INTO tenant_host SELECT 'learn.example.org', id FROM tenant")
    world.city("plymouth", 'hosts = ["learn.example.org"]\n')
    with pytest.raises(FilesRefused, match=r'"learn\.example\.org" is claimed by two tenants, plymouth and brighton'):
        await world.apply()
    world.city("plymouth")
    await world.apply()
    assert (await world.tenant("brighton")).is_open, "files close only what is theirs"
    world.city("brighton")
    with pytest.raises(
        FilesRefused, match='the slug "brighton" is taken by the tenant "The other", which is kept by graph'
    ):
        await world.apply()


# --- files = "seed" --------------------------------------------------------------------------


async def test_a_seed_creates_and_never_overwrites(world: World) -> None:
    world.city("brighton", 'files = "seed"\n', catalogue=CLUB + BADGE.format(slug="smart"))
    await world.apply()
    badge = await world.row("brighton", "badge", "smart")
    world.city("brighton", 'files = "seed"\n', catalogue=CLUB.replace('name = "Club"', 'name = "Klub"'))
    world.edit("brighton/tenant.toml", 'name = "Brighton"', 'name = "Hove"')
    world.write("brighton/area.geojson", SQUARE.replace("51", "52"))
    assert await world.changes() == []
    assert await world.row("brighton", "badge", "smart") == badge, "what left the files stays as it is"
    assert (await world.tenant("brighton")).name == "Brighton"
    world.write("brighton/catalogue/more.toml", BADGE.format(slug="newer"))
    assert await world.changes() == ["brighton badges/newer created"]


async def test_a_seeded_tenant_stays_open_without_its_folder(world: World) -> None:
    world.city("brighton", 'files = "seed"\n')
    world.city("plymouth")
    await world.apply()
    (world.directory / "brighton").rename(world.directory.parent / "away")
    assert await world.changes() == []
    assert (await world.tenant("brighton")).is_open


async def test_a_tenant_may_become_a_seed_and_be_managed_again(world: World) -> None:
    world.city("brighton")
    await world.apply()
    world.city("brighton", 'files = "seed"\n')
    assert await world.changes() == ["brighton tenant/brighton changed: files"]
    assert (await world.tenant("brighton")).files == "seed"
    world.city("brighton", catalogue=CLUB.replace('name = "Club"', 'name = "Klub"'))
    assert await world.changes() == [
        "organisations/club changed: name",
        "brighton issuers/club changed: name",
        "brighton tenant/brighton changed: files",
    ]
    assert await world.changes() == []

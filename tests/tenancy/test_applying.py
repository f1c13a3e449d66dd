"""Files become rows, and again, and differently."""

from __future__ import annotations

import asyncio

import pytest

from tests.tenancy.country import BADGE, CLUB, PATHWAY, SQUARE, WORKSHOP, World
from waypost.badges.store import BadgeWords, CriterionWords, write_badge
from waypost.db import City, execute
from waypost.tenancy.entries import Here, Written
from waypost.tenancy.report import FilesRefused

LIBRARY = """\
[[places]]
slug = "library"
name = "Library"
kind = "library"
postcode = "bn11ge"
latitude = 50.25
longitude = -0.75
accessibility = ["step-free", "bsl"]
[places.text.cy]
name = "Llyfrgell"
"""
WHOLE = (
    CLUB
    + LIBRARY
    + BADGE.format(slug="smart")
    + 'skills = ["Curiosity"]\n'
    + WORKSHOP.format(slug="lab").replace("latitude = 50.5\nlongitude = -0.5\n", 'place = "library"\n')
    + 'starts_at = 2027-07-03T10:00:00\nbadges = ["smart"]\n'
    + PATHWAY.format(slug="way")
    + 'badges = ["brighton/smart"]\nopportunities = ["lab"]\n'
)


async def test_files_become_rows_and_the_same_files_change_nothing(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    assert await world.changes() == [
        "organisations/club created",
        "brighton badges/smart created",
        "brighton issuers/club created",
        "brighton opportunities/lab created",
        "brighton pathways/way created",
        "brighton places/library created",
        "brighton tenant/brighton created",
    ]
    place = await world.row("brighton", "place", "library")
    assert (place["postcode"], place["inside_area"], place["managed_by"]) == ("BN1 1GE", True, "files")
    assert place["source_id"] == "tenants/brighton/catalogue/all.toml:library"
    lab = await world.row("brighton", "opportunity", "lab")
    assert lab["starts_at"].isoformat() == "2027-07-03T09:00:00+00:00"
    assert (lab["place_id"], lab["latitude"]) == (place["id"], 50.25)
    before = await stamps(world)
    assert await world.changes() == []
    assert await stamps(world) == before


PRICE = 'price = "2.5"\ncurrency = "GBP"'


async def stamps(world: World) -> list[dict[str, object]]:
    """When every row of the city was last written, by PostgreSQL's own account."""
    tables = ("place", "issuer", "badge", "badge_version", "badge_skill", "opportunity", "opportunity_badge")
    more = ("pathway", "step", "step_badge", "step_text", "place_text", "issuer_role", "tenant_slug")
    return [
        row
        for table in (*tables, *more)
        for row in await world.rows("brighton", f"SELECT xmin::text, ctid::text, * FROM {table} WHERE tenant_id = $1")
    ]


async def test_a_dry_run_says_the_same_and_writes_nothing(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    foreseen = await world.changes(dry_run=True)
    assert (await world.directory_now()).tenants == ()
    assert await world.changes() == foreseen
    world.edit("brighton/catalogue/all.toml", 'name = "Library"', 'name = "Jubilee Library"')
    world.edit("brighton/catalogue/all.toml", 'text = "Stayed."', 'text = "Stayed on."')
    before = await stamps(world)
    foreseen = await world.changes(dry_run=True)
    assert await stamps(world) == before
    assert (
        await world.changes()
        == foreseen
        == [
            "brighton badges/smart changed: criteria",
            "brighton places/library changed: name",
        ]
    )


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ('"bn11ge"', '"BN1 1GF"', "places/library changed: postcode"),
        ('"Llyfrgell"', '"Y Llyfrgell"', "places/library changed: text"),
        ('["step-free", "bsl"]', '["bsl"]', "places/library changed: accessibility"),
        ('roles = ["issues", "provides"]', 'roles = ["issues", "endorses"]', "issuers/club changed: roles"),
        ('roles = ["issues"', 'place = "library"\nroles = ["issues"', "issuers/club changed: latitude, longitude"),
        ('layer = "engage"', 'layer = "lead"', "badges/smart changed: layer"),
        ('layer = "engage"', f'layer = "engage"\n{PRICE}', "badges/smart changed: price, currency"),
        ('layer = "engage"', 'layer = "engage"\nstate = "retired"', "badges/smart changed: state"),
        ('summary = "Make something."', 'summary = "Make more."', "opportunities/lab changed: summary"),
        ("2027-07-03T10:00:00", "2027-07-03T10:00:00Z", "opportunities/lab changed: starts_at"),
        ('title = "First"', 'title = "The first"', "pathways/way changed: steps"),
        ('key = "first"', 'key = "first"\nrule = "any"', "pathways/way changed: steps"),
    ],
)  # fmt: skip
async def test_a_changed_key_is_named_and_changes_the_row_once(world: World, old: str, new: str, change: str) -> None:
    world.city("brighton", catalogue=WHOLE)
    await world.apply()
    world.edit("brighton/catalogue/all.toml", old, new)
    assert await world.changes() == [f"brighton {change}"]
    assert await world.changes() == []


async def test_what_says_the_same_differently_is_no_change(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    await world.apply()
    for old, new in (
        ('"bn11ge"', '"BN1 1GE"'),
        ('["step-free", "bsl"]', '["bsl", "step-free"]'),
        ('layer = "engage"', 'layer = "rsa-2019/engage"\ncreator = "club"'),
        ("2027-07-03T10:00:00", "2027-07-03T09:00:00Z"),
        ('badges = ["brighton/smart"]', 'badges = ["smart"]'),
        ('skills = ["Curiosity"]', 'skills = ["curiosity"]'),
        ("latitude = 50.25", "latitude = 50.250"),
    ):
        world.edit("brighton/catalogue/all.toml", old, new)
    assert await world.changes() == []


async def test_a_place_that_moves_takes_its_opportunities_along(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    await world.apply()
    world.edit("brighton/catalogue/all.toml", "latitude = 50.25", "latitude = 51.25")
    assert await world.changes() == [
        "brighton opportunities/lab changed: place, area",
        "brighton places/library changed: latitude, area",
    ]
    lab = await world.row("brighton", "opportunity", "lab")
    assert (lab["latitude"], lab["outside_area"]) == (51.25, True)


async def test_a_new_outline_flags_anew_what_is_outside(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    await world.apply()
    world.write("brighton/area.geojson", SQUARE.replace("51", "50.125"))
    assert await world.changes() == [
        "brighton opportunities/lab changed: area",
        "brighton places/library changed: area",
        "brighton tenant/brighton changed: area",
    ]
    assert not (await world.row("brighton", "place", "library"))["inside_area"]


async def test_new_clocks_move_what_stands_on_them(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    await world.apply()
    world.edit("brighton/tenant.toml", "Europe/London", "Europe/Paris")
    assert await world.changes() == [
        "brighton opportunities/lab changed: starts_at, timezone",
        "brighton tenant/brighton changed: timezone",
    ]
    lab = await world.row("brighton", "opportunity", "lab")
    assert (lab["starts_at"].hour, lab["timezone"]) == (8, "Europe/Paris")
    assert await world.changes() == []


async def test_a_new_first_language_makes_its_text_the_original(world: World) -> None:
    world.city("brighton", catalogue=CLUB)
    await world.apply()
    world.edit("brighton/tenant.toml", '["en", "cy"]', '["cy"]')
    assert await world.changes() == [
        "brighton issuers/club changed: language",
        "brighton tenant/brighton changed: languages",
    ]
    texts = await world.rows("brighton", "SELECT language, original FROM issuer_text WHERE tenant_id = $1")
    assert texts == [{"language": "cy", "original": True}]
    assert await world.changes() == []


async def test_an_entry_that_moves_to_another_file_says_so(world: World) -> None:
    world.city("brighton", catalogue=CLUB + BADGE.format(slug="smart"))
    await world.apply()
    world.write("brighton/catalogue/all.toml", CLUB)
    world.write("brighton/catalogue/badges.toml", BADGE.format(slug="smart"))
    assert await world.changes() == ["brighton badges/smart changed: file"]
    badge = await world.row("brighton", "badge", "smart")
    assert badge["source_id"] == "tenants/brighton/catalogue/badges.toml:smart"


async def test_changed_words_of_a_published_badge_are_its_next_version(world: World) -> None:
    world.city("brighton", catalogue=CLUB + BADGE.format(slug="smart"))
    await world.apply()
    world.edit("brighton/catalogue/all.toml", 'name = "smart"', 'name = "Smarter"')
    await world.apply()
    versions = await world.rows("brighton", "SELECT number, name FROM badge_version WHERE tenant_id = $1 ORDER BY 1")
    assert versions == [{"number": 1, "name": "smart"}, {"number": 2, "name": "Smarter"}]


async def test_a_published_badge_may_have_a_draft_beside_it(world: World) -> None:
    world.city("brighton", catalogue=CLUB + BADGE.format(slug="smart"))
    await world.apply()
    world.edit("brighton/catalogue/all.toml", 'layer = "engage"', 'layer = "engage"\nstate = "draft"')
    assert await world.changes() == []
    world.edit("brighton/catalogue/all.toml", 'name = "smart"', 'name = "Smarter"')
    assert await world.changes() == ["brighton badges/smart changed: name"]
    badge = await world.row("brighton", "badge", "smart")
    assert (badge["name"], badge["state"], badge["public"]) == ("smart", "published", True)
    assert await world.changes() == []
    world.edit("brighton/catalogue/all.toml", 'state = "draft"', "")
    assert await world.changes() == ["brighton badges/smart changed: state"]
    assert (await world.row("brighton", "badge", "smart"))["name"] == "Smarter"


async def test_entries_may_name_what_comes_after_them(world: World) -> None:
    old = BADGE.format(slug="old").replace(
        'layer = "engage"', 'layer = "engage"\nstate = "retired"\nreplaced_by = "new"'
    )
    new = BADGE.format(slug="new").replace('layer = "engage"', 'layer = "engage"\nderived_from = "other"')
    band = '[[issuers]]\nslug = "a-band"\norganisation = "club"\nname = "Band"\nparent = "club"\n'
    catalogue = band + CLUB + old + new + BADGE.format(slug="other")
    world.city("brighton", catalogue=catalogue)
    await world.apply()
    badges = {row["slug"]: row for row in await world.rows("brighton", "SELECT * FROM badge WHERE tenant_id = $1")}
    assert badges["old"]["replaced_by_id"] == badges["new"]["id"]
    assert badges["old"]["state"] == "retired"
    assert badges["new"]["derived_from_id"] == badges["other"]["id"]
    assert (await world.row("brighton", "issuer", "a-band"))["parent_id"]
    assert await world.changes() == []


async def test_two_processes_that_apply_the_same_files_at_once_do_not_quarrel(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    world.city("plymouth", catalogue=CLUB + WORKSHOP.format(slug="swim") + 'badges = ["brighton/smart"]\n')
    one, other = await asyncio.gather(world.changes(), world.changes())
    assert "brighton badges/smart created" in one + other
    assert await world.changes() == []


# --- removal ---------------------------------------------------------------------------------


async def test_a_removed_entry_is_closed_and_comes_back_when_it_is_written_again(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    await world.apply()
    ids = {table: (await world.row("brighton", table, slug))["id"] for table, slug in ENTRIES.items()}
    world.write("brighton/catalogue/all.toml", "")
    gone = [
        "brighton badges/smart closed",
        "brighton issuers/club closed",
        "brighton opportunities/lab closed",
        "brighton pathways/way closed",
        "brighton places/library closed",
    ]
    assert await world.changes(dry_run=True) == gone
    assert await world.changes() == gone
    for table, slug in ENTRIES.items():
        row = await world.row("brighton", table, slug)
        assert row["state"] in {"closed", "retired"}
        assert row["public"], "what was public stays readable"
    assert await world.changes() == []
    world.write("brighton/catalogue/all.toml", WHOLE)
    assert await world.changes() == [line.replace("closed", "reopened") for line in gone]
    assert {table: (await world.row("brighton", table, slug))["id"] for table, slug in ENTRIES.items()} == ids
    assert await world.changes() == []


ENTRIES = {"badge": "smart", "issuer": "club", "opportunity": "lab", "pathway": "way", "place": "library"}


# --- who keeps a row -------------------------------------------------------------------------


async def made_in_the_graph(world: World, slug: str, *, state: str = "published") -> None:
    """A badge that somebody wrote in Brighton's graph."""
    tenant = await world.tenant("brighton")
    club = await world.row("brighton", "issuer", "club")
    words = BadgeWords(
        slug=slug,
        name="From the graph",
        description="Earners were there.",
        layer="rsa-2019/lead",
        issuer_id=club["id"],
        creator_id=club["id"],
        criteria=(CriterionWords("Came"), CriterionWords("Stayed")),
        state=state,
    )
    async with world.database.transaction(City(tenant.id)):
        assert isinstance(await write_badge(Here.of(tenant), words, None, world.now), Written)


async def test_what_the_graph_made_survives_and_is_not_exported(world: World) -> None:
    world.city("brighton")
    await world.apply()
    await made_in_the_graph(world, "wild")
    assert await world.changes() == []
    badge = await world.row("brighton", "badge", "wild")
    assert (badge["state"], badge["managed_by"]) == ("published", "graph")
    assert "wild" not in "".join((await world.export("brighton")).values())


async def test_a_slug_that_the_graph_has_is_refused_naming_both_and_nothing_is_written(world: World) -> None:
    world.city("brighton")
    world.city("plymouth")
    await world.apply()
    await made_in_the_graph(world, "wild")
    world.write("brighton/catalogue/badges.toml", BADGE.format(slug="wild"))
    world.write("plymouth/catalogue/badges.toml", BADGE.format(slug="calm"))
    for dry_run in (True, False):
        with pytest.raises(FilesRefused) as refusal:
            await world.apply(dry_run=dry_run)
        assert [world._short(str(fault)) for fault in refusal.value.faults] == [
            (
                'tenants/brighton/catalogue/badges.toml:2: badges[0].slug: "wild" is already a badge here that is kept '
                "by graph: choose another slug"
            )
        ]
    assert await world.rows("plymouth", "SELECT slug FROM badge WHERE tenant_id = $1") == []


async def test_a_slug_that_something_else_had_is_refused(world: World) -> None:
    world.city("brighton", catalogue=CLUB + BADGE.format(slug="smart"))
    await world.apply()
    tenant = await world.tenant("brighton")
    badge = await world.row("brighton", "badge", "smart")
    async with world.database.transaction(City(tenant.id)):
        sql = "INSERT INTO former_slug (tenant_id, object_type, slug, object_id) VALUES ($1, 'Badge', 'bright', $2)"
        await execute(sql, tenant.id, badge["id"])
    world.write("brighton/catalogue/more.toml", BADGE.format(slug="bright"))
    with pytest.raises(FilesRefused, match='"bright" was the slug of another badge here, and old addresses lead'):
        await world.apply()


async def test_faults_keep_everything_from_being_written(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    world.city("plymouth", "colour = 1\n")
    with pytest.raises(FilesRefused, match=r"plymouth/tenant\.toml:7: colour"):
        await world.apply()
    assert (await world.directory_now()).tenants == ()


# --- organisations ---------------------------------------------------------------------------


async def test_an_organisation_is_one_for_all_tenants_that_name_it(world: World) -> None:
    world.city("brighton")
    world.city("plymouth", catalogue=CLUB.replace('kind = "club"', 'kind = "club"\ncompany_number = "1234567"'))
    await world.apply()
    assert await world.platform("SELECT slug, name, kind, company_number FROM organisation") == [
        {"slug": "club", "name": "Club", "kind": "club", "company_number": "01234567"}
    ]
    assert await world.changes() == []
    for city in ("brighton", "plymouth"):
        world.edit(f"{city}/catalogue/all.toml", 'kind = "club"', 'kind = "charity"')
    assert await world.changes() == [
        "organisations/club changed: kind",
        "brighton issuers/club changed: kind",
        "plymouth issuers/club changed: kind",
    ]
    assert (await world.row("plymouth", "issuer", "club"))["kind"] == "charity"
    assert await world.changes() == []


async def test_an_official_number_that_the_platform_knows_under_another_slug_is_refused(world: World) -> None:
    world.city("brighton", catalogue=CLUB.replace('kind = "club"', 'kind = "club"\nurn = "123456"'))
    await world.apply()
    world.city(
        "brighton", catalogue=CLUB.replace('"club"', '"klub"').replace('kind = "klub"', 'kind = "club"\nurn = "123456"')
    )
    with pytest.raises(
        FilesRefused, match='urn: the organisation with this number is called "club" here: use that slug'
    ):
        await world.apply()


# --- plugins ---------------------------------------------------------------------------------

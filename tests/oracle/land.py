"""The little country of tests/graph, with what an oracle wants to see besides: hidden rows, old slugs, a plugin."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid5

from tests.frameworks import CHANGED, Tree, end_of, id_of, linked, package
from tests.graph.country import badge, found_country
from tests.graph.world import Builder, World
from tests.oracle.issuing import found_issuing
from tests.oracle.learning_land import settle
from tests.oracle.telling import found_telling
from waypost.access.people import create_token
from waypost.db import City, Database, first_id, new_id
from waypost.db.connections import Connection, connect
from waypost.graph import Asker
from waypost.outbox.frameworks import Association, End
from waypost.schemes.store import as_json as schemes_json
from waypost.school.document import as_json, document, findings_document
from waypost.school.lint import lint
from waypost.school.rulebook import rulebook
from waypost.skills.framework_store import Imported, own, write_package
from waypost_skills_builder.framework import item_id

SECRET: Final = "a key for tests alone"
PLUGIN_SQL = "INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ($1, 'skills_builder', true)"
SETTING_SQL = "INSERT INTO plugin_setting (tenant_id, plugin, settings) VALUES ($1, 'skills_builder', $2)"
SECRET_SQL = "INSERT INTO plugin_secret (tenant_id, name, sealed, changed_at) VALUES ($1, $2, 'sealed', $3)"
ESSENTIAL_SQL = """
INSERT INTO plugin_skills_builder.badge_essential (tenant_id, badge_id, skill_code, step, position, public)
SELECT b.tenant_id, b.id, s.code, s.place + 1, s.place, b.public
FROM badge b, framework_item s
WHERE b.tenant_id = $1 AND b.slug IN ('smart-citizen', 'bathodyn', 'secret', 'navigator')
    AND s.code LIKE '2.0/%' AND s.depth = 1 AND s.place IN (1, 4)
"""
ALIGNED_SQL = """
INSERT INTO badge_alignment (tenant_id, badge_id, item_id, framework_id, target_name, target_url, target_framework,
                             source, public)
SELECT b.tenant_id, b.id, item, gen_random_uuid(), 'Something', 'https://example.org', 'Framework', 'graph', b.public
FROM badge b, unnest($2::uuid[]) AS item
WHERE b.tenant_id = $1 AND b.slug IN ('smart-citizen', 'bathodyn', 'secret')
"""
FORMER_SQL = """
INSERT INTO former_slug (tenant_id, object_type, slug, object_id, public)
SELECT tenant_id, 'Badge', 'clever-citizen', id, true FROM badge WHERE tenant_id = $1 AND slug = 'smart-citizen'
"""
DRAFT_SQL: Final = (
    """
    INSERT INTO badge (tenant_id, id, slug, name, issuer_id, creator_id, state)
    SELECT $1, $3, 'in-hand', $5, $4, $4, 'draft' WHERE ($2::uuid, $6::jsonb, $7::jsonb) IS NOT NULL
    """,
    """
    INSERT INTO badge_version (tenant_id, id, badge_id, number, name, state, layer)
    SELECT $1, $2, $3, 1, $5, 'draft', 'rsa-2019/engage' WHERE ($4::uuid, $6::jsonb, $7::jsonb) IS NOT NULL
    """,
    """
    INSERT INTO badge_draft (tenant_id, id, badge_id, creator_id, issuer_id, state, name, language, words, findings)
    VALUES ($1, $2, $3, $4, $4, 'draft', $5, 'en', $6::jsonb, $7::jsonb)
    """,
)
REVIEW_SQL: Final = """
INSERT INTO review (tenant_id, id, home_tenant_id, badge_id, state, priority, name, creator_name, issuer_name, language,
                    layer, words, findings, round, received_at, submitted_at, due_at, reviewer_id, leased_until)
VALUES ($1, $2, $4, $3, 'submitted', $8, $5, 'Makers', 'Makers', 'en', 'rsa-2019/engage', $6::jsonb, $7::jsonb, 1,
        now() - interval '9 days', now() - interval '8 days', now() + interval '6 days', $2, now() + interval '1 day')
"""
COMMENT_SQL: Final = """
INSERT INTO review_comment (tenant_id, id, review_id, round, criterion, text, by_curator, person_id, made_at)
VALUES ($1, $2, $3, 1, 1, 'Which?', true, $2, now())
"""
COLLECTION_SQL: Final = (
    """
    INSERT INTO collection (tenant_id, id, slug, issuer_id, name, description, public)
    SELECT $1, $2, 'first-steps', $2, 'First Steps in Film', 'A beginning.', cardinality($3::uuid[]) > 0
    """,
    """
    INSERT INTO collection_badge (tenant_id, collection_id, badge_id, position, public)
    SELECT $1, $2, badge, n, true FROM unnest($3::uuid[]) WITH ORDINALITY AS kept (badge, n)
    """,
)
SHIPPED_SCHEME: Final = Path(__file__).parents[2] / "tenants/brighton/catalogue/schemes.toml"
SCHEME_SQL: Final = """
INSERT INTO scheme (tenant_id, id, slug, language, definition, state) VALUES ($1, $2, $3, 'en', $4::jsonb, $5)
"""
PLACED_SQL: Final = """
INSERT INTO opportunity_scheme (tenant_id, opportunity_id, local, scheme, facts, starts_on, public)
SELECT o.tenant_id, o.id, w.local, w.scheme, $2::jsonb, (o.starts_at AT TIME ZONE o.timezone)::date, o.public
FROM opportunity o, (VALUES (true, 'first-shift'), (true, 'last-shift'), (false, 'kickstart')) AS w (local, scheme)
WHERE o.tenant_id = $1
"""
AUDIT_SQL = """
INSERT INTO audit (tenant_id, id, at, person_id, role, token_id, act, table_name, row_id, verb, changed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
RELEASE_SQL = """
INSERT INTO figure_release (tenant_id, id, from_month, to_month, learners, repeated, badges, released_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, now())
"""
BREAKDOWN_SQL = """
INSERT INTO figure_breakdown (tenant_id, id, dimension, from_month, to_month, badges, together)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
CELLS_SQL = """
INSERT INTO figure_cell (tenant_id, breakdown_id, code, badges) SELECT $1, $2, * FROM unnest($3::text[], $4::int[]) AS c
"""
NAME_SQL = "INSERT INTO person_profile (person_id, name) VALUES ($1, $2)"
ADDRESS_SQL = """
INSERT INTO person_address (person_id, id, address, verified_at, asked_at) VALUES ($1, $2, $3, $4, $5)
"""
BADGES: Final = {"plymouth": "smart-citizen", "cardiff": "bathodyn"}
ROLES: Final = {
    "learner": ("plymouth", None),
    "curator": ("cardiff", None),
    "issuer-admin": ("plymouth", "real-ideas"),
    "operator": (None, None),
}


async def found_land(database: Database, url: str) -> tuple[World, dict[str, Asker]]:
    """Write it all; `url` is a superuser's, for what no store does. Returns the record and who may ask."""
    world = await found_country(database)
    build = Builder(database, world)
    await _old_town(build)
    ghost = await build.issuer(world.towns["cardiff"], "ghost", "Ghost", roles=("issues",))
    connection = await connect(url)
    try:
        await _hidden(connection, world, ghost.id)
        await _plugin(connection, world)
        await _schemes(connection, world)
        await _figures(connection, world)
        await _frameworks(database, connection, world)
        await connection.execute(FORMER_SQL, world.towns["plymouth"].id)
        await _school(connection, world)
        who = {"stranger": Asker()}
        for role, (town, issuer) in ROLES.items():
            who[role] = await _admitted(database, world, role, town, issuer)
        await found_telling(connection, world, who["learner"].person)
        await connection.execute(NAME_SQL, who["learner"].person, "Ada")
        for address, verified, asked in (("ada@two.example", world.now, None), ("ada@three.example", None, world.now)):
            told = (who["learner"].person, new_id(), address, verified, asked)
            await connection.execute(ADDRESS_SQL, *told)
        await settle(connection, world, who["learner"])
        await found_issuing(connection, world)
        for town in ("plymouth", "cardiff"):
            await _trace(connection, world, town, [who["curator"].person, who["operator"].person])
    finally:
        await connection.close()
    return world, who


async def _old_town(build: Builder) -> None:
    """Something in the city that left."""
    town = build.world.towns["old-town"]
    issuer = await build.issuer(town, "last-lights", "Last Lights", roles=("issues",), latitude=50.9, longitude=-3.4)
    await build.place(town, "gate", "The Gate", (50.91, -3.41))
    await build.badge(town, badge(issuer, "lantern", "Lantern"))
    await build.badge(town, replace(badge(issuer, "dark", "Dark"), state="draft"))


async def _hidden(connection: Connection, world: World, ghost: object) -> None:
    """Issuers whom their things outlive: what points at them, and may not be null, is not visible."""
    twin = world.find("Issuer", "plymouth", "twin-b").id
    for table, column in (("issuer", "id"), ("issuer_text", "issuer_id"), ("issuer_role", "issuer_id")):
        await connection.execute(f"UPDATE {table} SET public = false WHERE {column} = any($1::uuid[])", [twin, ghost])
    lent = world.find("Badge", "cardiff", "bathodyn").id
    await connection.execute("UPDATE badge SET creator_id = $2 WHERE id = $1", lent, ghost)


async def _plugin(connection: Connection, world: World) -> None:
    """Skills Builder in Plymouth; Cardiff has rows of it left, and has switched it off."""
    plymouth, cardiff = world.towns["plymouth"].id, world.towns["cardiff"].id
    await connection.execute(PLUGIN_SQL, plymouth)
    await connection.execute(SETTING_SQL, plymouth, '{"framework": "1.0", "far": [1, {"b": null}], "a": true}')
    for town, name in ((plymouth, "tide-token"), (plymouth, "credly-live"), (cardiff, "another")):
        await connection.execute(SECRET_SQL, town, name, world.now)
    for town in (plymouth, cardiff):
        await connection.execute(ESSENTIAL_SQL, town)


async def _schemes(connection: Connection, world: World) -> None:
    """Plymouth with a scheme of its own and one that it took back; placements of these, and of one nobody knows."""
    (said,) = tomllib.loads(SHIPPED_SCHEME.read_text(encoding="utf-8"))["schemes"]
    said["text"] = {"cy": {"name": "Shifft Gyntaf", "summary": "Swyddi cyntaf."}}
    del said["slug"]
    plymouth = world.towns["plymouth"].id
    for slug, state in (("first-shift", "open"), ("last-shift", "closed")):
        await connection.execute(SCHEME_SQL, plymouth, uuid5(plymouth, slug), slug, schemes_json(said), state)
    facts = schemes_json({"hours_per_week": 6, "hourly_pay": 8.5, "sector": "sport", "unheard_of": True})
    for town in ("plymouth", "cardiff"):
        await connection.execute(PLACED_SQL, world.towns[town].id, facts)


async def _frameworks(database: Database, connection: Connection, world: World) -> None:
    """A framework of Plymouth's own that matches one of the country's, and badges that show items of both."""
    matched = Association(
        identifier=id_of("local matched"),
        uri="https://case.example.org/local-matched",
        type="exactMatchOf",
        origin=end_of("local/sail"),
        destination=End("https://www.skillsbuilder.org/", item_id("2.0/teamwork"), "Teamwork"),
        changed_at=CHANGED,
    )
    links = (matched, linked("local/knots", "isPeerOf", "local/row"), linked("local/row", "isRelatedTo", "away/row"))
    plymouth = world.towns["plymouth"].id
    async with database.transaction(City(plymouth)):
        trees: tuple[Tree, ...] = (
            {"sail": {"knots": {}, "gone": {}}, "row": {}},
            {"row": {}, "sail": {"knots": {}}},
        )
        for tree in trees:
            assert isinstance(await write_package(own(plymouth), package("local", tree, *links), "file"), Imported)
    shown = [id_of("local/knots"), id_of("local/gone"), item_id("1.0/creativity/3"), item_id("2.0/planning")]
    for town in (plymouth, world.towns["cardiff"].id):
        await connection.execute(ALIGNED_SQL, town, shown)


async def _school(connection: Connection, world: World) -> None:
    """Drafts in Plymouth, two of which Cardiff reviews, and a collection."""
    plymouth, cardiff = world.towns["plymouth"].id, world.towns["cardiff"].id
    makers = [world.find("Issuer", "plymouth", slug) for slug in ("real-ideas", "city-college")]
    words = replace(badge(makers[0], "in-hand", "In Hand"), state="draft")
    findings = as_json(findings_document(lint(words, "en", rulebook(("rsa-2019",)))))
    for number, maker in enumerate((makers[0], makers[1], makers[0])):
        said = as_json(document(replace(words, name=f"Film {number}", urgent=number == 2, creator_id=maker.id)))
        ids = [uuid5(maker.id, f"{number} {what}") for what in ("draft", "badge", "comment", "decision")]
        facts = (plymouth, *ids[:2], maker.id, f"Film {number}", said, findings)
        for sql in DRAFT_SQL:
            await connection.execute(sql.replace("'in-hand'", f"'in-hand-{number}'"), *facts)
        if number:
            await connection.execute(
                REVIEW_SQL, cardiff, *ids[:2], plymouth, f"Film {number}", said, findings, 2 - number
            )
            await connection.execute(COMMENT_SQL, cardiff, ids[2], ids[0])
    film = world.find("Badge", "plymouth", "smart-citizen")
    hidden = world.find("Badge", "plymouth", "secret")
    for sql in COLLECTION_SQL:
        await connection.execute(sql, plymouth, makers[0].id, [film.id, hidden.id])


async def _trace(connection: Connection, world: World, town: str, people: list[UUID | None]) -> None:
    """Who changed what in a city."""
    here, badge_id = world.towns[town].id, world.find("Badge", town, BADGES[town]).id
    for n, (act, table, row, verb, changed) in enumerate(
        (
            ("updatePlace", "place", new_id(), "update", ["name", "updated_at"]),
            ("publishBadge", "badge", badge_id, "update", ["public"]),
            ("publishBadge", "badge_text", badge_id, "insert", ["language", "name"]),
            ("someJob", "former_slug", None, "delete", []),
        )
    ):
        role, token = (None, None) if n % 2 else ("curator", new_id())
        at = world.now + timedelta(days=n)
        id = UUID(int=first_id(at).int + n)
        await connection.execute(AUDIT_SQL, here, id, at, people[n % 2], role, token, act, table, row, verb, changed)


async def _figures(connection: Connection, world: World) -> None:
    """Figures of three months in Plymouth, sorted by some things, and of one month in Cardiff."""
    plymouth, cardiff = world.towns["plymouth"].id, world.towns["cardiff"].id
    place = str(world.find("Place", "plymouth", "quay").id)
    for town, first, last, learners, repeated, badges in (
        (plymouth, "2026-01", "2026-01", 30, None, 30),
        (plymouth, "2026-02", "2026-02", None, 12, 40),
        (plymouth, "2026-03", "2026-04", 9, 5, 70),
        (cardiff, "2026-02", "2026-02", 5, None, 5),
    ):
        await connection.execute(RELEASE_SQL, town, new_id(), first, last, learners, repeated, badges)
    for dimension, first, last, together, cells in (
        ("layer", "2026-01", "2026-02", 10, {"rsa-2019/participate": 40, "rsa-2019/engage": 20}),
        ("layer", "2026-03", "2026-04", None, {"rsa-2019/engage": 30, "rsa-2019/lead": 40}),
        ("kind", "2026-01", "2026-02", None, {"WORKSHOP": 30, "EVENT": 40}),
        ("place", "2026-01", "2026-02", None, {place: 30, "unknown": 40}),
        ("ward", "2026-01", "2026-02", 20, {"E05012345": 50}),
        ("deprivation", "2026-01", "2026-02", 60, {"10": 5, "2": 5}),
        ("age", "2026-01", "2026-02", None, {"unknown": 20, "19-24": 20, "0-12": 30}),
    ):
        id, badges = new_id(), (together or 0) + sum(cells.values())
        await connection.execute(BREAKDOWN_SQL, plymouth, id, dimension, first, last, badges, together)
        await connection.execute(CELLS_SQL, plymouth, id, list(cells), list(cells.values()))


async def _admitted(database: Database, world: World, role: str, town: str | None, issuer: str | None) -> Asker:
    """Give somebody a role, as `waypost token create` does."""
    tenant = None if town is None else world.towns[town].id
    of = None if town is None or issuer is None else world.find("Issuer", town, issuer).id
    made = await create_token(
        database, tenant=tenant, role=role, issuer=of, email=f"{role}@example.org", secret_key=SECRET, now=world.now
    )
    assert not hasattr(made, "code"), made
    return Asker(made.person_id, role, of, tenant)

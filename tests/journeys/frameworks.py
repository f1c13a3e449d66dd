"""Frameworks in the stories: those of the country, and those that a city imports."""

from __future__ import annotations

from typing import Any

from tests.frameworks import OUTLINE, Tree, id_of, linked, package
from tests.journeys.stage import SECRET, Stage, named_by
from tests.journeys.test_award_batches import job_of, pieces
from waypost.awards.uploads import read_upload, receive
from waypost.calling import Calls
from waypost.db import City
from waypost.db.migrate import owner
from waypost.frameworks.jobs import import_job
from waypost.outbox.frameworks import Package
from waypost.outbox.work import Effects
from waypost.plugins.formats import CalledFormat
from waypost.settings import Settings
from waypost.skills.framework_store import Imported, country, write_package
from waypost.testing.working import work_off

SETTINGS = Settings(secret_key=SECRET, base_url="https://waypost.example")
EFFECTS = Effects(jobs=(import_job(lambda _names, _tenant: (CalledFormat("tests", OUTLINE, Calls()),)),))
WORLD: Tree = {"talk": {"listen": {}, "speak": {}}, "make": {"draw": {}, "build": {"wood": {}, "metal": {}}}}


async def nationally(admin_url: str, *packages: Package) -> None:
    """Frameworks of the whole country, as an operator imports them."""
    async with owner(admin_url) as connection:
        for each in packages:
            assert isinstance(await write_package(country(connection), each, "tests"), Imported)


async def two_frameworks(admin_url: str) -> None:
    """Two frameworks of the country with a crosswalk between them."""
    walk = (
        linked("world/listen", "exactMatchOf", "other/hearing"),
        linked("other/talking", "isRelatedTo", "world/speak"),
        linked("world/draw", "isPeerOf", "world/build"),
        linked("world/wood", "exactMatchOf", "elsewhere/timber"),
    )
    await nationally(admin_url, package("other", {"hearing": {}, "talking": {}}), package("world", WORLD, *walk))


def gid(name: str, kind: str = "FrameworkItem") -> str:
    return f"{kind}.{id_of(name).hex}"


async def sent(stage: Stage, content: bytes, who: str = "brighton curator") -> str:
    """A framework's file that was announced and sent; answers its id."""
    input = {"purpose": "framework", "size": len(content), "mediaType": "application/json"}
    made = await stage.done("createUpload", input, "upload", who=who)
    named = named_by(made["upload"])
    async with stage.database.transaction(City(named.tenant)):
        upload = await read_upload(named.tenant, named.row, stage.who[who].person, stage.build.world.now)
    assert upload is not None
    assert await receive(stage.database, named.tenant, upload, pieces(content))
    return str(made["upload"])


async def imported(stage: Stage, settings: Settings = SETTINGS, **input: str) -> dict[str, Any]:
    """An import that was begun and carried out; answers its job."""
    begun = await stage.done("importFramework", input, "job { id }")
    await work_off(stage.database, settings, effects=EFFECTS)
    return await job_of(stage, begun["job"]["id"])

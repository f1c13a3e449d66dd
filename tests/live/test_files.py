"""What the tenants' files change is told like everything else. Applying them closes the other cities of the stage."""

from __future__ import annotations

from pathlib import Path

from tests.live.stage import Process, Stage, socket
from tests.tenancy.country import CLUB, WORKSHOP, World


async def test_what_files_say_arrives_and_what_they_leave_out_is_gone(
    process: Process, stage: Stage, tmp_path: Path
) -> None:
    files = World(tmp_path, stage.database)
    files.city("bristol", catalogue=CLUB + WORKSHOP.format(slug="lab"))
    async with socket(process, "/graphql") as client:
        await client.subscribe()
        await process.listening(1)
        await files.apply()
        assert await client.title() == "lab"
        await files.apply()
        files.edit("bristol/catalogue/all.toml", 'title = "lab"', 'title = "Film Lab"')
        await files.apply()
        assert await client.title() == "Film Lab"
        files.city("bristol", catalogue=CLUB)
        await files.apply()
        assert await client.title() is None

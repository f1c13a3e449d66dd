"""`waypost demo`: seeded synthetic rows, for trying things at size."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click
import orjson

from waypost.cli.faults import Refused
from waypost.cli.ground import Ground, ground
from waypost.cli.progress import towards
from waypost.cli.serving import run
from waypost.settings import Settings

if TYPE_CHECKING:
    from waypost.demo import Loaded


@click.group()
def demo() -> None:
    """Synthetic rows, for trying things at size."""


@demo.command()
@click.option("--scale", type=click.IntRange(1), required=True, help="How many opportunities, over all cities.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes other rows.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: what was loaded, and where.")
def load(scale: int, seed: int, as_json: bool) -> None:
    """Spread made-up opportunities over all open cities, with places, issuers and badges to match.

    The same seed and scale make the same rows; what another load made is replaced.
    """
    with ground(Settings.from_environment()) as here:
        loaded = run(lambda: _load(here, scale, seed))
    if as_json:
        click.echo(orjson.dumps(asdict(loaded)).decode())
        return
    kept = f" ({', '.join(loaded.kept)} had them already)" if loaded.kept else ""
    click.echo(f"{loaded.opportunities} opportunities in {', '.join(loaded.tenants)}{kept}.")


async def _load(here: Ground, scale: int, seed: int) -> Loaded:
    from waypost.demo import load as load_rows
    from waypost.refusal import Refusal

    async with here.database() as database:
        with towards(scale, "Opportunities") as progress:
            loaded = await load_rows(database, scale, seed=seed, progress=progress)
    if isinstance(loaded, Refusal):
        raise Refused(loaded.message)
    await here.analyze()
    return loaded

"""A network with an account at a platform, two of its cities and one that is not, and the words to tell of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.connectors.fake_credly import TOKEN
from tests.earning import earn
from tests.graph.world import Builder, World
from tests.journeys.stage import SECRET, Platform, Stage, named_by
from tests.rooms import badge_words
from tests.waiting import PATIENCE_S
from waypost import composition
from waypost.connectors.accounts import open_account
from waypost.connectors.hints import hints_for
from waypost.connectors.reconciling import reconcile_all
from waypost.connectors.registry import Connectors, Opened
from waypost.db import City, Database, Learner, System, execute, fetch, fetchval, new_id
from waypost.graph import Asker, GlobalId, parse_id
from waypost.outbox.connecting import Connector, Hinted
from waypost.outbox.work import Work
from waypost.outbox.worker import Worker
from waypost.plugins import Installed, Plugin, Plugins, RoutesRegistrar, State, manifest_of
from waypost.plugins.registrars import REGISTRARS, ConnectorRegistrar
from waypost.plugins.secrets import set_secret
from waypost.settings import Settings
from waypost.tenancy import load_directory

CITIES = ("brighton", "plymouth")
OWNER = "youth-network"
PLUGIN_SQL = """
INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET active = excluded.active
"""
ADDRESS_SQL = "INSERT INTO person_address (person_id, id, address) VALUES ($1, $2, $3)"


def plugins_with(connector: Connector) -> Plugins:
    """The plugin `credly` with this connector, as if it had been loaded."""
    manifest = manifest_of("waypost_credly")
    registered = {kind: kind(manifest.name, manifest.prefix) for kind in REGISTRARS}
    plugin = Plugin(manifest, registered, "waypost_credly")
    plugin.by(ConnectorRegistrar).connectors.append(connector)
    if isinstance(connector, Hinted):
        plugin.by(RoutesRegistrar).hook = hints_for(connector)
    return Plugins([Installed(manifest.name, "waypost-credly", "0.1.0", State.READY, "", manifest, plugin)])


@dataclass
class Equipped(Platform):
    """A platform with plugins."""

    plugins: Plugins = field(default_factory=lambda: Plugins(()))


@dataclass
class Issuing(Stage):
    """The stage. `earners` are people, by name, with the address at which everybody knows them."""

    plugins: Plugins = field(default_factory=lambda: Plugins(()))
    allowed: tuple[str, ...] = ()
    smtp_url: str | None = None
    later: timedelta = timedelta()  # how far the clock was put on
    _worker: Worker | None = None

    @classmethod
    async def founded(cls, database: Database) -> tuple[World, dict[str, Asker]]:
        """Found the country in a database that the stories copy; answers what is in it."""
        build = Builder(database)
        await build.town(OWNER, "Youth Network", "network")
        for slug in CITIES:
            await build.town(slug, slug.title(), groups=(OWNER,))
        await build.town("bude", "Bude")
        for town in build.world.towns.values():
            made = await build.issuer(town, "youth-club", "Youth Club", roles=("issues",))
            await build.issuer(town, "college", "College", roles=("issues",))
            for slug in ("film-maker", "explorer"):
                await build.badge(town, badge_words(made.id, slug))
        stage = cls(database, None, None, None, build)  # type: ignore[arg-type]  # nobody asks anything yet
        for slug in build.world.towns:
            await stage.admit(f"{slug} admin", slug, "city-admin")
            await stage.admit(f"{slug} curator", slug, "curator")
            await stage.admit(f"{slug} club", slug, "issuer-admin", issuer="youth-club")
            await stage.admit(f"{slug} staff", slug, "issuer-staff", issuer="youth-club")
        async with database.transaction(System("tests", shared=True)):
            await execute(PLUGIN_SQL, stage.town(OWNER).id, "credly", True)
        await stage.secret(TOKEN)
        return build.world, stage.who

    @classmethod
    async def copied(
        cls, database: Database, scene: tuple[World, dict[str, Asker]], connector: Connector, allowed: tuple[str, ...]
    ) -> Issuing:
        """The country in a database of the story's own, with this connector."""
        world, who = deepcopy(scene)
        plugins = plugins_with(connector)
        platform = Equipped(await load_directory(database), database, plugins=plugins)
        engine = composition.engine(database, plugins)
        schema = composition.schema_of(plugins, plugins.national)
        return cls(database, engine, schema, platform, Builder(database, world), who, plugins, allowed)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    @property
    def work(self) -> Work:
        settings = Settings(
            secret_key=SECRET,
            base_url="https://waypost.example",
            smtp_url=self.smtp_url,
            allow_private_targets=self.allowed,
        )
        return Work(self.database, settings, clock=lambda: self.now)

    async def switch(self, *, on: bool, town: str = OWNER) -> None:
        async with self.database.transaction(System("tests", shared=True)):
            await execute(PLUGIN_SQL, self.town(town).id, "credly", on)
        await self.reload()

    async def secret(self, value: str, name: str = "credly-live", town: str = OWNER) -> None:
        tenant = self.town(town).id
        async with self.database.transaction(City(tenant)):
            await set_secret(tenant, name, value, secret_key=SECRET, now=self.now)

    async def account(self, connector: str = "credly", town: str = OWNER, **settings: str) -> str:
        """Keep an account; answers its id."""
        pairs = [{"name": name, "value": value} for name, value in settings.items()]
        given = {"connector": connector, "name": "The network's", "settings": pairs}
        done = await self.done("createIssuingAccount", given, "account { id }", city=town, who=f"{town} admin")
        return str(done["account"]["id"])

    async def changed(self, account: str, **said: Any) -> dict[str, Any]:
        """Ask for a change of the network's account, with `settings` as a mapping; answers what comes of it."""
        if "settings" in said:
            said["settings"] = [{"name": name, "value": value} for name, value in said["settings"].items()]
        given, shown = {"account": account, **said}, "account { id name state }"
        return await self.act("updateIssuingAccount", given, shown, city=OWNER, who=f"{OWNER} admin")

    async def opened(self, account: str) -> Opened:
        """The network's account, as it can be used now."""
        found = await open_account(self.work, Connectors.of(self.plugins), self.town(OWNER).id, row_id(account))
        assert found is not None
        return found

    async def share(self, account: str, town: str, issuer: str = "youth-club") -> str:
        """Let a city's issuer use it; answers the grant there."""
        given = {"account": account, "issuer": self.id("Issuer", town, issuer)}
        done = await self.done("shareIssuingAccount", given, "share { id }", city=OWNER, who=f"{OWNER} admin")
        await self.works_off()
        named = named_by(done["share"]["id"])
        return str(GlobalId("IssuingGrant", self.town(town).id, named.row))

    async def link(self, town: str, badge: str, grant: str, template: str | None = None) -> dict[str, Any]:
        """Link a badge, and wait until its template is found."""
        given = {"badge": self.id("Badge", town, badge), "grant": grant, "template": template}
        done = await self.done("linkBadgeTemplate", given, "link { id }", city=town, who=f"{town} club")
        await self.works_off()
        links = "{ issuingLinks { nodes { id state templateId templateName problem } } }"
        found = (await self.read(links, town, f"{town} club"))["issuingLinks"]["nodes"]
        return next(each for each in found if each["id"] == done["link"]["id"])

    async def earner(self, name: str, town: str = "brighton") -> Asker:
        """Somebody who has signed in."""
        await self.admit(name, town, "learner")
        person = self.who[name].person
        assert person is not None
        async with self.database.transaction(Learner(person)):
            await execute(ADDRESS_SQL, person, new_id(), f"{name.replace(' ', '.')}@example.org")
        return self.who[name]

    async def earns(self, name: str, town: str, badge: str, *, accepted: bool = True, **words: Any) -> UUID:
        """Award a badge to an earner, who accepts it; answers the award."""
        person, made = self.who[name].person, self.build.world.find("Badge", town, badge)
        assert person is not None
        here = self.town(town).here
        award = await earn(self.database, here, made.id, person, self.now, accepted=accepted, **words)
        await self.works_off()
        return award

    async def records(self, name: str, town: str = "brighton") -> list[dict[str, Any]]:
        """What an earner sees of their awards at platforms, the oldest first."""
        shown = "id platform state externalId url problem owner { slug } award { id state }"
        found = await self.read(f"{{ viewer {{ issuing {{ nodes {{ {shown} }} }} }} }}", town, name)
        return list(reversed(found["viewer"]["issuing"]["nodes"]))

    async def agrees(self, name: str, town: str = "brighton", *, work: bool = True) -> str:
        """Let an earner agree to what their first record asks; answers the consent."""
        record = (await self.records(name, town))[0]["id"]
        shown = "consent { id platform givenAt withdrawnAt }"
        done = await self.done("agreeToIssuing", {"record": record}, shown, city=town, who=name)
        if work:
            await self.works_off()
        return str(done["consent"]["id"])

    async def works_off(self, *, patient: bool = True) -> list[Exception]:
        """Do in the background what is due, also what was put off (but for what waits for an hour or more).

        Answers what failed on the way.
        """
        worker = Worker(self.work, composition.effects(self.plugins), at_once=1)
        for _ in range(100):
            if not await worker.relay_all() + await worker.run_due() and not (patient and await self.hurry()):
                return worker.doing.errors
        raise AssertionError("the work does not end")

    async def hurry(self) -> bool:
        """Let what is put off for some minutes be due now."""
        async with self.database.transaction(System("tests")):
            hurried = await fetch(
                "UPDATE work SET due_at = now() WHERE state <> 'dead' AND due_at > now() "
                "AND due_at < now() + interval '14 minutes' AND kind LIKE 'issuing.%' RETURNING id"
            )
        return bool(hurried)

    async def waiting(self, count: int) -> None:
        """Wait until so many transactions wait for rows that others hold."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with self.database.transaction(System("tests")):
                    if await fetchval("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted") >= count:
                        return
                await asyncio.sleep(0.01)

    async def reconciles(self, *, later: timedelta = timedelta(hours=7)) -> None:
        """Put the clock on, and let everything be compared."""
        self.later += later
        await reconcile_all(self.work)
        await self.works_off()

    async def drifts(self) -> list[dict[str, Any]]:
        shown = "{ issuingDrifts { nodes { id kind externalId difference state } } }"
        found = await self.read(shown, OWNER, f"{OWNER} admin")
        return list(reversed(found["issuingDrifts"]["nodes"]))

    async def the_account(self) -> dict[str, Any]:
        shown = """{ issuingAccounts { nodes { id state problem elsewhere checkedAt reconciledAt
            templates { templateId name state duplicates issued accepted revoked } } } }"""
        found = await self.read(shown, OWNER, f"{OWNER} admin")
        account: dict[str, Any] = found["issuingAccounts"]["nodes"][0]
        return account

    async def entries(self) -> list[Mapping[str, Any]]:
        """The owner's ledger."""
        async with self.database.transaction(City(self.town(OWNER).id)):
            return [dict(row) for row in await fetch("SELECT * FROM issuing_entry ORDER BY created_at, id")]


def row_id(id: str) -> UUID:
    found = parse_id(id)
    assert found is not None
    return found.row

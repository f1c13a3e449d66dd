"""Credly's connector and that of a made-up platform keep the same contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.connectors import rosette
from tests.connectors.fake_credly import ORGANISATION, TOKEN, FakeCredly, credly_running
from tests.connectors.fake_rosette import KEY, FakeRosette, rosette_running
from tests.connectors.http_server import BROKEN, THROTTLED, UNAUTHORISED, UNAVAILABLE, Fault, Server
from waypost.connectors.contract import ConnectorContract, Stage
from waypost.outbox.connecting import Access, Connector
from waypost.outgoing import Outgoing
from waypost.plugins.registrars import ConnectorRegistrar
from waypost_credly.connector import Credly

NOW = datetime(2027, 1, 4, 10, tzinfo=UTC)
FAULTS = {"throttled": THROTTLED, "unavailable": UNAVAILABLE, "unauthorised": UNAUTHORISED, "broken": BROKEN}


def told_to_fail(server: Server, how: str) -> None:
    server.faults[:] = [Fault(lost=True) if how == "lost" else Fault(FAULTS[how])]


@dataclass
class CredlyStage:
    fake: FakeCredly
    connector: Connector
    access: Access
    once: str
    often: str
    archived: str

    def fail(self, how: str) -> None:
        told_to_fail(self.fake.server, how)

    def decide(self, id: str, state: str) -> None:
        self.fake.decide(id, state)

    def count(self, template: str) -> int:
        return len(self.fake.of(template))


class TestCredly(ConnectorContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[Stage]:
        async with credly_running(per=2) as fake:
            connector = Credly(sandbox=fake.url)
            settings = {"organisation": ORGANISATION, "token": "credly-live", "sandbox": True, "letters": False}
            access = Access(settings, {"token": TOKEN}, Outgoing(fake.server.allowed), NOW)
            often = fake.template("Often", duplicates=True)
            yield CredlyStage(
                fake, connector, access, fake.template("Once"), often, fake.template("Old", state="archived")
            )


@dataclass
class RosetteStage:
    fake: FakeRosette
    connector: Connector
    access: Access
    once: str
    often: str
    archived: str

    def fail(self, how: str) -> None:
        told_to_fail(self.fake.server, how)

    def decide(self, id: str, state: str) -> None:
        said = {str(there): here for here, there in rosette.STATES.items()}
        self.fake.awards[id]["status"] = said[state]

    def count(self, template: str) -> int:
        return sum(each["series"] == template for each in self.fake.awards.values())


class TestRosette(ConnectorContract):
    @pytest.fixture
    async def stage(self) -> AsyncIterator[Stage]:
        async with rosette_running() as fake:
            access = Access({"club": "7", "key": "rosette"}, {"key": KEY}, Outgoing(fake.server.allowed), NOW)
            often = fake.add("Often", repeatable=True)
            old = fake.add("Old", retired=True)
            yield RosetteStage(fake, rosette.Rosette(fake.server.url), access, fake.add("Once"), often, old)


def test_a_connector_is_short() -> None:
    lines = Path(rosette.__file__).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150


def test_a_connector_says_rightly_which_settings_are_no_place() -> None:
    """What an account is called there is one; else it could be moved where something was given."""

    def faults(**marks: object) -> list[str]:
        properties = rosette.SETTINGS["properties"]
        marked = {
            name: {**inner, **({"place": marks[name]} if name in marks else {})} for name, inner in properties.items()
        }
        registrar = ConnectorRegistrar("rosette", "rosette")
        registrar.connector(rosette.Rosette("", settings={**rosette.SETTINGS, "properties": marked}))
        return registrar.faults

    assert faults() == faults(club=True) == faults(key=False) == []
    assert faults(club="no") == ["the connector rosette: settings.club.place must be true or false"]
    (fault,) = faults(club=False)
    assert "is its identity" in fault

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


async def _short(access: object) -> None: ...


def _still(access: object, id: str) -> None: ...


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("issue", _short, "issue of the connector credly is called with (access, order) and takes (access)"),
        ("templates", _short, "templates of the connector credly is called with (access, after) and takes (access)"),
        ("read", _still, "read of the connector credly must be an async function"),
        ("analytics", 7, "analytics of the connector credly is a int, and must be a function: name it, do not call it"),
        ("hint", _still, "hint of the connector credly is called with (body) and takes (access, id)"),
        ("hinted", _short, "hinted of the connector credly is called with (access, hint) and takes (access)"),
    ],
)
def test_the_operations_of_a_connector_are_those_of_the_protocol(name: str, value: object, words: str) -> None:
    connector = Credly()
    object.__setattr__(connector, name, value)
    registrar = ConnectorRegistrar("credly", "credly")
    registrar.connector(connector)
    assert registrar.faults == [words]


def test_a_connector_is_no_class() -> None:
    registrar = ConnectorRegistrar("credly", "credly")
    registrar.connector(Credly)  # type: ignore[arg-type]  # as a plugin may
    assert registrar.faults == ["a connector is an instance, and this is the class: hand over Credly(…)"]

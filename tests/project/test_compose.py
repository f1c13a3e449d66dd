"""The production shape calls what exists, by the names that exist, and keeps powers apart."""

from __future__ import annotations

import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.project import commands
from tests.project.documents import ROOT, codes, rows
from waypost.settings import Settings

Service = dict[str, Any]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Service]:
    found: dict[str, Service] = compose["services"]
    return found


@pytest.fixture(scope="module")
def ours(services: dict[str, Service]) -> dict[str, Service]:
    """The services that run the `waypost` command."""
    return {name: service for name, service in services.items() if str(service["image"]).startswith("waypost:")}


def documented_variables() -> set[str]:
    return {name for row in rows(ROOT / "docs" / "operators.md", "environment") for name in codes(row[0])}


def test_every_service_calls_a_command_that_exists(ours: dict[str, Service]) -> None:
    assert {name: service["command"][0] for name, service in ours.items()} == {
        "migrate": "migrate",
        "app": "serve",
        "worker": "worker",
    }
    for service in ours.values():
        commands.parse(service["command"])
    # One plugin does not keep the platform from starting.
    assert "--leave-plugins" in ours["migrate"]["command"]


def test_every_variable_of_ours_is_a_documented_one(ours: dict[str, Service]) -> None:
    for name, service in ours.items():
        for variable in service["environment"]:
            assert variable.removesuffix("_FILE") in documented_variables(), f"{name}: {variable}"


def test_every_secret_comes_from_a_file_and_reaches_the_service_that_reads_it(
    compose: dict[str, Any], services: dict[str, Service]
) -> None:
    for name, service in services.items():
        mounted = set(service.get("secrets", []))
        read = {
            str(value).removeprefix("/run/secrets/")
            for variable, value in service.get("environment", {}).items()
            if variable.endswith("_FILE")
        }
        assert mounted == read, name
        assert mounted <= set(compose["secrets"]), name
    for secret in compose["secrets"].values():
        assert set(secret) == {"file"}


def test_no_value_of_the_environment_holds_a_secret(services: dict[str, Service]) -> None:
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            secret = any(word in variable for word in ("PASSWORD", "SECRET", "DATABASE_URL", "ADMIN_URL"))
            assert not secret or variable.endswith("_FILE"), f"{name}: {variable}={value}"


def test_only_the_migration_holds_the_power_of_the_administrator(services: dict[str, Service]) -> None:
    holders = {name for name, service in services.items() if "database_admin_url" in service.get("secrets", [])}
    assert holders == {"migrate"}


def test_the_application_waits_for_the_migration_and_the_migration_for_the_database(
    services: dict[str, Service],
) -> None:
    assert services["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["app"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert services["proxy"]["depends_on"] == {"app": {"condition": "service_healthy"}}


def test_whatever_keeps_running_says_how_it_is(services: dict[str, Service]) -> None:
    for name, service in services.items():
        if service.get("restart"):
            assert "healthcheck" in service, name
    assert "/readyz" in str(services["app"]["healthcheck"])


def test_our_containers_can_change_nothing_but_their_temporary_files(ours: dict[str, Service]) -> None:
    for service in ours.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert all(str(volume).endswith(":ro") for volume in service["volumes"])


def test_only_the_proxy_is_open_to_the_world(compose: dict[str, Any], services: dict[str, Service]) -> None:
    assert {name for name, service in services.items() if "ports" in service} == {"proxy"}
    assert compose["networks"]["inside"] == {"internal": True}
    assert services["postgres"]["networks"] == ["inside"]


def test_the_application_believes_the_forwarded_headers_of_the_proxys_network_only(
    compose: dict[str, Any], services: dict[str, Service]
) -> None:
    subnet = compose["networks"]["outside"]["ipam"]["config"][0]["subnet"]
    assert services["app"]["environment"]["WAYPOST_TRUSTED_PROXIES"] == subnet
    assert services["proxy"]["networks"] == ["outside"]


def test_whoever_watches_reaches_the_workers_figures_and_the_world_does_not(services: dict[str, Service]) -> None:
    worker = services["worker"]
    address = worker["command"][worker["command"].index("--metrics") + 1]
    assert address == "0.0.0.0:9100", "of the container; no other port leads there"
    assert "ports" not in worker
    assert worker["healthcheck"]["test"][-1].count("http://127.0.0.1:9100/metrics") == 1


def test_the_readme_tells_who_reads_which_secret(services: dict[str, Service]) -> None:
    text = (ROOT / "docker" / "README.md").read_text(encoding="utf-8")
    told = {}
    for row in re.findall(r"^ *\| `(\w+)` \| (.*) \|$", text, re.MULTILINE):
        told[row[0]] = {name for name in codes(row[1]) if name in services}
    for secret in ("database_admin_url", "database_url", "secret_key"):
        readers = {name for name, service in services.items() if secret in service.get("secrets", [])}
        assert told[secret] == readers, secret
    for name in services:
        assert f"`{name}`" in text, name


def test_a_providers_secret_reaches_the_application_as_the_readme_says(
    services: dict[str, Service], tmp_path: Path
) -> None:
    text = (ROOT / "docker" / "README.md").read_text(encoding="utf-8")
    added = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    (service,) = added["services"]
    assert services[service]["command"][0] == "serve"
    ((variable, path),) = added["services"][service]["environment"].items()
    (secret,) = added["services"][service]["secrets"]
    assert path == f"/run/secrets/{secret}"
    assert added["secrets"] == {secret: {"file": f"./docker/secrets/{secret}"}}
    (tmp_path / secret).write_text("a secret of a provider\n", encoding="utf-8")
    settings = Settings.from_environment({variable: str(tmp_path / secret)})
    assert settings.oidc_secrets == {variable.removesuffix("_FILE"): "a secret of a provider"}


def test_the_database_is_the_one_that_the_documents_promise(services: dict[str, Service]) -> None:
    assert services["postgres"]["image"] == "postgres:18"
    # Since 18 the image refuses a volume at the folder of the data itself.
    assert services["postgres"]["volumes"] == ["database:/var/lib/postgresql"]


def test_the_image_runs_as_nobody_in_particular() -> None:
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    users = [line for line in dockerfile if line.startswith("USER ")]
    assert users == ["USER 10001:10001"]


def test_the_image_copies_only_what_its_context_holds() -> None:
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    for line in (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert source in allowed
                assert (ROOT / source).exists()


def test_secrets_are_made_once_and_fit_together(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make = ["sh", str(ROOT / "docker" / "secrets.sh"), str(folder)]
    subprocess.run(make, check=True, capture_output=True)
    first = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    subprocess.run(make, check=True, capture_output=True)
    assert first == {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}

    compose: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    wanted = {Path(secret["file"]).name for secret in compose["secrets"].values()}
    assert wanted <= set(first)
    assert first["app_password"] in first["database_url"]
    assert first["postgres_password"] in first["database_admin_url"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(set(first.values())) == len(first)


def test_secrets_are_never_committed() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/docker/secrets/" in ignored

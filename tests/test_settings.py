from __future__ import annotations

import logging
from pathlib import Path

import pytest

from waypost.settings import Settings, SettingsFault


def read(**environment: str) -> Settings:
    return Settings.from_environment(environment)


def test_nothing_needs_to_be_set() -> None:
    settings = read()
    assert settings == Settings()
    assert settings.embedded
    assert settings.data_dir == Path(".waypost")
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.plugins is None


def test_every_variable_is_read() -> None:
    settings = read(
        WAYPOST_DATABASE_URL="postgresql://app@db/waypost",
        WAYPOST_DATABASE_ADMIN_URL="postgres://admin@db/waypost",
        WAYPOST_DATA_DIR="/srv/data",
        WAYPOST_TENANTS_DIR="/srv/tenants",
        WAYPOST_BASE_URL="https://waypost.example.org/",
        WAYPOST_SECRET_KEY="0123456789abcdef",
        WAYPOST_PLUGINS="site, skills_builder",
        WAYPOST_LOG="json",
        WAYPOST_SMTP_URL="smtps://mail.example.org",
        WAYPOST_TRUSTED_PROXIES="10.0.0.0/8 192.0.2.1",
        WAYPOST_ALLOW_PRIVATE_TARGETS="localhost:8025,[::1]:80",
    )
    assert settings == Settings(
        database_url="postgresql://app@db/waypost",
        admin_url="postgres://admin@db/waypost",
        data_dir=Path("/srv/data"),
        tenants_dir=Path("/srv/tenants"),
        base_url="https://waypost.example.org",
        secret_key="0123456789abcdef",
        plugins=("site", "skills_builder"),
        log="json",
        smtp_url="smtps://mail.example.org",
        trusted_proxies=("10.0.0.0/8", "192.0.2.1"),
        allow_private_targets=("localhost:8025", "[::1]:80"),
    )
    assert not settings.embedded


def test_a_variable_can_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://app:secret@db/waypost\n")
    settings = read(WAYPOST_DATABASE_URL_FILE=f"{tmp_path}/url", WAYPOST_SECRET_KEY="")
    assert settings.database_url == "postgresql://app:secret@db/waypost"
    assert settings.secret_key is None


def test_an_empty_allow_list_allows_nothing() -> None:
    assert read(WAYPOST_PLUGINS="").plugins == ()


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SettingsFault) as refusal:
        read(
            WAYPOST_DATABASE_URL="mysql://db",
            WAYPOST_BASE_URL="https://waypost.example.org/path",
            WAYPOST_SECRET_KEY="short",
            WAYPOST_LOG="xml",
            WAYPOST_SMTP_URL="http://[",
            WAYPOST_TRUSTED_PROXIES="proxy",
            WAYPOST_ALLOW_PRIVATE_TARGETS="localhost",
            WAYPOST_DATA_DIR="x",
            WAYPOST_DATA_DIR_FILE="y",
            WAYPOST_PLUGINS_FILE="/nowhere",
        )
    lines = str(refusal.value).splitlines()
    assert [line.split(":")[0].split()[0] for line in lines] == [
        "WAYPOST_DATABASE_URL",
        "WAYPOST_DATA_DIR",
        "WAYPOST_BASE_URL",
        "WAYPOST_SECRET_KEY",
        "WAYPOST_PLUGINS_FILE",
        "WAYPOST_LOG",
        "WAYPOST_SMTP_URL",
        "WAYPOST_TRUSTED_PROXIES",
        "WAYPOST_ALLOW_PRIVATE_TARGETS",
    ]


def test_secrets_are_not_shown() -> None:
    settings = read(WAYPOST_DATABASE_URL="postgresql://app:hidden@db/x", WAYPOST_SECRET_KEY="hidden hidden hidden")
    assert "hidden" not in repr(settings)


def test_a_secret_key_is_made_once_and_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with caplog.at_level(logging.WARNING):
        made = settings.load_secret_key()
    assert "WAYPOST_SECRET_KEY is not set" in caplog.text
    assert made not in caplog.text
    assert len(made) >= 32
    assert settings.load_secret_key() == made
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert Settings(data_dir=tmp_path, secret_key="given").load_secret_key() == "given"


def test_half_a_secret_key_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(SettingsFault, match="no whole secret key"):
        Settings(data_dir=tmp_path).load_secret_key()


def test_a_secret_key_that_cannot_be_kept_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsFault, match="none can be kept"):
        Settings(data_dir=tmp_path / "file").load_secret_key()

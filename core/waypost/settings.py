"""What an operator decides, read from the environment once."""

from __future__ import annotations

import logging
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self, cast
from urllib.parse import urlsplit

log = logging.getLogger(__name__)

LOCAL_BASE_URL = "http://127.0.0.1:8000"
SECRET_KEY_BYTES = 16  # fewer could be guessed
GRAPH_POINTS = 1_000_000  # a second
CLIENT_SHARE = 0.1
FRAMEWORK_BYTES = 50_000_000


class SettingsFault(Exception):
    """Something in the environment cannot be meant; the message names every such variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process. `Settings.from_environment()` reads and checks them.

    `database_url` None means the embedded PostgreSQL in `data_dir`; `admin_url`
    is the login that may migrate, where it is another; `plugins` None means all that are installed;
    `graph_points` are what the process gives out a second (0 = no limit), `client_share` what one client may have of
    that; `introspection` says who may ask graphs about their schema;
    `trusted_proxies` are addresses or networks; `allow_private_targets` are `host:port`; `oidc_secrets` are those that
    tenants name for their providers of sign-in; `framework_bytes` is the largest framework that is fetched.
    """

    database_url: str | None = field(default=None, repr=False)
    admin_url: str | None = field(default=None, repr=False)
    data_dir: Path = Path(".waypost")
    tenants_dir: Path = Path("tenants")
    base_url: str = LOCAL_BASE_URL
    secret_key: str | None = field(default=None, repr=False)
    plugins: tuple[str, ...] | None = None
    log: Literal["json", "text"] = "text"
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None
    operations_dir: Path = Path("schema/operations")
    graph_points: int = GRAPH_POINTS
    client_share: float = CLIENT_SHARE
    introspection: Literal["all", "signed-in", "none"] = "all"
    trusted_proxies: tuple[str, ...] = ()
    allow_private_targets: tuple[str, ...] = ()
    oidc_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    framework_bytes: int = FRAMEWORK_BYTES

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read `WAYPOST_…` variables, or the files that `WAYPOST_…_FILE` name.

        An empty value counts as absent, but for `WAYPOST_PLUGINS`, where it
        allows none. Raises `SettingsFault` with every fault at once.
        """
        reader = _Reader(os.environ if environment is None else environment)
        settings = cls(
            database_url=reader.postgresql("WAYPOST_DATABASE_URL"),
            admin_url=reader.postgresql("WAYPOST_DATABASE_ADMIN_URL"),
            data_dir=Path(reader.text("WAYPOST_DATA_DIR") or ".waypost"),
            tenants_dir=Path(reader.text("WAYPOST_TENANTS_DIR") or "tenants"),
            base_url=reader.base_url("WAYPOST_BASE_URL"),
            secret_key=reader.secret("WAYPOST_SECRET_KEY"),
            plugins=reader.allow_list("WAYPOST_PLUGINS"),
            log=reader.log("WAYPOST_LOG"),
            smtp_url=reader.url("WAYPOST_SMTP_URL", "smtp", "smtps"),
            mail_from=reader.mailbox("WAYPOST_MAIL_FROM"),
            operations_dir=Path(reader.text("WAYPOST_OPERATIONS_DIR") or "schema/operations"),
            graph_points=reader.points("WAYPOST_GRAPH_POINTS"),
            client_share=reader.share("WAYPOST_CLIENT_SHARE"),
            introspection=reader.introspection("WAYPOST_INTROSPECTION"),
            trusted_proxies=reader.networks("WAYPOST_TRUSTED_PROXIES"),
            allow_private_targets=reader.targets("WAYPOST_ALLOW_PRIVATE_TARGETS"),
            oidc_secrets=reader.secrets("WAYPOST_OIDC_"),
            framework_bytes=reader.size("WAYPOST_FRAMEWORK_BYTES", FRAMEWORK_BYTES),
        )
        if reader.faults:
            raise SettingsFault("\n".join(reader.faults))
        return settings

    @property
    def embedded(self) -> bool:
        """Whether the platform runs on its own PostgreSQL in the data directory."""
        return self.database_url is None

    def load_secret_key(self) -> str:
        """Give the secret key; where none was set, the one kept in the data directory, made at first.

        Raises `SettingsFault` when it can be neither read nor kept.
        """
        return self.secret_key or _kept_key(self.data_dir / "secret_key")


def _kept_key(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _whole(path.read_text(encoding="ascii").strip(), path)
        made = secrets.token_urlsafe(32)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(made + "\n")
    except OSError as error:
        raise SettingsFault(f"no WAYPOST_SECRET_KEY is set and none can be kept in {path}: {error.strerror}") from error
    log.warning("WAYPOST_SECRET_KEY is not set: a key was made and is kept in %s", path)
    return made


def _whole(key: str, path: Path) -> str:
    if len(key) < SECRET_KEY_BYTES:
        raise SettingsFault(f"{path} holds no whole secret key: remove it, or set WAYPOST_SECRET_KEY")
    return key


class _Reader:
    """Reads variables of one environment and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[str] = []

    def given(self, name: str) -> str | None:
        """The variable's value, or the text of the file that `<name>_FILE` names; None without either."""
        value, file = self._environment.get(name), self._environment.get(f"{name}_FILE")
        if not file:
            return value
        if value:
            self.faults.append(f"{name} and {name}_FILE are both set; one is enough")
            return value
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.faults.append(f"{name}_FILE: {file} cannot be read: {error}")
            return None

    def text(self, name: str) -> str | None:
        return (self.given(name) or "").strip() or None

    def words(self, name: str) -> tuple[str, ...]:
        return tuple((self.text(name) or "").replace(",", " ").split())

    def allow_list(self, name: str) -> tuple[str, ...] | None:
        return None if self.given(name) is None else self.words(name)

    def url(self, name: str, *schemes: str) -> str | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            # The value itself may hold a password and is not repeated.
            if urlsplit(value).scheme not in schemes:
                self.faults.append(f"{name} does not begin with {' or '.join(f'{s}://' for s in schemes)}")
        except ValueError as error:
            self.faults.append(f"{name} is no URL: {error}")
            return None
        return value

    def postgresql(self, name: str) -> str | None:
        return self.url(name, "postgresql", "postgres")

    def base_url(self, name: str) -> str:
        value = self.url(name, "https", "http")
        if value is None:
            return LOCAL_BASE_URL
        parts = urlsplit(value)
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            self.faults.append(f"{name}: {value} is not a scheme and a host alone, like https://waypost.example.org")
        return value.rstrip("/")

    def mailbox(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and not re.fullmatch(r"[^\s@<>,;:]+@[^\s@<>,;:]+", value):
            self.faults.append(f"{name} is no address alone, like no-reply@waypost.example.org")
        return value

    def secret(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and len(value.encode()) < SECRET_KEY_BYTES:
            self.faults.append(f"{name} is shorter than {SECRET_KEY_BYTES} characters")
        return value

    def secrets(self, prefix: str) -> dict[str, str]:
        """All variables of that prefix, given or in files."""
        names = {name.removesuffix("_FILE") for name in self._environment if name.startswith(prefix)}
        return {name: value for name in sorted(names) if (value := self.text(name))}

    def log(self, name: str) -> Literal["json", "text"]:
        return cast("Literal['json', 'text']", self.one_of(name, "text", "json"))

    def introspection(self, name: str) -> Literal["all", "signed-in", "none"]:
        return cast("Literal['all', 'signed-in', 'none']", self.one_of(name, "all", "signed-in", "none"))

    def one_of(self, name: str, *words: str) -> str:
        """One of several words, the first where none is given."""
        value = self.text(name) or words[0]
        if value not in words:
            self.faults.append(f"{name}: {value!r} is none of {', '.join(words)}")
        return value

    def points(self, name: str) -> int:
        value = self.text(name)
        if value is None:
            return GRAPH_POINTS
        if not value.isdecimal():
            self.faults.append(f"{name}: {value!r} is no number of points a second, 0 or more")
            return 0
        return int(value)

    def size(self, name: str, usually: int) -> int:
        value = self.text(name)
        if value is not None and not (value.isdecimal() and int(value) > 0):
            self.faults.append(f"{name}: {value!r} is no number of bytes, such as {usually}")
            return usually
        return usually if value is None else int(value)

    def share(self, name: str) -> float:
        value = self.text(name)
        try:
            share = CLIENT_SHARE if value is None else float(value)
        except ValueError:
            share = -1.0
        if not 0 < share <= 1:
            self.faults.append(f"{name}: {value!r} is no share between 0 and 1, such as 0.1")
        return share

    def networks(self, name: str) -> tuple[str, ...]:
        words = self.words(name)
        for word in words:
            try:
                ip_network(word, strict=False)
            except ValueError:
                self.faults.append(f"{name}: {word!r} is neither an address nor a network like 10.0.0.0/8")
        return words

    def targets(self, name: str) -> tuple[str, ...]:
        words = self.words(name)
        for word in words:
            host, colon, port = word.rpartition(":")
            if not (host and colon and port.isdigit() and 0 < int(port) < 65536):
                self.faults.append(f"{name}: {word!r} is not host:port")
        return words

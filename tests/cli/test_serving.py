from __future__ import annotations

import json
import logging
import socket
from pathlib import Path

import pytest

from waypost.cli.faults import Refused
from waypost.cli.logs import JsonLines
from waypost.cli.serve import located
from waypost.cli.serving import bind
from waypost.settings import Settings


def test_a_port_in_use_is_named() -> None:
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=rf"port {port} of 127\.0\.0\.1 is in use .* --port"):
            bind("127.0.0.1", port)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(Refused, match=r"no address 192\.0\.2\.1"):
        bind("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "base"),
    [("127.0.0.1", "http://127.0.0.1:"), ("0.0.0.0", "http://127.0.0.1:"), ("::1", "http://[::1]:")],
)
def test_without_a_base_url_the_server_is_where_it_listens(host: str, base: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as bound:
        bound.bind((host, 0))
        assert located(Settings(), host, bound).base_url == f"{base}{bound.getsockname()[1]}"


def test_a_base_url_that_was_given_stays() -> None:
    settings = Settings(base_url="https://waypost.example.org")
    with bind("127.0.0.1", 0) as bound:
        assert located(settings, "127.0.0.1", bound) is settings


def test_a_line_of_the_log_is_one_json_object() -> None:
    error = ValueError("what\nhappened")
    exception = (type(error), error, None)
    record = logging.LogRecord("waypost", logging.ERROR, str(Path(__file__)), 1, "it %s", ("broke",), exception)
    line = JsonLines().format(record)
    assert "\n" not in line
    written = json.loads(line)
    assert written["level"] == "error"
    assert written["message"] == "it broke"
    assert written["exception"].endswith("ValueError: what\nhappened")

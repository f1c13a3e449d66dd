"""What the process says on stderr while it runs: for people, or one JSON object a line."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Final

import orjson

from waypost.tracing import ids, request_id

# What a line may say of what it is about: ids, never anything else.
IDS: Final = ("request", "tenant", "event", "work")
TEXT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """One JSON object a line, as log collectors read it: time, level, logger, message, ids, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: id for name, id in ids().items() if name in IDS}
        line |= {name: str(getattr(record, name)) for name in IDS if getattr(record, name, None)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


class TextLines(logging.Formatter):
    """Lines as people read them; a request's end with its id."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - as the base class spells it
        """Write one record's line, above its exception."""
        line, under = super().formatMessage(record), request_id()
        return f"{line} [{under}]" if under else line


def start_logging(form: str) -> None:
    """Send every logger's records to stderr; `form` is `json` or `text` (WAYPOST_LOG)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines(TEXT))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # Its start and stop are our own to tell; what it warns of stays.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)

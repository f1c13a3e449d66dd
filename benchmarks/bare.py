"""The ceiling: a bare ASGI application that reads each request and answers one body."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

Message = dict[str, Any]


@dataclass(frozen=True)
class Bare:
    """Answers everything alike."""

    body: bytes

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Read the request to its end and answer."""
        del scope
        while (await receive()).get("more_body"):
            pass
        length = str(len(self.body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def main(port: int, file: Path) -> None:
    """Serve the body in a file, with the settings of `waypost serve`."""
    options: dict[str, Any] = {"http": "httptools", "loop": "auto", "ws": "none", "lifespan": "off"}
    quiet: dict[str, Any] = {"log_config": None, "access_log": False, "server_header": False}
    uvicorn.run(Bare(file.read_bytes()), port=port, proxy_headers=False, **options, **quiet)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))

"""Sending an answer, with the few headers that all of them have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.types import Message, Scope, Send

# Pages load only from ourselves; what GraphiQL's style sheet carries as `data:` asks nobody either.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self' data:; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

PAGE_HEADERS: Final = {
    "Content-Security-Policy": PAGE_POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}

WITHOUT_BODY = (204, 304)


@dataclass(frozen=True)
class Reply:
    """An answer to be sent: status, body, media type (None without a body) and further headers."""

    status: int
    body: bytes = b""
    media: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def under(self, headers: Mapping[str, str]) -> Reply:
        """The same answer with further headers, where it has none of that name itself."""
        return Reply(self.status, self.body, self.media, {**headers, **self.headers})

    def start(self) -> Message:
        """The message that begins the answer, with the headers that all answers have."""
        headers = [(b"x-content-type-options", b"nosniff")]
        if self.status not in WITHOUT_BODY:
            headers.append((b"content-length", b"%d" % len(self.body)))
        if self.media is not None:
            headers.append((b"content-type", f"{self.media}; charset=utf-8".encode()))
        headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        return {"type": "http.response.start", "status": self.status, "headers": headers}


def page(html: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An HTML page that may load nothing from elsewhere."""
    return Reply(status, html.encode(), "text/html", {**PAGE_HEADERS, **(headers or {})})


def moved(location: str, headers: Mapping[str, str]) -> Reply:
    """A redirect that keeps method and body, for a name that something had once."""
    return Reply(308, headers={"Location": location, **headers})


async def send_reply(reply: Reply, scope: Scope, send: Send) -> None:
    """Send an answer whole; to HEAD without its body."""
    await send(reply.start())
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})

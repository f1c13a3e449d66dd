"""`/unsubscribe/{token}`: letters that somebody does not want any more, in one click (RFC 8058)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.types import Receive, Scope, Send

from waypost.http.faults import Code, Fault, method_not_allowed
from waypost.http.pages import message_page
from waypost.http.platform import Platform
from waypost.http.replies import send_reply
from waypost.outbox.mail import Unsubscribing

METHODS: Final = ("GET", "HEAD", "POST")
ASK: Final = """<h1>No more letters of this kind?</h1>
<form method="post"><button>Do not send them any more</button></form>"""
DONE: Final = """<h1>It is done</h1>
<p>No more letters of this kind will be sent to this address.</p>"""


@dataclass(frozen=True)
class Unsubscribe:
    """Shows a button to who looks, since mail programs look at links by themselves; does it for who posts."""

    platform: Platform

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request. The token in the address is all that is needed, so nobody has to sign in."""
        if scope["method"] not in METHODS:
            raise method_not_allowed(scope["method"], ", ".join(METHODS))
        key = self.platform.settings.load_secret_key()
        said = Unsubscribing.read(scope["path_params"]["token"], key)
        if said is None or self.platform.directory.by_id(said.tenant) is None:
            raise Fault(Code.NOT_FOUND, "This link was not made here, or it is not whole.")
        if scope["method"] == "POST":
            await said.hold(self.platform.database)
        content = DONE if scope["method"] == "POST" else ASK
        await send_reply(message_page("Letters", content, self.platform.assets), scope, send)

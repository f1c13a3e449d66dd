"""The cookies by which a browser is known, and when they count."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from waypost.access.attempts import KEPT
from waypost.access.sessions import LONGEST

LETTER_KEPT: Final = timedelta(hours=1)
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_LETTER: Final = re.compile(r"[A-Za-z0-9_.~%&=+-]{1,1000}")


@dataclass(frozen=True)
class Cookies:
    """The names of our cookies, and how they are set.

    Behind TLS they bear the prefix `__Host-`: no other host, and no page without TLS, can have set them.
    """

    scheme: str

    @classmethod
    def of(cls, base_url: str) -> Cookies:
        """Those of a platform at that address."""
        return cls(urlsplit(base_url).scheme)

    @property
    def session(self) -> str:
        """The cookie of somebody who signed in."""
        return self._name("waypost-session")

    @property
    def browser(self) -> str:
        """The cookie of a browser that asked to sign in."""
        return self._name("waypost-browser")

    @property
    def letter(self) -> str:
        """The cookie of a browser that has to sign in before it goes on with a letter."""
        return self._name("waypost-letter")

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.scheme == "https" else name

    def read(self, headers: Mapping[str, str], name: str) -> str | None:
        """The value of one of our cookies; None for one that we cannot have set, or that came twice."""
        return _found(headers, name, _SECRET)

    def read_letter(self, headers: Mapping[str, str]) -> dict[str, str]:
        """What the link of a letter said to this browser, while somebody signs in; it stands nowhere else."""
        return dict(parse_qsl(_found(headers, self.letter, _LETTER) or ""))

    def names_session(self, headers: Mapping[str, str]) -> bool:
        """Whether a request bears the cookie of a session, whatever it is worth."""
        return f"{self.session}=" in headers.get("cookie", "")

    def session_of(self, headers: Mapping[str, str], host: str) -> str | None:
        """The secret of the session that a request speaks for; None where it does not count.

        It counts for our own pages alone, so that no other page can make a browser act: see `is_ours`.
        """
        return self.read(headers, self.session) if self.is_ours(headers, host) else None

    def is_ours(self, headers: Mapping[str, str], host: str) -> bool:
        """Whether a request comes from a page of the same host, or from no page at all.

        Browsers say in `Origin` or `Sec-Fetch-Site` from where; a page cannot change what they say.
        """
        origin = headers.get("origin")
        if origin is not None:
            return origin.lower() == f"{self.scheme}://{host}"
        return headers.get("sec-fetch-site", "none") in {"same-origin", "none"}

    def set_session(self, secret: str) -> str:
        """`Set-Cookie` for a session."""
        return self._set(self.session, secret, int(LONGEST.total_seconds()))

    def set_browser(self, secret: str) -> str:
        """`Set-Cookie` for a browser that asks to sign in."""
        return self._set(self.browser, secret, int(KEPT.total_seconds()))

    def set_letter(self, said: Mapping[str, str]) -> str:
        """`Set-Cookie` for what the link of a letter says."""
        kept = urlencode(said)
        return self._set(self.letter, kept if _LETTER.fullmatch(kept) else "", int(LETTER_KEPT.total_seconds()))

    def clear_letter(self) -> str:
        """`Set-Cookie` for a letter that has done its work."""
        return self._set(self.letter, "", 0)

    def clear_session(self) -> str:
        """`Set-Cookie` that takes the session's cookie away."""
        return self._set(self.session, "", 0)

    def _set(self, name: str, value: str, age_s: int) -> str:
        secure = "; Secure" if self.scheme == "https" else ""
        return f"{name}={value}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Lax{secure}"


def _found(headers: Mapping[str, str], name: str, form: re.Pattern[str]) -> str | None:
    pairs = (each.strip().partition("=") for each in re.split("[;,]", headers.get("cookie", "")))
    found = [value for key, _, value in pairs if key == name]
    return found[0] if len(found) == 1 and form.fullmatch(found[0]) else None


def new_browser() -> str:
    """Make the secret of a browser that is not known yet."""
    return secrets.token_urlsafe(32)

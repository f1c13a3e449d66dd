"""Covers a feed's secrets in all that comes from its server and its plugin."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote, quote_plus

from waypost.outbox.feeding import FeedFault, Page

COVER: Final = "[secret]"


@dataclass(frozen=True)
class Veil:
    """Covers secrets in what comes from a feed and its plugin, however a server or an address writes them."""

    hidden: tuple[str, ...] = field(default=(), repr=False)  # the longest first: one may be a part of another

    def over(self, secrets: Iterable[str]) -> Veil:
        """The same, over these too."""
        every = {form for secret in secrets for form in _forms(secret) if form}.union(self.hidden)
        return Veil(tuple(sorted(every, key=len, reverse=True)))

    def over_credentials(self, headers: Mapping[str, str]) -> Veil:
        """The same, over a name and a password in Base64, of which a secret can be read again; names in lower case."""
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        return self.over([credentials] if scheme.lower() == "basic" and credentials else ())

    def text(self, words: str) -> str:
        """A text without them."""
        for secret in self.hidden:
            words = words.replace(secret, COVER)
        return words

    def json(self, found: Any) -> Any:
        """JSON without them, in all its texts and keys. Raises `FeedFault` where it is nested too deep to be seen."""
        try:
            return self._inside(found) if self.hidden else found
        except RecursionError:
            raise FeedFault("FEED_MALFORMED", "its JSON is nested too deep") from None

    def page(self, page: Page) -> Page:
        """A page without them: in its items, and in its cursors, which are kept."""
        return replace(page, items=self.json(page.items), next=self.json(page.next), resume=self.json(page.resume))

    def fault(self, fault: FeedFault) -> FeedFault:
        """A fault that says the same without them."""
        return FeedFault(fault.code, self.text(fault.words), None if fault.where is None else self.text(fault.where))

    def _inside(self, found: Any) -> Any:
        match found:
            case str():
                return self.text(found)
            case list():
                return [self._inside(each) for each in found]
            case tuple() if type(found) is tuple:  # one with names is a plugin's own, and stays what it is
                return tuple(self._inside(each) for each in found)
            case dict():
                return {self._inside(key): self._inside(each) for key, each in found.items()}
        return found  # numbers, and what a plugin made


def _forms(secret: str) -> Collection[str]:
    """A secret as it is, and as addresses write it: servers differ in how, down to small letters after `%`."""
    plain = secret.strip()
    quoted = {quote(plain, safe=""), quote_plus(plain)}
    small = {re.sub("%..", lambda found: found[0].lower(), each) for each in quoted}
    return {plain} | quoted | small

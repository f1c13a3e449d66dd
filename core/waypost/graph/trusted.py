"""Trusted documents: published by their hash, asked for by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from .errors import GraphError

if TYPE_CHECKING:
    from pathlib import Path

SCHEME: Final = "sha256:"


def document_id(text: str) -> str:
    """Return the id of a document: the SHA-256 of its text in UTF-8, hexadecimal, behind `sha256:`."""
    return SCHEME + sha256(text.encode()).hexdigest()


class Trusted:
    """The published documents by id. A document counts as published too when its text is sent whole."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts: Mapping[str, str] = {document_id(text): text for text in texts}
        self._known = frozenset(self._texts.values())

    @classmethod
    def read(cls, folder: Path) -> Trusted:
        """Read the `*.graphql` files of a folder, as they are; none where there is no folder."""
        return cls(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.graphql")))

    def text(self, id: str) -> str:
        """Return the document of that id; raise `GraphError` UNKNOWN_DOCUMENT for any other."""
        found = self._texts.get(id)
        if found is None:
            raise GraphError("UNKNOWN_DOCUMENT", "No published document has that id; see schema/operations.json.")
        return found

    def refuse_others(self, text: str) -> None:
        """Raise `GraphError` DOCUMENT_NOT_TRUSTED unless the document was published."""
        if text not in self._known:
            raise GraphError("DOCUMENT_NOT_TRUSTED", "This city answers published documents alone; ask by documentId.")

    def __len__(self) -> int:
        return len(self._texts)

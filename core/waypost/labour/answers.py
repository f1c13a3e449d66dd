"""What sources have told, kept for as long as they say, and longer for when they are down."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

MOST_A_TENANT: Final = 1_000
MOST: Final = 20_000


@dataclass(frozen=True)
class Question:
    """A question to a source: all that its answer follows from. `settings` are the city's, as text."""

    plugin: str
    source: str
    tenant: UUID | None
    settings: str
    what: str
    said: tuple[str | None, ...]

    @property
    def home(self) -> tuple[str, UUID | None]:
        """Whose budget it uses: the plugin's, in one tenant."""
        return self.plugin, self.tenant


@dataclass(frozen=True)
class Told:
    """An answer, when the source was asked for it, and until which moment of the steady clock it is fresh."""

    answer: Any
    asked_at: datetime
    fresh_until: float


@dataclass
class Answers:
    """The answers of one process, those used last the longest; no tenant crowds out the others."""

    most_a_tenant: int = MOST_A_TENANT
    most: int = MOST
    _of: OrderedDict[UUID | None, OrderedDict[Question, Told]] = field(default_factory=OrderedDict)
    _count: int = 0

    def __len__(self) -> int:
        """How many are kept."""
        return self._count

    def get(self, question: Question) -> Told | None:
        """What was told, however long ago."""
        kept = self._of.get(question.tenant)
        if kept is None or question not in kept:
            return None
        self._of.move_to_end(question.tenant)
        kept.move_to_end(question)
        return kept[question]

    def put(self, question: Question, told: Told) -> None:
        """Keep an answer in place of an earlier one, and drop what was used least of late where there is no room."""
        kept = self._of.setdefault(question.tenant, OrderedDict())
        self._count += question not in kept
        kept[question] = told
        kept.move_to_end(question)
        self._of.move_to_end(question.tenant)
        if len(kept) > self.most_a_tenant:
            kept.popitem(last=False)
            self._count -= 1
        while self._count > self.most:
            longest = max(self._of, key=lambda tenant: len(self._of[tenant]))
            self._of[longest].popitem(last=False)
            self._count -= 1

"""What sources have told, kept for as long as they say, and longer for when they are down."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from waypost.occupations import Figure, Occupation

MOST_BYTES: Final = 64_000_000  # of one process
MOST_BYTES_A_TENANT: Final = 4_000_000
ENTRY_BYTES: Final = 500  # what a question, an answer and each entry of it take beside their texts, roughly


@dataclass(frozen=True)
class Question:
    """A question to a source: all that its answer follows from. `settings_digest` stands for what the city set."""

    plugin: str
    source: str
    tenant: UUID | None
    settings_digest: str
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
class Kept:
    """The answers of one tenant, those used last at the end, and how many bytes they take."""

    told: OrderedDict[Question, Told] = field(default_factory=OrderedDict)
    size: int = 0


@dataclass
class Answers:
    """The answers of one process, those used last the longest; no tenant crowds out the others. Sizes in bytes."""

    most_a_tenant: int = MOST_BYTES_A_TENANT
    most: int = MOST_BYTES
    size: int = 0
    _of: dict[UUID | None, Kept] = field(default_factory=dict)

    def get(self, question: Question) -> Told | None:
        """What was told, however long ago."""
        kept = self._of.get(question.tenant)
        if kept is None or question not in kept.told:
            return None
        kept.told.move_to_end(question)
        return kept.told[question]

    def put(self, question: Question, told: Told) -> None:
        """Keep an answer in place of an earlier one, and drop what was used least of late where there is no room."""
        kept = self._of.setdefault(question.tenant, Kept())
        if question in kept.told:
            self._drop(kept, question)
        kept.told[question] = told
        self._weigh(kept, size_of(told.answer))
        while kept.told and kept.size > self.most_a_tenant:
            self._drop(kept, next(iter(kept.told)))
        while self.size > self.most:
            largest = max(self._of.values(), key=lambda each: each.size)
            self._drop(largest, next(iter(largest.told)))

    def _drop(self, kept: Kept, question: Question) -> None:
        self._weigh(kept, -size_of(kept.told.pop(question).answer))

    def _weigh(self, kept: Kept, size: int) -> None:
        kept.size += size
        self.size += size


def size_of(answer: Any) -> int:
    """How many bytes an answer takes, roughly."""
    match answer:
        case list() | tuple():
            return ENTRY_BYTES + sum(map(size_of, answer))
        case Occupation():
            return ENTRY_BYTES + 2 * (len(answer.title) + len(answer.description))
        case Figure():
            return ENTRY_BYTES + 2 * len(answer.note)
        case _:
            return ENTRY_BYTES

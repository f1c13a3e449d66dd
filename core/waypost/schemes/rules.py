"""What a scheme is, and whom its rules let in on a given day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

ENGLISH: Final = "en"

Value = Decimal | bool | str | date
Facts = Mapping[str, Value]  # by the code of the fact; what is not there is not known
Words = Mapping[str, str]  # by language, that of whoever wrote the scheme first


class Subject(StrEnum):
    """Whom or what a rule is about."""

    LEARNER = "learner"
    EMPLOYER = "employer"
    PLACEMENT = "placement"
    GATEWAY = "gateway"


class FactKind(StrEnum):
    """What the values of a fact are."""

    NUMBER = "number"
    CODE = "code"
    YES_NO = "yes-no"
    DATE = "date"


class Comparison(StrEnum):
    """How a fact is held against the values of a rule."""

    EQUALS = "equals"
    ONE_OF = "one-of"
    AT_LEAST = "at-least"
    AT_MOST = "at-most"


class Outcome(StrEnum):
    """What became of one rule."""

    MET = "met"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What became of all of them."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not-eligible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Period:
    """From when to when something holds, first and last day included; None where there is no such end."""

    since: date | None = None
    until: date | None = None

    def holds(self, on: date) -> bool:
        """Whether it holds on that day."""
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)

    def overlaps(self, other: Period) -> bool:
        """Whether there is a day on which both hold."""
        first = max(self.since or date.min, other.since or date.min)
        last = min(self.until or date.max, other.until or date.max)
        return first <= last


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that rules look at: `unit` says what numbers count, `values` are the codes that there are."""

    code: str
    about: Subject
    kind: FactKind
    words: Words
    unit: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """One fact held against values; `ONE_OF` has several, the others one."""

    fact: str
    comparison: Comparison
    values: tuple[Value, ...]

    def outcome(self, facts: Facts) -> Outcome:
        """Hold it against what is known. A fact that is not there, or of another kind, is unknown."""
        known = facts.get(self.fact)
        if known is None or any(type(known) is not type(value) for value in self.values):
            return Outcome.UNKNOWN
        return Outcome.MET if self._is_met(known) else Outcome.FAILED

    def _is_met(self, known: Value) -> bool:
        match self.comparison:
            case Comparison.AT_LEAST:
                return known >= self.values[0]  # type: ignore[operator]  # of one type, as `outcome` has made sure
            case Comparison.AT_MOST:
                return known <= self.values[0]  # type: ignore[operator]  # likewise
            case _:
                return known in self.values


@dataclass(frozen=True, kw_only=True)
class Rule(Period):
    """One rule while it held. The same code with other dates is the rule as it was before or after.

    With `when`, it asks for anything only where that condition is met.
    """

    code: str
    about: Subject
    asks: Condition
    words: Words
    when: Condition | None = None

    def outcome(self, facts: Facts) -> Outcome:
        """Hold the rule against what is known.

        Met whatever the unknown facts may turn out to be, failed likewise, else unknown.
        """
        asked, when = self.asks.outcome(facts), Outcome.MET if self.when is None else self.when.outcome(facts)
        if asked is Outcome.MET or when is Outcome.FAILED:
            return Outcome.MET
        return Outcome.FAILED if asked is Outcome.FAILED and when is Outcome.MET else Outcome.UNKNOWN

    def missing(self, facts: Facts) -> tuple[str, ...]:
        """The facts that it needs and that are unknown."""
        looked_at = [each for each in (self.when, self.asks) if each is not None]
        return tuple(dict.fromkeys(each.fact for each in looked_at if each.outcome(facts) is Outcome.UNKNOWN))


@dataclass(frozen=True, kw_only=True)
class Window(Period):
    """When a scheme takes some subject in: applications of employers, say, or first days of learners."""

    about: Subject
    words: Words


@dataclass(frozen=True, kw_only=True)
class Funding(Period):
    """Something that is paid while it held: an `amount`, or `percent` of what `of` names.

    `per` says for what one such sum is paid. Hours are those of a week that are paid for, months how long.
    """

    code: str
    paid_to: Subject
    words: Words
    per: str
    amount: Decimal | None = None
    currency: str | None = None
    percent: int | None = None
    of: str | None = None
    hours_per_week: Decimal | None = None
    months: int | None = None


@dataclass(frozen=True, kw_only=True)
class Scheme(Period):
    """A scheme with its whole history.

    `code` is that of a plugin's scheme (`kickstart`), or tenant and slug of a local one (`brighton/first-shift`).
    `withdrawn` is what a tenant took out of its files: it is not listed any more, and stays readable.
    """

    code: str
    name: Words
    summary: Words
    url: str | None = None
    facts: tuple[Fact, ...] = ()
    windows: tuple[Window, ...] = ()
    rules: tuple[Rule, ...] = ()
    funding: tuple[Funding, ...] = ()
    withdrawn: bool = False

    def fact(self, code: str) -> Fact | None:
        """Find a fact by its code."""
        return next((fact for fact in self.facts if fact.code == code), None)

    def in_force(self, on: date, about: Subject | None = None) -> tuple[Rule, ...]:
        """The rules that hold on a day on which the scheme goes on, about one subject or about all."""
        return self.written(on, about) if self.holds(on) else ()

    def written(self, on: date, about: Subject | None = None) -> tuple[Rule, ...]:
        """The rules that nothing ends before a day but the end of the scheme itself."""
        return tuple(rule for rule in self.rules if rule.holds(on) and about in {None, rule.about})


@dataclass(frozen=True)
class Reason:
    """Why somebody is not eligible, or why nobody can say: a rule, the window or that there is no rule."""

    code: str
    outcome: Outcome
    words: Words
    rule: Rule | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Eligibility:
    """The verdict, with every rule that is not met; failed ones first, then by code."""

    verdict: Verdict
    reasons: tuple[Reason, ...] = ()


CLOSED: Final = "closed"
NO_RULES: Final = "no-rules"
CLOSED_WORDS: Final[Words] = {
    "en": "The scheme takes nobody on that day.",
    "cy": "Nid yw'r cynllun yn derbyn neb ar y diwrnod hwnnw.",
}
NO_RULES_WORDS: Final[Words] = {
    "en": "The scheme has no rules about this on that day.",
    "cy": "Nid oes gan y cynllun reolau am hyn ar y diwrnod hwnnw.",
}


def eligibility(scheme: Scheme, about: Subject, facts: Facts, on: date) -> Eligibility:
    """Hold the rules about a subject, as they are on a day, against facts.

    Not eligible where a rule fails or the scheme is not open on that day, whatever else is unknown; eligible only
    where every rule is met, and there is one; else unknown.
    """
    rules = scheme.written(on, about)  # of a scheme that is over people still learn what it had asked for
    reasons = [*_closed(scheme, about, on), *_unmet(rules, facts)]
    if not rules:
        reasons.append(Reason(NO_RULES, Outcome.UNKNOWN, NO_RULES_WORDS))
    reasons.sort(key=lambda reason: (reason.outcome is not Outcome.FAILED, reason.code, _since(reason.rule)))
    if any(reason.outcome is Outcome.FAILED for reason in reasons):
        return Eligibility(Verdict.NOT_ELIGIBLE, tuple(reasons))
    return Eligibility(Verdict.UNKNOWN if reasons else Verdict.ELIGIBLE, tuple(reasons))


def _closed(scheme: Scheme, about: Subject, on: date) -> Iterable[Reason]:
    """The one reason of a day on which the scheme takes nobody: the words of the window nearest to it."""
    windows = [window for window in scheme.windows if window.about is about]
    if any(window.holds(on) for window in windows) or (not windows and scheme.holds(on)):
        return
    nearest = min(windows, key=lambda window: _days_away(window, on), default=None)
    yield Reason(CLOSED, Outcome.FAILED, CLOSED_WORDS if nearest is None else nearest.words)


def _days_away(window: Window, on: date) -> tuple[int, date]:
    since, until = window.since or date.min, window.until or date.max
    return max((since - on).days, (on - until).days), since


def _unmet(rules: Iterable[Rule], facts: Facts) -> Iterable[Reason]:
    for rule in rules:
        outcome = rule.outcome(facts)
        if outcome is not Outcome.MET:
            missing = rule.missing(facts) if outcome is Outcome.UNKNOWN else ()
            yield Reason(rule.code, outcome, rule.words, rule, missing)


def _since(rule: Rule | None) -> date:
    return (rule and rule.since) or date.min


def words_in(words: Words, languages: Iterable[str] = ()) -> str:
    """Words in the first of the languages that there are (BCP 47), else in the one that they were written in."""
    found = next((words[language] for language in languages if language in words), None)
    return next(iter(words.values()), "") if found is None else found

"""The one parser of schemes: from tables, as files and plugins write them, to the rules that are followed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from waypost.schemes.entries import (
    Compared,
    Dated,
    FactEntry,
    FundingEntry,
    RuleEntry,
    SchemeData,
    SchemeTable,
    WindowEntry,
)
from waypost.schemes.rules import (
    ENGLISH,
    Comparison,
    Condition,
    Fact,
    FactKind,
    Funding,
    Period,
    Rule,
    Scheme,
    Subject,
    Value,
    Window,
    Words,
)
from waypost.tenancy.faults import listed, perhaps, written
from waypost.tenancy.sections import Keys, Problem
from waypost.tenancy.words import described, read_as

S = TypeVar("S", bound=SchemeTable)
C = TypeVar("C", bound=Compared)

COMPARISONS: Final[Mapping[FactKind, tuple[Comparison, ...]]] = {
    FactKind.NUMBER: tuple(Comparison),
    FactKind.DATE: tuple(Comparison),
    FactKind.CODE: (Comparison.EQUALS, Comparison.ONE_OF),
    FactKind.YES_NO: (Comparison.EQUALS,),
}
_MEANT: Final[Mapping[FactKind, str]] = {
    FactKind.NUMBER: "a number",
    FactKind.CODE: "a code in quotation marks",
    FactKind.YES_NO: "true or false",
    FactKind.DATE: "a date, like 2021-02-03, without quotation marks",
}


def value_of(kind: FactKind, said: object) -> Value | None:
    """Read a value of a fact of that kind; None for one of another kind."""
    match kind, said:
        case FactKind.YES_NO, bool():
            return said
        case FactKind.NUMBER, bool():
            return None
        case FactKind.NUMBER, int() | float():
            return Decimal(str(said)).normalize()
        case FactKind.CODE, str() if said:
            return said
        case FactKind.DATE, date() if type(said) is date:
            return said
        case FactKind.DATE, str():
            return _date(said)
        case _:
            return None


def value_problem(fact: Fact, said: object) -> str | None:
    """Say what is wrong with a value of a fact, or None."""
    value = value_of(fact.kind, said)
    if value is None:
        return f"must be {_MEANT[fact.kind]}, not {described(said)}"
    if fact.values and value not in fact.values:
        hint = perhaps(str(value), fact.values)
        return f'unknown value "{value}" of {fact.code}; there are {listed(fact.values)}{hint}'
    return None


def fact_problems(table: SchemeTable, said: Mapping[str, object]) -> Iterator[Problem]:
    """What is wrong with facts about a placement of a scheme: unknown ones, and wrong values."""
    facts = {entry.code: _fact(entry, ENGLISH) for entry in table.facts if entry.about == Subject.PLACEMENT}
    for code, value in said.items():
        if code not in facts:
            words = f"the scheme has no such fact about placements; it has {listed(facts)}{perhaps(code, facts)}"
            yield Problem((code,), words)
        elif problem := value_problem(facts[code], value):
            yield Problem((code,), problem)


def scheme_of_data(data: object) -> Scheme | tuple[str, ...]:
    """Read a plugin's scheme, or say everything that is wrong with it; its words are English first."""
    read = read_as(SchemeData, data)
    if not isinstance(read, SchemeData):
        return tuple(map(_sentence, read))
    faults = tuple(map(_sentence, scheme_problems(read)))
    return faults or scheme_of(read, read.code, ENGLISH)


def scheme_problems(table: SchemeTable) -> Iterator[Problem]:
    """Everything that is wrong with a scheme besides its form; keys are relative to its table."""
    yield from _period_problems(table, ())
    facts: dict[str, Fact] = {}
    for index, entry in enumerate(table.facts):
        keys: Keys = ("facts", index)
        if entry.code in facts:
            yield Problem((*keys, "code"), f'the fact "{entry.code}" stands here twice')
        if entry.values and entry.kind != FactKind.CODE:
            yield Problem((*keys, "values"), "belong to facts of the kind code")
        facts.setdefault(entry.code, _fact(entry, ENGLISH))
    for index, window in enumerate(table.windows):
        yield from _period_problems(window, ("windows", index))
    for index, rule in enumerate(table.rules):
        yield from _rule_problems(rule, facts, ("rules", index))
    for index, funding in enumerate(table.funding):
        yield from _funding_problems(funding, ("funding", index))
    yield from _twice(table.rules, "rules")
    yield from _twice(table.funding, "funding")


def scheme_of(table: SchemeTable, code: str, language: str, *, withdrawn: bool = False) -> Scheme:
    """Make a scheme of a table without problems; `language` is that of the words which stand in the entries."""
    facts = tuple(_fact(entry, language) for entry in table.facts)
    known = {fact.code: fact for fact in facts}
    return Scheme(
        code=code,
        name={language: table.name, **{tag: text.name for tag, text in table.text.items()}},
        summary={language: table.summary, **{tag: text.summary for tag, text in table.text.items()}},
        url=table.url,
        since=table.since,
        until=table.until,
        facts=facts,
        windows=tuple(_window(entry, language) for entry in table.windows),
        rules=tuple(_rule(entry, known, language) for entry in table.rules),
        funding=tuple(_funding(entry, language) for entry in table.funding),
        withdrawn=withdrawn,
    )


def with_days(table: S) -> S:
    """The same scheme with days as such in its rules, where they came as text: from JSON, or in quotation marks."""
    days = {fact.code for fact in table.facts if fact.kind == FactKind.DATE}
    rules = tuple(_with_days(rule, days) for rule in table.rules)
    whens = tuple(
        rule if rule.when is None else rule.model_copy(update={"when": _with_days(rule.when, days)}) for rule in rules
    )
    return table.model_copy(update={"rules": whens})


def _with_days(said: C, days: Collection[str]) -> C:
    if said.fact not in days:
        return said
    read = {
        _key(each): tuple(_date(one) or one if isinstance(one, str) else one for one in values)
        for each, values in _comparisons(said).items()
    }
    return said.model_copy(update={key: values if key == "one_of" else values[0] for key, values in read.items()})


def languages_of(table: SchemeTable) -> Iterator[tuple[Keys, str]]:
    """Every translation in a scheme: the keys of its `text`, and the language."""
    yield from (((), tag) for tag in table.text)
    parts: Mapping[str, Sequence[FactEntry | WindowEntry | RuleEntry | FundingEntry]] = {
        "facts": table.facts,
        "windows": table.windows,
        "rules": table.rules,
        "funding": table.funding,
    }
    for name, entries in parts.items():
        for index, entry in enumerate(entries):
            yield from (((name, index), tag) for tag in entry.text)


# What is wrong


def _rule_problems(rule: RuleEntry, facts: Mapping[str, Fact], keys: Keys) -> Iterator[Problem]:
    yield from _period_problems(rule, keys)
    yield from _condition_problems(rule, facts, rule.about, keys)
    if rule.when is not None:
        yield from _condition_problems(rule.when, facts, rule.about, (*keys, "when"))


def _condition_problems(said: Compared, facts: Mapping[str, Fact], about: str, keys: Keys) -> Iterator[Problem]:
    fact = facts.get(said.fact)
    if fact is None:
        known = [each.code for each in facts.values() if each.about == about]
        words = f'unknown fact "{said.fact}"; about the {about} there are {listed(known)}{perhaps(said.fact, known)}'
        yield Problem((*keys, "fact"), words)
        return
    if fact.about != about:
        yield Problem((*keys, "fact"), f'"{fact.code}" is a fact about the {fact.about}, not the {about}')
    given = _comparisons(said)
    if len(given) != 1:
        names = listed(_key(each) for each in Comparison)
        words = f"compares with nothing; give one of {names}" if not given else f"give one of {names}, not several"
        yield Problem((*keys, _key(next(iter(given)))) if given else keys, words)
        return
    ((comparison, values),) = given.items()
    key = (*keys, _key(comparison))
    if comparison not in COMPARISONS[fact.kind]:
        names = listed(_key(each) for each in COMPARISONS[fact.kind])
        yield Problem(key, f"does not go with the fact {fact.code}, of the kind {fact.kind}; it takes {names}")
        return
    if not values:
        yield Problem(key, "must name at least one value")
    for index, value in enumerate(values):
        if problem := value_problem(fact, value):
            yield Problem((*key, index) if comparison is Comparison.ONE_OF else key, problem)


def _funding_problems(funding: FundingEntry, keys: Keys) -> Iterator[Problem]:
    yield from _period_problems(funding, keys)
    if (funding.amount is None) == (funding.percent is None):
        yield Problem(keys, "give either an amount or a percent")
    if (funding.amount is None) != (funding.currency is None):
        yield Problem((*keys, "currency"), "an amount needs its currency, and a currency its amount")
    if (funding.percent is None) != (funding.of is None):
        yield Problem((*keys, "of"), "a percent needs what it is of, and nothing else does")


def _period_problems(entry: Dated, keys: Keys) -> Iterator[Problem]:
    if entry.since is not None and entry.until is not None and entry.until < entry.since:
        yield Problem((*keys, "until"), f"{entry.until} is before since, {entry.since}")


def _twice(entries: Sequence[RuleEntry | FundingEntry], name: str) -> Iterator[Problem]:
    """The same code on the same day: nobody could say which of the two holds."""
    for index, entry in enumerate(entries):
        period = Period(since=entry.since, until=entry.until)
        for other in entries[:index]:
            if other.code == entry.code and period.overlaps(Period(since=other.since, until=other.until)):
                words = f'"{entry.code}" holds twice on the same days: give one an until before the other\'s since'
                yield Problem((name, index, "code"), words)
                break


# What is made of it


def _condition(said: Compared, facts: Mapping[str, Fact]) -> Condition:
    ((comparison, values),) = _comparisons(said).items()
    kind = facts[said.fact].kind
    meant = (value_of(kind, each) for each in values)  # without problems, none of them is None
    return Condition(said.fact, comparison, tuple(each for each in meant if each is not None))


def _rule(entry: RuleEntry, facts: Mapping[str, Fact], language: str) -> Rule:
    return Rule(
        code=entry.code,
        about=Subject(entry.about),
        asks=_condition(entry, facts),
        when=None if entry.when is None else _condition(entry.when, facts),
        words=_words(entry.words, entry.text, language),
        since=entry.since,
        until=entry.until,
    )


def _fact(entry: FactEntry, language: str) -> Fact:
    words = _words(entry.words, entry.text, language)
    return Fact(
        code=entry.code,
        about=Subject(entry.about),
        kind=FactKind(entry.kind),
        words=words,
        unit=entry.unit,
        values=entry.values,
    )


def _window(entry: WindowEntry, language: str) -> Window:
    words = _words(entry.words, entry.text, language)
    return Window(about=Subject(entry.about), words=words, since=entry.since, until=entry.until)


def _funding(entry: FundingEntry, language: str) -> Funding:
    hours = entry.hours_per_week
    return Funding(
        code=entry.code,
        paid_to=Subject(entry.paid_to),
        words=_words(entry.words, entry.text, language),
        per=entry.per,
        amount=entry.amount,
        currency=entry.currency,
        percent=entry.percent,
        of=entry.of,
        hours_per_week=None if hours is None else Decimal(str(hours)).normalize(),
        months=entry.months,
        since=entry.since,
        until=entry.until,
    )


def _words(said: str, text: Mapping[str, str], language: str) -> Words:
    return {language: said, **text}


def _comparisons(said: Compared) -> dict[Comparison, tuple[Any, ...]]:
    given = {each: getattr(said, _key(each)) for each in Comparison}
    return {
        each: value if each is Comparison.ONE_OF else (value,) for each, value in given.items() if value is not None
    }


def _key(comparison: Comparison) -> str:
    return comparison.value.replace("-", "_")


def _date(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def _sentence(problem: Problem) -> str:
    return ": ".join(part for part in (written(problem.keys), problem.words) if part)


def faults_in(tables: Iterable[object]) -> Iterator[tuple[str, Scheme | tuple[str, ...]]]:
    """Read several schemes of a plugin: the code of each, and the scheme or what is wrong with it."""
    for table in tables:
        code = str(table.get("code", "?")) if isinstance(table, Mapping) else "?"
        yield code, scheme_of_data(table)

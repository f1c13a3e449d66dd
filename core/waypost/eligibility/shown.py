"""Schemes as plain data under the names of the graph, in the languages asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from waypost.schemes.rules import Condition, Fact, Funding, Reason, Rule, Scheme, Value, Window, Words, words_in

if TYPE_CHECKING:
    from waypost.graph import Request


@dataclass(frozen=True)
class Shower:
    """Shows schemes in some languages, the most wanted first, and as they are on a day."""

    languages: Sequence[str]
    on: date

    def scheme(self, scheme: Scheme, *, since_ever: bool = True) -> dict[str, Any]:
        """A scheme; with its whole history, or what of it holds on the day."""

        def held(period: Rule | Funding | Window) -> bool:
            return since_ever or (scheme.holds(self.on) and period.holds(self.on))

        return {
            "code": scheme.code,
            "name": self._said(scheme.name),
            "summary": self._said(scheme.summary),
            "url": scheme.url,
            **_period(scheme),
            "listed": not scheme.withdrawn,
            "facts": [self.fact(each) for each in scheme.facts],
            "windows": [self._window(each) for each in scheme.windows if held(each)],
            "rules": [self.rule(each, scheme) for each in scheme.rules if held(each)],
            "funding": [self._funding(each) for each in scheme.funding if held(each)],
        }

    def rule(self, rule: Rule, scheme: Scheme) -> dict[str, Any]:
        """A rule of a scheme."""
        return {
            "code": rule.code,
            "about": rule.about.value,
            "asks": _condition(rule.asks),
            "when": None if rule.when is None else _condition(rule.when),
            "words": self._said(rule.words),
            **_period(rule),
            "inForce": rule in scheme.in_force(self.on),
        }

    def fact(self, fact: Fact) -> dict[str, Any]:
        """A fact that rules look at."""
        return {
            "code": fact.code,
            "about": fact.about.value,
            "kind": fact.kind.value,
            "unit": fact.unit,
            "words": self._said(fact.words),
            "values": list(fact.values),
        }

    def known(self, fact: Fact, value: Value) -> dict[str, Any]:
        """A fact that is known of a placement."""
        return {"fact": self.fact(fact), "value": text_of(value)}

    def reason(self, reason: Reason, scheme: Scheme) -> dict[str, Any]:
        """Why a rule of a scheme is not met."""
        return {
            "code": reason.code,
            "outcome": reason.outcome.value,
            "words": self._said(reason.words),
            "rule": None if reason.rule is None else self.rule(reason.rule, scheme),
            "missing": list(reason.missing),
        }

    def _window(self, window: Window) -> dict[str, Any]:
        return {"about": window.about.value, "words": self._said(window.words), **_period(window)}

    def _funding(self, funding: Funding) -> dict[str, Any]:
        return {
            "code": funding.code,
            "paidTo": funding.paid_to.value,
            "words": self._said(funding.words),
            "per": funding.per,
            "amount": funding.amount,
            "currency": funding.currency,
            "percent": funding.percent,
            "of": funding.of,
            "hoursPerWeek": None if funding.hours_per_week is None else float(funding.hours_per_week),
            "months": funding.months,
            **_period(funding),
        }

    def _said(self, words: Words) -> str:
        return words_in(words, self.languages)


def shower(request: Request, on: date) -> Shower:
    """Show in the languages asked for, else in those of the city."""
    return Shower((*request.languages, *request.spoken), on)


def text_of(value: Value) -> str:
    """A value as text: numbers as people write them, yes or no as true or false, days as 2021-02-03."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return value


def _condition(condition: Condition) -> dict[str, Any]:
    return {
        "fact": condition.fact,
        "comparison": condition.comparison.value,
        "values": [text_of(value) for value in condition.values],
    }


def _period(period: Rule | Funding | Window | Scheme) -> dict[str, date | None]:
    return {"since": period.since, "until": period.until}

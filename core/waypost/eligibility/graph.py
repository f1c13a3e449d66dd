"""Schemes as front ends see them, and the question who fits one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final

import strawberry

from waypost.graph import URL, Argument, column, computed, extend, many, node, query, value
from waypost.schemes import tables

from . import answering


@strawberry.enum(description="Whom or what a rule of a scheme is about.")
class SchemeSubject(Enum):
    """Subjects."""

    LEARNER = strawberry.enum_value("learner", description="Who would take up a placement.")
    EMPLOYER = strawberry.enum_value("employer", description="Who would offer placements.")
    PLACEMENT = strawberry.enum_value("placement", description="What is offered: a job, mostly.")
    GATEWAY = strawberry.enum_value("gateway", description="Who applies for several employers together.")


@strawberry.enum(description="What the values of a fact are.")
class SchemeFactKind(Enum):
    """Kinds of facts."""

    NUMBER = strawberry.enum_value("number", description="A number; `unit` says what it counts.")
    CODE = strawberry.enum_value("code", description="A code, one of `values` where these are listed.")
    YES_NO = strawberry.enum_value("yes-no", description="Yes or no.")
    DATE = strawberry.enum_value("date", description="A day, without a time.")


@strawberry.enum(description="How a fact is held against the values of a rule.")
class SchemeComparison(Enum):
    """Comparisons."""

    EQUALS = strawberry.enum_value("equals", description="It is that very value.")
    ONE_OF = strawberry.enum_value("one-of", description="It is one of the values.")
    AT_LEAST = strawberry.enum_value("at-least", description="It is that value or more; of days: that day or later.")
    AT_MOST = strawberry.enum_value("at-most", description="It is that value or less; of days: that day or earlier.")


@strawberry.enum(description="What became of one rule.")
class SchemeOutcome(Enum):
    """Outcomes."""

    MET = strawberry.enum_value("met", description="The rule is met.")
    FAILED = strawberry.enum_value("failed", description="The rule is not met, whatever else is known.")
    UNKNOWN = strawberry.enum_value("unknown", description="Facts are missing; an unknown one never counts as met.")


@strawberry.enum(description="What became of all rules together.")
class SchemeVerdict(Enum):
    """Verdicts."""

    ELIGIBLE = strawberry.enum_value("eligible", description="Every rule in force is met.")
    NOT_ELIGIBLE = strawberry.enum_value("not-eligible", description="At least one rule fails.")
    UNKNOWN = strawberry.enum_value("unknown", description="No rule fails, and some could not be decided.")


@value
class SchemeFact:
    """Something that rules of a scheme look at."""

    code: str = column(doc="By which rules and questions name it, such as age.")
    about: SchemeSubject = column(doc="Whom or what it is a fact about.")
    kind: SchemeFactKind = column(doc="What its values are.")
    unit: str | None = column(doc="What a number counts, such as years.")
    words: str = column(doc="What it means, for people.")
    values: list[str] = column(doc="The codes that there are; empty where any may be given.")


@value
class SchemeCondition:
    """One fact held against values."""

    fact: str = column(doc="The code of the fact.")
    comparison: SchemeComparison = column(doc="How it is held against the values.")
    values: list[str] = column(doc="Numbers, codes, true or false, or days such as 2021-02-03; several for ONE_OF.")


@value
class SchemeRule:
    """One rule while it held; a rule that changed stands here once for each of its forms."""

    code: str = column(doc="The same for all forms of a rule, such as minimum-placements.")
    about: SchemeSubject = column(doc="Whom or what it is about.")
    asks: SchemeCondition = column(doc="What it asks for.")
    when: SchemeCondition | None = column(doc="It asks for anything only where this is met; null: always.")
    words: str = column(doc="The rule in a sentence.")
    since: date | None = column(doc="The first day on which it held; null: from the beginning.")
    until: date | None = column(doc="The last day on which it held; null: no end is known.")
    in_force: bool = column(doc="Whether it holds on the day asked for, else today.")


@value
class SchemeWindow:
    """When a scheme takes some subject in: applications of employers, say."""

    about: SchemeSubject = column(doc="Who may come in.")
    words: str = column(doc="The same in a sentence.")
    since: date | None = column(doc="The first day.")
    until: date | None = column(doc="The last day.")


@value
class SchemeFunding:
    """Something that a scheme pays: an amount, or a percentage of something."""

    code: str = column(doc="The same for all forms of a payment, such as set-up.")
    paid_to: SchemeSubject = column(doc="Who gets it.")
    words: str = column(doc="The same in a sentence.")
    per: str = column(doc="For what one such sum is paid, such as placement.")
    amount: Decimal | None = column(doc="A sum; null where a percentage is paid.")
    currency: str | None = column(doc="Of the sum, ISO 4217, such as GBP.")
    percent: int | None = column(doc="How many hundredths of what `of` names.")
    of: str | None = column(doc="What the percentage is of, such as minimum wage.")
    hours_per_week: float | None = column(doc="How many hours of a week are paid for.")
    months: int | None = column(doc="For how many months.")
    since: date | None = column(doc="The first day on which it was paid; null: from the beginning.")
    until: date | None = column(doc="The last day on which it was paid; null: no end is known.")


@value
class Scheme:
    """A national or local scheme with its whole history; one that is over stays readable."""

    code: str = column(doc="Such as kickstart; a city's own is named with the city, brighton/first-shift.")
    name: str = column(doc="What people call it.")
    summary: str = column(doc="What it is for.")
    url: URL | None = column(doc="Where it is explained.")
    since: date | None = column(doc="Its first day.")
    until: date | None = column(doc="The last day on which anything of it went on; null: no end is known.")
    listed: bool = column(doc="False for what a city has taken out of its files.")
    facts: list[SchemeFact] = column(doc="What its rules look at.")
    windows: list[SchemeWindow] = column(doc="When it takes whom in.")
    rules: list[SchemeRule] = column(doc="Its rules, in the order in which they were written down.")
    funding: list[SchemeFunding] = column(doc="What it pays.")


@value
class SchemeReason:
    """Why somebody is not eligible, or why nobody can say."""

    code: str = column(doc="The rule's; `closed` where nobody is taken in on that day, `no-rules` where none is there.")
    outcome: SchemeOutcome = column(doc="FAILED or UNKNOWN.")
    words: str = column(doc="The rule, or the window that is not open, in a sentence.")
    rule: SchemeRule | None = column(doc="The rule, where it is one.")
    missing: list[str] = column(doc="The codes of facts that would decide it.")


@value
class SchemeEligibility:
    """The answer to who fits a scheme; nothing of it, and nothing of the question, is kept."""

    scheme: Scheme = column(doc="The scheme as it is on that day.")
    about: SchemeSubject = column(doc="Who was asked about.")
    on: date = column(doc="The day whose rules were followed.")
    verdict: SchemeVerdict = column(doc="What became of all rules together.")
    reasons: list[SchemeReason] = column(doc="Every rule that is not met; failed ones first.")


@strawberry.input(description="A fact that is known, with exactly one value, of the kind that the scheme says.")
class SchemeFactInput:
    """One fact."""

    fact: str = strawberry.field(description="Its code, such as age.")
    number: float | None = strawberry.field(default=strawberry.UNSET, description="The value of a NUMBER.")
    code: str | None = strawberry.field(default=strawberry.UNSET, description="The value of a CODE.")
    yes: bool | None = strawberry.field(default=strawberry.UNSET, description="The value of a YES_NO.")
    date: date | None = strawberry.field(default=strawberry.UNSET, description="The value of a DATE.")


@value
class SchemeKnownFact:
    """A fact that is known of a placement."""

    fact: SchemeFact = column(doc="Which fact it is.")
    value: str = column(doc="A number, a code, true or false, or a day such as 2021-11-01.")


@node(tables.OpportunityScheme)
class OpportunityScheme:
    """A scheme that an opportunity is a placement of. It gives facts and rules, never a verdict on anybody."""

    scheme: Scheme | None = computed(
        answering.scheme_of,
        kept=True,
        columns=("tenant_id", "scheme", "local", "starts_on"),
        doc="The scheme; null where it is not known here any more: its plugin is off, say.",
    )
    facts: list[SchemeKnownFact] = computed(
        answering.facts_of,
        kept=True,
        columns=("tenant_id", "scheme", "local", "starts_on", "facts"),
        doc="What is known of the placement, as far as the scheme's rules look at it.",
    )
    rules: list[SchemeRule] = computed(
        answering.rules_of,
        kept=True,
        columns=("tenant_id", "scheme", "local", "starts_on"),
        doc="The rules in force on the opportunity's first day, today for one without dates: about all subjects.",
    )
    starts_on: date | None


@extend("Opportunity")
class OpportunitySchemes:
    """The schemes of an opportunity."""

    schemes: list[OpportunityScheme] = many(
        there_key="opportunity_id", order_by=("local", "scheme"), size=1, doc="The schemes that it is a placement of."
    )


_ON: Final = Argument("on", date, doc="Only what held on that day; absent: the whole history.")


@query
class SchemeQuery:
    """Root fields for schemes."""

    schemes: list[Scheme] = computed(
        answering.schemes,
        kept=True,
        arguments=(_ON,),
        doc="The schemes of active plugins, also those that are over; in a city its own too.",
    )
    scheme: Scheme | None = computed(
        answering.scheme,
        kept=True,
        arguments=(Argument("code", str, required=True, doc="Such as kickstart or brighton/first-shift."), _ON),
        doc="One scheme by its code, also one that is listed no more.",
    )
    scheme_eligibility: SchemeEligibility | None = computed(
        answering.asked_about,
        arguments=(
            Argument("scheme", str, required=True, doc="The code of the scheme."),
            Argument("about", SchemeSubject, required=True, doc="Who would come in."),
            Argument(
                "facts",
                list[SchemeFactInput],
                required=True,
                confidential=True,
                doc="What is known. It is never stored, logged or kept: send it by POST, as a variable.",
            ),
            Argument("on", date, doc="The day whose rules are followed: of the application, the start; absent: today."),
        ),
        doc="Whether somebody fits a scheme, and why not; null for a scheme that is not known here.",
    )


TYPES = (
    SchemeFact,
    SchemeCondition,
    SchemeRule,
    SchemeWindow,
    SchemeFunding,
    Scheme,
    SchemeReason,
    SchemeEligibility,
    SchemeFactInput,
    SchemeKnownFact,
    OpportunityScheme,
    OpportunitySchemes,
    SchemeQuery,
)

"""Careful ways to look into an item: what is missing is None, what is of a wrong type is named with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any, Final

from waypost.outbox.feeding import BadItem

LONGEST: Final = 20_000
# Elements of HTML alone: "bring < £5 > and a <smile>" is no mark-up.
_NAMES: Final = (
    "a|abbr|article|b|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|iframe|img|li|ol|p|pre|s|script|section|small|"
    "span|strong|style|sub|sup|table|tbody|td|th|thead|tr|u|ul"
)
_TAG: Final = re.compile(rf"</?(?:{_NAMES})(?:\s[^<>]*)?/?>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:nbsp|amp|lt|gt|quot|apos|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
_BLOCK: Final = re.compile(r"<\s*(?:br|/p|/div|/li|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_LINES: Final = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Part:
    """A part of an item, with its place in it."""

    value: Mapping[str, Any]
    where: str = ""

    def at(self, key: str) -> str:
        """The place of a key."""
        return f"{self.where}.{key}" if self.where else key

    def text(self, key: str, most: int = LONGEST) -> str | None:
        """Text, without space around it; None where there is none. Numbers are taken as text."""
        value = self.value.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadItem(f"must be text, not {type(value).__name__}", self.at(key))
        text = str(value).strip()
        if len(text) > most:
            raise BadItem(f"is longer than {most} characters", self.at(key))
        return text or None

    def number(self, key: str) -> float | None:
        """A number, also where it is written as text."""
        value = self.value.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadItem(f"must be a number, not {type(value).__name__}", self.at(key))
        try:
            return float(value)
        except (ValueError, OverflowError) as error:
            raise BadItem("must be a number", self.at(key)) from error

    def whole(self, key: str) -> int | None:
        """A number without its fraction."""
        number = self.number(key)
        if number is None:
            return None
        if not abs(number) < 1e9:
            raise BadItem("is no number that can be", self.at(key))
        return int(number)

    def money(self, key: str) -> Decimal | None:
        """An amount of money, in pence at the finest."""
        value = self.text(key, 40)
        if value is None:
            return None
        try:
            amount = Decimal(value)
        except InvalidOperation as error:
            raise BadItem("must be an amount", self.at(key)) from error
        if not amount.is_finite() or not 0 <= amount < 10**8:
            raise BadItem("is no amount that can be", self.at(key))
        return round(amount, 2)

    def moment(self, key: str) -> datetime | None:
        """A date with or without a time of the day (ISO 8601)."""
        value = self.text(key, 40)
        if value is None:
            return None
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise BadItem("must be a date, such as 2027-03-06T10:00:00Z", self.at(key)) from error

    def day(self, key: str) -> date | None:
        """A date."""
        moment = self.moment(key)
        return None if moment is None else moment.date()

    def clock(self, key: str) -> time | None:
        """A time of the day, such as 10:00 or 10:00:00."""
        value = self.text(key, 40)
        if value is None:
            return None
        try:
            return time.fromisoformat(value)
        except ValueError as error:
            raise BadItem("must be a time of the day, such as 10:00", self.at(key)) from error

    def part(self, key: str) -> Part | None:
        """The object there."""
        value = self.value.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise BadItem(f"must be an object, not {type(value).__name__}", self.at(key))
        return Part(value, self.at(key))

    def parts(self, key: str) -> Iterator[Part]:
        """The objects of the list there."""
        value = self.value.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            raise BadItem(f"must be a list, not {type(value).__name__}", self.at(key))
        for index, each in enumerate(value):
            where = f"{self.at(key)}[{index}]"
            if not isinstance(each, Mapping):
                raise BadItem(f"must be an object, not {type(each).__name__}", where)
            yield Part(each, where)


def plain(text: str | None) -> str:
    """Text without mark-up: many directories write HTML where they should not."""
    if not text:
        return ""
    text = text.replace("\r\n", "\n")
    if _TAG.search(text):
        text = _LINES.sub("\n\n", _TAG.sub("", _BLOCK.sub("\n", text)))
    if _ENTITY.search(text):
        text = unescape(text).replace("\xa0", " ")
    return text.strip()

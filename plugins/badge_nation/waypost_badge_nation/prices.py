"""What a membership and a template cost on a day: data, and arithmetic in pence that never loses one."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from importlib.resources import files
from typing import Any, Final

CURRENCY: Final = "GBP"
PENNY: Final = Decimal("0.01")
HUNDRED: Final = Decimal(100)


@dataclass(frozen=True)
class Amount:
    """An amount of money: without VAT, the VAT, and both together."""

    net: Decimal
    vat: Decimal
    gross: Decimal

    def __str__(self) -> str:
        """`£30.00 (£25.00 + £5.00 VAT)`."""
        return f"£{self.gross} (£{self.net} + £{self.vat} VAT)"

    def plain(self) -> dict[str, str]:
        """The amount as the graph shows it."""
        return {"net": str(self.net), "vat": str(self.vat), "gross": str(self.gross), "currency": CURRENCY}


def with_vat(net: Decimal, percent: Decimal) -> Amount:
    """Add VAT to a net amount, rounded to the nearest penny, half a penny up."""
    net = net.quantize(PENNY, ROUND_HALF_UP)
    vat = (net * percent / HUNDRED).quantize(PENNY, ROUND_HALF_UP)
    return Amount(net, vat, net + vat)


@dataclass(frozen=True)
class Tariff:
    """The prices that hold from a day on, without VAT."""

    since: date
    membership_net: Decimal
    template_net: Decimal
    vat_percent: Decimal
    allowance: int
    months: int

    @property
    def membership(self) -> Amount:
        """What a membership costs."""
        return with_vat(self.membership_net, self.vat_percent)

    @property
    def template(self) -> Amount:
        """What one template beyond the allowance costs."""
        return with_vat(self.template_net, self.vat_percent)


def tariff_at(tariffs: Sequence[Tariff], day: date) -> Tariff:
    """The prices of a day. Raises LookupError for a day before all of them."""
    begun = [each for each in tariffs if each.since <= day]
    if not begun:
        raise LookupError(f"there are no prices of {day:%Y-%m-%d}; prices.toml begins later")
    return max(begun, key=lambda each: each.since)


def read_tariffs(text: str) -> tuple[Tariff, ...]:
    """The prices in a file's text, by their days.

    Raises ValueError for two of one day, KeyError for what is missing.
    """
    tariffs = sorted((_tariff(each) for each in tomllib.loads(text)["prices"]), key=lambda each: each.since)
    days = [each.since for each in tariffs]
    if len(set(days)) < len(days):
        raise ValueError("prices.toml has two tables that begin on one day")
    return tuple(tariffs)


def _tariff(row: dict[str, Any]) -> Tariff:
    return Tariff(
        row["since"],
        Decimal(row["membership"]),
        Decimal(row["template"]),
        Decimal(row["vat_percent"]),
        row["allowance"],
        row["months"],
    )


TARIFFS: Final = read_tariffs((files(__package__) / "prices.toml").read_text(encoding="utf-8"))
FIRST_DAY: Final = TARIFFS[0].since


def prices(day: date) -> Tariff:
    """The prices of Badge Nation on a day. Raises LookupError for a day before FIRST_DAY."""
    return tariff_at(TARIFFS, day)

"""Figures as pictures (SVG) and as tables (CSV): no script, no style sheet, words for who does not see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from waypost.insight.reading import Breakdown, Figures, Group, Month
from waypost.insight.rules import shown_months
from waypost.spreadsheets import csv_text
from waypost.tenancy.colours import WHITE, contrast

INK: Final = "#1f2430"
QUIET: Final = "#5b6472"
RULE: Final = "#d5d9e0"
LEAST_CONTRAST: Final = 3.0  # WCAG 2.2, success criterion 1.4.11: what graphics need to be understood

WIDTH: Final = 760
MARGIN: Final = 24
HEAD: Final = 76
LABELS: Final = 270
NUMBERS: Final = 64
ROW: Final = 30
BAR: Final = 18
PLOT: Final = 250
FOOT: Final = 34
MOST_ROWS: Final = 25
LETTERS: Final = 30
LETTERS_IN_HEAD: Final = 54
MONTH_WIDTH: Final = 62  # pixels that the name of a month needs

# What each chart is called, and which breakdown it shows; the months have none.
FIGURES: Final = {
    "months": ("Badges and new learners by month", ""),
    "layers": ("Badges by layer", "layer"),
    "kinds": ("Badges by kind of activity", "kind"),
    "places": ("Badges by place", "place"),
    "wards": ("Badges by ward", "ward"),
    "deprivation": ("Badges by deprivation of the place", "deprivation"),
    "ages": ("Badges by age", "age"),
}
TOGETHER: Final = "Smaller groups together"
NOTHING: Final = "Nothing to show yet: figures begin with five people and whole months."
NOTE: Final = "Nothing is told of fewer than five people."


@dataclass(frozen=True)
class Look:
    """In whose name and colours: `primary` is a colour on which white can be read, `accent` any."""

    name: str
    primary: str
    accent: str

    @property
    def second(self) -> str:
        """The colour of the second line: the accent, if it stands out from white."""
        return self.accent if contrast(self.accent, WHITE) >= LEAST_CONTRAST else INK


def chart(figure: str, figures: Figures, look: Look) -> str:
    """Draw one of FIGURES as an SVG document."""
    title, dimension = FIGURES[figure]
    if not dimension:
        return _months(title, figures.months, look)
    return _bars(title, figures.breakdown(dimension), look)


def table(figure: str, figures: Figures) -> str:
    """Write one of FIGURES as CSV (RFC 4180), safe to open in a spreadsheet."""
    _, dimension = FIGURES[figure]
    if not dimension:
        rows: list[Sequence[object]] = [("from", "to", "learners", "badges")]
        rows += [(each.from_month, each.to_month, each.learners, each.badges) for each in figures.months]
    else:
        found = figures.breakdown(dimension)
        rows = [("code", "name", "badges"), *((each.code, each.name, each.badges) for each in found.groups)]
        rows += [] if found.together is None else [("together", TOGETHER, found.together)]
    return csv_text(rows)


# Bars


def _bars(title: str, found: Breakdown, look: Look) -> str:
    groups, left_out = list(found.groups[:MOST_ROWS]), len(found.groups) - MOST_ROWS
    rows = [(each, look.primary) for each in groups]
    if found.together is not None:
        rows.append((Group("together", TOGETHER, found.together), QUIET))
    if not rows:
        return _document(title, NOTHING, look, _words(NOTHING), HEAD + 2 * ROW)
    most = max(each.badges for each, _ in rows)
    parts = [_bar(each, colour, HEAD + number * ROW, most) for number, (each, colour) in enumerate(rows)]
    height = HEAD + len(rows) * ROW
    parts.append(_line(MARGIN + LABELS, HEAD - 4, MARGIN + LABELS, height))
    note = NOTE if left_out <= 0 else f"{left_out} more in the table. {NOTE}"
    parts.append(_text(MARGIN, height + FOOT - 10, note, colour=QUIET, size=13))
    said = "; ".join(f"{each.name}: {_number(each.badges)}" for each, _ in rows)
    return _document(title, f"{said}.", look, "".join(parts), height + FOOT, _run(found.from_month, found.to_month))


def _bar(group: Group, colour: str, top: float, most: int) -> str:
    space = WIDTH - 2 * MARGIN - LABELS - NUMBERS
    long = max(2.0, space * group.badges / most)
    middle = top + BAR / 2 + 5
    return (
        f"<g><title>{_escaped(f'{group.name}: {_number(group.badges)}')}</title>"
        + _text(MARGIN + LABELS - 12, middle, _short(group.name), anchor="end")
        + f'<rect x="{MARGIN + LABELS}" y="{top:g}" width="{long:.1f}" height="{BAR}" rx="2" fill="{colour}"/>'
        + _text(MARGIN + LABELS + long + 8, middle, _number(group.badges), weight=600)
        + "</g>"
    )


# Lines


def _months(title: str, months: Sequence[Month], look: Look) -> str:
    if not months:
        return _document(title, NOTHING, look, _words(NOTHING), HEAD + 2 * ROW)
    top, step = _scale(max(each.badges for each in months))
    low, left = HEAD + 24 + PLOT, MARGIN + 50
    across = (WIDTH - MARGIN - 20 - left - 20) / max(len(months) - 1, 1)
    places = [left + 20 + number * across for number in range(len(months))]

    def height(value: int) -> float:
        return low - PLOT * value / top

    parts = []
    for value in range(0, top + 1, step):
        parts.append(_line(left, height(value), WIDTH - MARGIN, height(value)))
        parts.append(_text(left - 8, height(value) + 5, _number(value), anchor="end", colour=QUIET, size=13))
    each_label = max(1, -(-MONTH_WIDTH // max(1, int(across)))) if len(months) > 1 else 1
    for number, (month, x) in enumerate(zip(months, places, strict=True)):
        if (len(months) - 1 - number) % each_label == 0:
            parts.append(_text(x, low + 22, _short_month(month), anchor="middle", colour=QUIET, size=13))
    badges = [(x, height(each.badges)) for x, each in zip(places, months, strict=True)]
    learners = [(x, each.learners) for x, each in zip(places, months, strict=True)]
    known = _unbroken([(x, None if value is None else height(value)) for x, value in learners])
    parts += [_curve(some, look.second, dashed=True) for some in known]
    parts.append(_curve(badges, look.primary))
    for each, (x, y) in zip(months, badges, strict=True):
        said = f"{each.name}: {_month_words(each)}"
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{look.primary}"><title>{_escaped(said)}</title></circle>'
        )
    parts.append(_legend(look))
    parts.append(_text(MARGIN, low + 22 + FOOT, NOTE, colour=QUIET, size=13))
    said = "; ".join(f"{each.name}: {_month_words(each)}" for each in months)
    run = _run(months[0].from_month, months[-1].to_month)
    return _document(title, f"{said}.", look, "".join(parts), low + 22 + FOOT + 12, run)


def _month_words(month: Month) -> str:
    new = "fewer than five" if month.learners is None else _number(month.learners)
    return f"{_number(month.badges)} badges, {new} new learners"


def _short_month(month: Month) -> str:
    return shown_months(month.to_month, month.to_month)


def _unbroken(points: Sequence[tuple[float, float | None]]) -> Iterable[list[tuple[float, float]]]:
    """Split a line where nothing is known."""
    some: list[tuple[float, float]] = []
    for x, y in points:
        if y is None:
            yield some
            some = []
        else:
            some.append((x, y))
    yield some


def _curve(points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    if not points:
        return ""
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dash = ' stroke-dasharray="7 5"' if dashed else ""
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points) if dashed else ""
    return f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2.5"{dash}/>{dots}'


def _legend(look: Look) -> str:
    left, y = MARGIN, HEAD + 4
    return (
        _curve([(left, y - 5), (left + 30, y - 5)], look.primary)
        + _text(left + 38, y, "Badges", size=14)
        + _curve([(left + 120, y - 5), (left + 150, y - 5)], look.second, dashed=True)
        + _text(left + 158, y, "Learners with their first badge", size=14)
    )


def _scale(most: int) -> tuple[int, int]:
    """Choose the top of a scale and its steps: round numbers, four to eight lines."""
    step = 1
    while most > step * 5:
        step = step * 5 // 2 if str(step).startswith("2") else step * 2
    return -(-most // step) * step, step


# Parts


def _document(title: str, words: str, look: Look, body: str, height: float, run: str = "") -> str:
    whole, told = f"{look.name}: {title}", f"{run}. {words}" if run else words
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" height="{height:g}"'
        ' role="img" aria-labelledby="title desc" font-family="system-ui, -apple-system, Segoe UI, sans-serif">'
        f'<title id="title">{_escaped(whole)}</title><desc id="desc">{_escaped(told)}</desc>'
        f'<rect width="100%" height="100%" fill="{WHITE}"/>'
        + _text(MARGIN, 34, title, size=20, weight=600)
        + _text(MARGIN, 56, _short(" · ".join(filter(None, (look.name, run))), LETTERS_IN_HEAD), colour=QUIET)
        + body
        + "</svg>\n"
    )


def _words(text: str) -> str:
    return _text(MARGIN, HEAD + ROW, text, colour=QUIET)


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", colour: str = INK, size: int = 15, weight: int = 400
) -> str:
    facts = {"x": f"{x:.1f}", "y": f"{y:.1f}", "fill": colour, "font-size": str(size)}
    facts |= {"text-anchor": anchor} if anchor != "start" else {}
    facts |= {"font-weight": str(weight)} if weight != 400 else {}
    return f"<text {' '.join(f'{name}={quoteattr(value)}' for name, value in facts.items())}>{_escaped(text)}</text>"


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:g}" y1="{y1:.1f}" x2="{x2:g}" y2="{y2:.1f}" stroke="{RULE}"/>'


def _escaped(text: str) -> str:
    """Write text for XML, which has no place for control characters."""
    return escape("".join(letter if letter.isprintable() else " " for letter in text))


def _short(text: str, letters: int = LETTERS) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1].rstrip()}…"


def _number(value: int) -> str:
    return f"{value:,}"


def _run(from_month: str | None, to_month: str | None) -> str:
    return shown_months(from_month, to_month) if from_month and to_month else ""

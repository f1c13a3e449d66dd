"""Reads the project's Markdown: its fenced examples, marked tables and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

_FENCE: Final = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\s*$")
_MARKER: Final = re.compile(r"^\s*<!-- (?P<text>.+) -->\s*$")
_HEADING: Final = re.compile(r"^#+ +(?P<text>.+)$")
_LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_CODE: Final = re.compile(r"`(?P<text>[^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced example, where it stands, and what the comment above it says."""

    document: Path
    line: int
    language: str
    marker: str  # of the HTML comment on the line above, else empty
    text: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def documents() -> list[Path]:
    """Every Markdown file that the project speaks through, generated pages included."""
    folders = (ROOT.glob("*.md"), (ROOT / "docs").rglob("*.md"), (ROOT / "docker").glob("*.md"))
    return sorted(path for folder in folders for path in folder)


def blocks(document: Path) -> list[Block]:
    """The fenced examples of one document, in order."""
    return list(_blocks(document))


def _blocks(document: Path) -> Iterator[Block]:
    lines = document.read_text(encoding="utf-8").splitlines()
    begin, fence = 0, None
    for number, line in enumerate(lines, start=1):
        match = _FENCE.match(line)
        if fence is None and match:
            begin, fence = number, match
        elif fence is not None and line.strip() == "```":
            above = _MARKER.match(lines[begin - 2]) if begin > 1 else None
            indent = len(fence["indent"])
            text = "".join(f"{inner[indent:]}\n" for inner in lines[begin : number - 1])
            yield Block(document, begin, fence["language"], above["text"] if above else "", text)
            fence = None
    if fence is not None:
        raise ValueError(f"{document.name}:{begin}: a fence that nobody closes")


def examples(*languages: str) -> list[Block]:
    """Every example in one of these languages, of every document."""
    return [block for path in documents() for block in blocks(path) if block.language in languages]


def rows(document: Path, marker: str) -> list[list[str]]:
    """The cells of the tables below `<!-- marker -->`, heads left out; cells keep their Markdown.

    Ends at `<!-- /marker -->` where there is one, else with the first table.
    """
    text = document.read_text(encoding="utf-8")
    _, found, rest = text.partition(f"<!-- {marker} -->\n")
    if not found:
        raise ValueError(f"{document.name} has no <!-- {marker} -->")
    inside, closed, _ = rest.partition(f"<!-- /{marker} -->")
    if not closed:
        inside = rest.partition("\n\n")[0]
    lines = [line.strip() for line in inside.splitlines() if line.strip().startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def codes(cell: str) -> list[str]:
    """What stands `like this` in a cell."""
    return _CODE.findall(cell)


def links(document: Path) -> list[str]:
    """The targets of a document's links, code left out."""
    text = re.sub(r"(?ms)^ *```.*?^ *```", "", document.read_text(encoding="utf-8"))
    return _LINK.findall(re.sub(r"`[^`]*`", "", text))


def anchors(document: Path) -> set[str]:
    """The names under which a document's headings can be linked, spelt as code hosts spell them."""
    headings = (_HEADING.match(line) for line in document.read_text(encoding="utf-8").splitlines())
    return {_anchor(match["text"]) for match in headings if match}


def _anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.strip().replace(" ", "-")

"""Where in a plugin something went wrong, told so that its author finds the line and nobody learns of our folders."""

from __future__ import annotations

import re
import sys
from pathlib import Path, PurePath
from traceback import walk_tb


def told(error: BaseException, package: str) -> str:
    """An error on one line: its kind, its words, and the last line of the package that it came through."""
    place = _place(error, package)
    words = error.msg if isinstance(error, SyntaxError) and place else str(error)
    words = " ".join(words.split())  # as lists and logs show it
    said = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return f"{said} ({place})" if place else said


def without_folders(words: str, package: str) -> str:
    """The same words; files are named from the folder in which they are importable."""
    module = sys.modules.get(package)
    homes = {*sys.path, *(str(Path(each).parent) for each in getattr(module, "__path__", ()))}
    for home in sorted((each.rstrip("/") for each in homes if each.startswith("/")), key=len, reverse=True):
        if home:
            words = re.sub(rf"(?<![\w./-]){re.escape(home)}/", "", words)
    return words


def _place(error: BaseException, package: str) -> str:
    """Like `waypost_tide/plugin.py, line 12`; empty where the error came through no line of the package."""
    if isinstance(error, SyntaxError) and error.filename and (file := _below(error.filename, package)):
        return f"{file}, line {error.lineno}"
    place = ""
    for frame, line in walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] == package and (file := _below(frame.f_code.co_filename, package)):
            place = f"{file}, line {line}"
    return place


def _below(file: str, package: str) -> str:
    """A file's path from its package on; empty for a file that lies elsewhere."""
    parts = PurePath(file).parts
    if package not in parts:
        return ""
    first = len(parts) - 1 - parts[::-1].index(package)
    return "/".join(parts[first:])

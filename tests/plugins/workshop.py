"""Builds throw-away plugins as real distributions, without a network: a package beside its dist-info."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from textwrap import dedent

import pytest

HARMLESS = "from __future__ import annotations\n"


class Workshop:
    """A folder on `sys.path` in which plugins appear as if pip had put them there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._packages: set[str] = set()

    def install(
        self,
        name: str,
        code: str = HARMLESS,
        *,
        distribution: str = "",
        package: str = "",
        entry_point: str = "",
        manifest: str | None = "",
        prefix: str = "",
        api: str = ">=1,<2",
        contributes: Iterable[str] = (),
        requires: Iterable[str] = (),
        settings: str = "",
        files: Mapping[str, str] | None = None,
    ) -> str:
        """Install a plugin and return the name of its distribution.

        `code` is its module `plugin`; `manifest` replaces the whole text of its manifest, None leaves it out; `files`
        lie in its package, too: texts by path.
        """
        package = package or f"waypost_{name}"
        distribution = distribution or f"waypost-{name}".replace("_", "-")
        self._packages.add(package)
        self._write(f"{package}/__init__.py", "")
        self._write(f"{package}/plugin.py", dedent(code))
        if manifest is not None:
            text = manifest or self._manifest(name, prefix or name, api, contributes, requires, settings)
            self._write(f"{package}/waypost-plugin.toml", text)
        for path, text in (files or {}).items():
            self._write(f"{package}/{path}", text)
        info = f"{distribution.replace('-', '_')}-1.0.0.dist-info"
        self._write(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0.0\n")
        self._write(f"{info}/entry_points.txt", f"[waypost]\n{entry_point or name} = {package}.plugin\n")
        return distribution

    def imported(self, name: str) -> bool:
        """Whether anything of a plugin's package was imported."""
        return f"waypost_{name}" in sys.modules

    def close(self) -> None:
        """Forget what was imported, so that the next test may use the names again."""
        for module in list(sys.modules):
            if module.partition(".")[0] in self._packages:
                del sys.modules[module]

    def _write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    @staticmethod
    def _manifest(
        name: str, prefix: str, api: str, contributes: Iterable[str], requires: Iterable[str], settings: str
    ) -> str:
        head = {
            "name": name,
            "version": "1.0.0",
            "api": api,
            "title": f"A plugin called {name}",
            "prefix": prefix,
        }
        lists = {"contributes": list(contributes), "requires": list(requires)}
        # Text and lists of text are written alike in JSON and TOML.
        lines = [f"{key} = {dumps(value)}" for key, value in {**head, **lists}.items()]
        return "\n".join(lines) + "\n" + dedent(settings)


@contextmanager
def workshop_in(folder: Path) -> Iterator[Workshop]:
    """Have a workshop until the end, whose plugins are found and imported as installed ones are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        made = Workshop(folder)
        try:
            yield made
        finally:
            made.close()

"""Style sheets and scripts of our own pages, kept by browsers for as long as they stay the same."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_WHILE = "public, max-age=300"


class Assets(StaticFiles):
    """Serves `/static/…`, and knows the addresses by which pages should ask."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)
        self._digests: dict[str, str] = {}

    def url(self, path: str) -> str:
        """The address of a file below `static/`, with its digest, so that a new version is a new address."""
        return f"/static/{path}?v={self._digest(path)}"

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Answer with a file: kept for ever when asked for by its digest, else for five minutes."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("v")
        path = Path(full_path).relative_to(FOLDER.resolve()).as_posix()
        response.headers["Cache-Control"] = FOR_EVER if asked == [self._digest(path)] else FOR_A_WHILE
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _digest(self, path: str) -> str:
        if path not in self._digests:
            self._digests[path] = sha256((FOLDER / path).read_bytes()).hexdigest()[:12]
        return self._digests[path]

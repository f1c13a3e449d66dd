"""Refusals as payloads show them: types that may stand in any payload's union."""

from __future__ import annotations

import strawberry

from .declare import Error


@strawberry.type(description="Something here has that slug, or had it once: slugs are never given again.")
class SlugTaken(Error):
    """Choose another slug, or leave it out."""


@strawberry.type(description="A value that the field does not take; `code` says more nearly why, `path` where.")
class Invalid(Error):
    """Correct the input."""


@strawberry.type(description="The row is kept in the city's files, which would overwrite the change.")
class ManagedByFiles(Error):
    """Change the file."""

    source: str | None = strawberry.field(
        default=None, description="The file and the key in it, such as catalogue/places.toml#jubilee-library."
    )

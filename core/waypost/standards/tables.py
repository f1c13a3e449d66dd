"""Badge standards and their layers, as data."""

from __future__ import annotations

from piccolo.columns import Array, Boolean, Integer, Text

from waypost.db import ReferenceTable


class Standard(ReferenceTable, key=("code",)):
    """A published way to sort badges, in one version."""

    code = Text(help_text="Like `rsa-2019`.")
    name = Text()
    version = Text()
    is_progression = Boolean(default=False, help_text="Whether its layers are levels that follow each other.")
    endorsed_by = Array(base_column=Text(), default=list)


class Layer(ReferenceTable, key=("code",)):
    """A type of experience that a badge can recognise."""

    code = Text(help_text="Qualified by its standard: `rsa-2019/engage`.")
    standard_code = Text()
    name = Text()
    description = Text()
    examples = Array(base_column=Text(), default=list)
    position = Integer(help_text="From 1.")


class LayerCrosswalk(ReferenceTable, key=("from_code", "to_code")):
    """How a layer of one standard relates to a layer of another."""

    from_code = Text()
    to_code = Text()
    relation = Text(help_text="exactMatchOf or isRelatedTo, as in CASE.")


TABLES = (Standard, Layer, LayerCrosswalk)

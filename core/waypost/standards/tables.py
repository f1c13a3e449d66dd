"""Badge standards and their layers, as data."""

from __future__ import annotations

from piccolo.columns import Array, Boolean, Integer, Text

from waypost.db import ReferenceTable


class Standard(ReferenceTable, key=("code",)):
    """A published way to sort badges, in one version."""

    code = Text(help_text="Such as rsa-2019; layers' codes begin with it.")
    name = Text(help_text="As its publisher writes it.")
    version = Text(help_text="As its publisher counts, such as a year.")
    is_progression = Boolean(default=False, help_text="Whether its layers are levels that follow each other.")
    endorsed_by = Array(base_column=Text(), default=list, help_text="Names of the bodies that stand behind it.")


class Layer(ReferenceTable, key=("code",)):
    """A type of experience that a badge can recognise."""

    code = Text(help_text="Qualified by its standard, such as rsa-2019/engage.")
    standard_code = Text()
    name = Text(help_text="As the standard writes it, such as Engage.")
    description = Text(help_text="What its badges have in common, in the standard's words.")
    examples = Array(base_column=Text(), default=list, help_text="What such badges are given for.")
    position = Integer(help_text="From 1.")


class LayerCrosswalk(ReferenceTable, key=("from_code", "to_code")):
    """How a layer of one standard relates to a layer of another."""

    from_code = Text()
    to_code = Text()
    relation = Text(help_text="exactMatchOf or isRelatedTo, as in CASE.")


TABLES = (Standard, Layer, LayerCrosswalk)

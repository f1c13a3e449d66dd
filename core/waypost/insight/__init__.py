"""A city's figures, in which nobody can be found."""

from __future__ import annotations

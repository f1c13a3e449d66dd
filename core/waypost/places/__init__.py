"""Where things are: places, postcodes, outlines."""

from __future__ import annotations

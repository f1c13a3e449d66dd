"""Marks in the text of an answer, by which the engine finds what is left to be done."""

from __future__ import annotations

from .sql import literal

# Stands where an object that may not be null is hidden; the engine looks for it and lets the null climb as
# GraphQL wants. A string in the place of an object, so nothing that is stored can be taken for it.
HIDDEN = "\x01"
HIDDEN_MARK = '"\\u0001"'
HIDDEN_JSON = literal(HIDDEN_MARK)
# Likewise where an id names nothing here: it was made up, is another city's, or the row is gone.
MISSING = "\x02"
MISSING_MARK = '"\\u0002"'
MISSING_JSON = literal(MISSING_MARK)
# Begins what Python finishes: a key that is no GraphQL name, and no text can hold it unescaped.
PLACE_MARK = '{"$":'
# What is to be done at such a place: a row of another tenant is to be read nationally.
AWAY = "a row of another tenant"

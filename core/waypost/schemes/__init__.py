"""National and local schemes: tables of rules as data, read from files and plugins, held against facts."""

from __future__ import annotations

"""People, identities, tokens, and what a role may do."""

from __future__ import annotations

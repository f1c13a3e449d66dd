"""What is kept of a person: shown to them, and forgotten when they wish."""

from __future__ import annotations

"""A city and frameworks: what it imports for itself, what its badges are aligned with, and what is lacking."""

from __future__ import annotations

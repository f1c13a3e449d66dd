"""What people earned."""

from __future__ import annotations

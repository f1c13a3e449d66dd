"""What one can do, where and when."""

from __future__ import annotations

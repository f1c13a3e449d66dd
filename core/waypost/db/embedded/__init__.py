"""PostgreSQL in the data directory: started by the first who needs it, stopped by the last."""

from __future__ import annotations

from waypost.db.embedded.server import Embedded

__all__ = ["Embedded"]

"""Who fits a scheme, answered from facts that are never kept; and the schemes of opportunities."""

from __future__ import annotations

"""The Badge School: badges in the making, what helps their writers, and who reviews them."""

from __future__ import annotations

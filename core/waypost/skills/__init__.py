"""Tags, the concepts behind them, and frameworks."""

from __future__ import annotations

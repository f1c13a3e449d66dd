"""The labour market: occupations and their figures, asked of sources outside and shown with their licences."""

from __future__ import annotations

from waypost.labour.market import LabourMarket

__all__ = ["LabourMarket"]

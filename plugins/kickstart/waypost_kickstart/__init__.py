"""Kickstart for Waypost: the scheme's rules by date, placements, gateways, and applications with their decisions."""

from __future__ import annotations

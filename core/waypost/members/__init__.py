"""Who has which role in a city: members, invitations, and tokens that speak for them."""

from __future__ import annotations

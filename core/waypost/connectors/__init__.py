"""Issuing platforms: what was awarded here is given there too, once, to who agreed."""

from __future__ import annotations

from waypost.connectors.calls import ask, json_of, retry_after_s
from waypost.connectors.hints import hints_for
from waypost.outbox.connecting import (
    Access,
    Connector,
    ConnectorError,
    Doubtful,
    Figure,
    Hint,
    Hinted,
    Invalid,
    Issued,
    IssueState,
    NotFound,
    Order,
    Page,
    Sought,
    Template,
    Throttled,
    Unauthorised,
    Unavailable,
)

__all__ = [
    "Access",
    "Connector",
    "ConnectorError",
    "Doubtful",
    "Figure",
    "Hint",
    "Hinted",
    "Invalid",
    "IssueState",
    "Issued",
    "NotFound",
    "Order",
    "Page",
    "Sought",
    "Template",
    "Throttled",
    "Unauthorised",
    "Unavailable",
    "ask",
    "hints_for",
    "json_of",
    "retry_after_s",
]

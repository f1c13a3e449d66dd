"""What happened, written in the transaction that made it true, and who may make things happen."""

from __future__ import annotations

from waypost.outbox.act import OWN, Act, CityClosed, Command, Event, Forbidden, command

__all__ = ["OWN", "Act", "CityClosed", "Command", "Event", "Forbidden", "command"]

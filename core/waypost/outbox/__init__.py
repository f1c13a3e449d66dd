"""What happened, written in the transaction that made it true, and who may make things happen."""

from __future__ import annotations

from waypost.outbox.act import Act, CityClosed, Command, Event, Forbidden, command

__all__ = ["Act", "CityClosed", "Command", "Event", "Forbidden", "command"]

"""Trees of steps through badges towards a job, a course or a cause."""

from __future__ import annotations

"""`python -m waypost.cli` is the same as `waypost`."""

from __future__ import annotations

from waypost.cli.main import main

main()

"""A tenant's catalogue moves on with every write, and every process hears of it."""

from __future__ import annotations

from typing import Final

CHANNEL: Final = "waypost_catalogue"

# Last in the transaction, so that the row, which all writes of a tenant share, is held for a moment only. The
# condition is asked before this statement writes itself: who only read gets no identifier, and moves nothing.
MOVE_SQL: Final = f"""
WITH moved AS (
    INSERT INTO public.catalogue_version AS known (tenant_id, version)
    SELECT $1::uuid, 1 WHERE pg_current_xact_id_if_assigned() IS NOT NULL
    ON CONFLICT (tenant_id) DO UPDATE SET version = known.version + 1, moved_at = now()
    RETURNING version
)
SELECT version, pg_notify('{CHANNEL}', $1::text || ':' || version) FROM moved
"""

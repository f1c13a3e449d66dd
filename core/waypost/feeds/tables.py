"""How far each feed was read, and which row an item became."""

from __future__ import annotations

from piccolo.columns import UUID, Integer, Text, Timestamptz

from waypost.db import TenantTable

BOOKKEEPING = "How far a feed was read; what it changed is told by the rows themselves."


class Feed(TenantTable, unaudited=BOOKKEEPING):
    """A feed that a tenant takes from outside; its settings are those of the plugin."""

    plugin = Text(help_text="Which plugin reads it.")
    name = Text(help_text="As the city's settings call it.")
    state = Text(default="waiting", help_text="waiting, reading, failed or off.")
    round = Integer(default=0, help_text="How often it was begun.")
    cursor = Text(null=True, help_text="Where the next page begins: JSON of the plugin's own.")
    came_to = Timestamptz(null=True, help_text="How far in time it has come, where it is in order of time.")
    job_id = UUID(null=True)
    pages = Integer(default=0, help_text="Pages read since it was last begun.")
    items = Integer(default=0, help_text="Items read since it was last begun.")
    total = Integer(null=True, help_text="How many it said there are.")
    problems = Integer(default=0, help_text="What could not be used since it was last begun.")
    attempts = Integer(default=0, help_text="How often the page that is next could not be had.")
    problem_code = Text(null=True, help_text="Why it was not read to its end, as a code such as FEED_HTML.")
    problem = Text(null=True, help_text="Why it was not read to its end.")
    begun_at = Timestamptz(null=True, help_text="When it was last begun.")
    ended_at = Timestamptz(null=True, help_text="When it was last read to its end, or given up.")
    due_at = Timestamptz(help_text="When it is read next.")


class FeedRow(TenantTable, key=("feed_id", "object_type", "source_id"), unaudited=BOOKKEEPING):
    """Which row an item became."""

    feed_id = UUID()
    object_type = Text(help_text="opportunity or place.")
    source_id = Text(help_text="The feed's own id.")
    object_id = UUID()
    digest = Text(help_text="Of what the item said; empty: to be written again when it comes.")
    round = Integer(help_text="When it was last seen.")
    modified = Timestamptz(null=True)


class FeedPage(TenantTable, key=("feed_id", "key"), unaudited=BOOKKEEPING):
    """What a page held when it had an ETag."""

    feed_id = UUID()
    key = Text(help_text="Of its address.")
    etag = Text()
    settings = Text(help_text="Digest of the settings under which it was read.")
    page = Text(help_text="Its ids, and where it went on: JSON.")
    round = Integer()


TABLES = (Feed, FeedRow, FeedPage)

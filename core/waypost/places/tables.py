"""Where things are."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, DoublePrecision, Integer, Text, Timestamptz

from waypost.db import ReferenceTable, TenantTable


class Postcode(ReferenceTable, key=("code",)):
    """A postcode with its centroid, and what figures need to know about it."""

    code = Text(help_text="Upper case, without the space.")
    latitude = DoublePrecision()
    longitude = DoublePrecision()
    nation = Text(null=True, help_text="ISO 3166-2, e.g. GB-WLS.")
    district = Text(null=True, help_text="Code of the local authority district.")
    ward = Text(null=True)
    lsoa = Text(null=True)
    deprivation_rank = Integer(null=True, help_text="Within its own nation: never compare across nations.")
    ended = Text(null=True, help_text="Month in which it ended, yyyymm.")
    source = Text(help_text="built-in, or the file it came from.")


class Place(TenantTable):
    """A library, school, park or hall where something happens."""

    slug = Text(help_text="Unique in the tenant; part of public addresses, so never reused.")
    name = Text()
    kind = Text(help_text="Such as library, college, community-centre, park or other.")
    address = Text(null=True, help_text="The street and what follows, on one line.")
    postcode = Text(null=True, help_text="With its space, such as BN1 1GE.")
    latitude = DoublePrecision()
    longitude = DoublePrecision()
    inside_area = Boolean(
        help_text="Whether it is inside the city's outline; what is not is shown and flagged, never refused."
    )
    source = Text(null=True, help_text="Who published the data, for what came from a feed.")
    licence = Text(null=True, help_text="Under what licence the data may be shown, for what came from a feed.")
    attribution = Text(null=True, help_text="What the licence asks to be shown with it, for what came from a feed.")
    state = Text(default="open", help_text="open or closed.")
    public = Boolean(default=False)
    managed_by = Text(default="graph", help_text="files, graph, feed:… or demo: who may change the row.")
    source_id = Text(null=True, help_text="File and key, or the feed's own id.")
    created_at = Timestamptz()
    updated_at = Timestamptz()


class PlaceText(TenantTable, key=("place_id", "language")):
    """A place's words in one language."""

    place_id = UUID()
    language = Text()
    original = Boolean()
    name = Text()
    public = Boolean(default=False)


class PlaceAccessibility(TenantTable, key=("place_id", "code")):
    """Something that makes a place accessible."""

    place_id = UUID()
    code = Text()
    public = Boolean(default=False)


TABLES = (Postcode, Place, PlaceText, PlaceAccessibility)

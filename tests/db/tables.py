"""The throw-away tables of `yard/*.sql`, one or two of each kind."""

from __future__ import annotations

from pathlib import Path

from piccolo.columns import UUID, Boolean, Integer, Text

from waypost.db import App, PersonTable, PlatformTable, ReferenceTable, TenantTable


class Note(TenantTable):
    title = Text()
    words = Text(null=True)
    public = Boolean(default=False)


class Draft(TenantTable):
    title = Text()
    words = Text(default="")


class Colour(ReferenceTable, key=("code",)):
    code = Text()
    name = Text()


class NoteColour(TenantTable, key=("note_id", "colour_code")):
    note_id = UUID()
    colour_code = Text()
    weight = Integer(default=0)


class Diary(PersonTable):
    words = Text()


class SignIn(PersonTable, key=(), grants={"system": "SELECT, INSERT"}):
    secret = Text()


class Door(
    PlatformTable,
    key=("slug",),
    grants={"city": "SELECT, INSERT, UPDATE, DELETE", "national": "SELECT", "system": "SELECT, INSERT"},
    tenant_policy=True,
    reason="Found before a scope is known.",
):
    slug = Text()
    tenant_id = UUID()


class Queue(PlatformTable, grants={"city": "INSERT", "system": "SELECT, DELETE"}, reason="A queue."):
    job = Text()


YARD = App(
    name="waypost",
    migrations=Path(__file__).parent / "yard",
    tables=(Note, Draft, Colour, NoteColour, Diary, SignIn, Door, Queue),
)

"""People, how they are found, and what they may do."""

from __future__ import annotations

from piccolo.columns import UUID, Text, Timestamptz

from waypost.db import PersonTable, PlatformTable, TenantTable


class Person(
    PlatformTable,
    grants={"system": "SELECT, INSERT, UPDATE"},
    reason="A person belongs to no tenant; the row holds no name and no address.",
):
    """Somebody who signed in, or was given a token."""

    created_at = Timestamptz()
    erased_at = Timestamptz(null=True)


class Identity(
    PlatformTable,
    key=("digest",),
    grants={"system": "SELECT, INSERT, UPDATE"},
    reason="Finds the person behind an address before any scope is known; holds a keyed digest only.",
):
    """A way to find a person: the keyed digest of an address."""

    digest = Text()
    person_id = UUID()


class PersonProfile(PersonTable, key=()):
    """What a person says about themselves."""

    name = Text(null=True, help_text="What they call themselves; null where they never said.")
    language = Text(null=True, help_text="BCP 47, such as cy.")


class PersonAddress(PersonTable):
    """An e-mail address of a person."""

    address = Text()
    verified_at = Timestamptz(null=True)


class Membership(TenantTable):
    """A role that a person has in a tenant, or for one issuer of it."""

    person_id = UUID()
    role = Text(help_text="Such as city-admin, curator, issuer-admin or learner.")
    issuer_id = UUID(null=True, help_text="The role holds for this issuer's objects only.")
    created_at = Timestamptz()


class Token(
    PlatformTable,
    grants={"system": "SELECT, INSERT, UPDATE"},
    reason="A bearer token is found before its tenant is known; only a hash is kept.",
):
    """A bearer token, worth no more than the membership it names."""

    digest = Text(help_text="SHA-256 of the token, hexadecimal.")
    person_id = UUID()
    tenant_id = UUID(null=True, help_text="Null = an operator's, for the national graph.")
    role = Text()
    issuer_id = UUID(null=True)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    last_used_at = Timestamptz(null=True, help_text="Written at most once a minute.")
    revoked_at = Timestamptz(null=True)


TABLES = (Person, Identity, PersonProfile, PersonAddress, Membership, Token)

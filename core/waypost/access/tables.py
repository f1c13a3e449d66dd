"""People, how they are found, and what they may do."""

from __future__ import annotations

from piccolo.columns import UUID, Array, Text, Timestamptz

from waypost.db import PersonTable, PlatformTable, TenantTable


class Person(
    PlatformTable,
    grants={"system": "SELECT, INSERT, UPDATE, DELETE"},
    reason="A person belongs to no tenant; the row holds no name and no address.",
):
    """Somebody who signed in, or was given a token."""

    created_at = Timestamptz()
    known_at = Timestamptz(null=True, help_text="Null = an address that was only typed; forgotten after a day.")
    erased_at = Timestamptz(null=True)


class Identity(
    PlatformTable,
    key=("digest",),
    grants={"system": "SELECT, INSERT, UPDATE, DELETE"},
    reason="Finds the person behind an address before any scope is known; holds a keyed digest only.",
):
    """A way to find a person: the keyed digest of an address, or of what a provider calls them."""

    digest = Text()
    person_id = UUID()


class PersonProfile(PersonTable, key=()):
    """What a person says about themselves."""

    name = Text(null=True, help_text="What they call themselves; null where they never said.")
    language = Text(null=True, help_text="BCP 47, such as cy.")


class PersonAddress(PersonTable):
    """An e-mail address of a person."""

    address = Text(help_text="In its normal form: lower case, no spaces around.")
    verified_at = Timestamptz(null=True, help_text="When they proved it; null where they have not yet.")
    asked_at = Timestamptz(null=True, help_text="When they asked to add it; null again as soon as it is proved.")


class Membership(TenantTable):
    """A role that a person has in a tenant, or for one issuer of it."""

    person_id = UUID()
    role = Text(help_text="Such as city-admin, curator, issuer-admin or learner.")
    issuer_id = UUID(null=True, help_text="The role holds for this issuer's objects only.")
    name = Text(null=True, help_text="What the city calls them, as the invitation said it.")
    created_at = Timestamptz()


class PersonTenant(
    PlatformTable,
    key=("person_id", "tenant_id"),
    grants={"city": "INSERT", "system": "SELECT, DELETE"},
    tenant_policy=True,
    reason="Tells in which tenants to look for a person's memberships; holds ids only, and proves nothing.",
):
    """A tenant in which a person has, or had, a role."""

    person_id = UUID()
    tenant_id = UUID()


class Invitation(TenantTable):
    """A role that is held out to whoever reads the letter with its code."""

    state = Text(default="open", help_text="open, accepted or withdrawn.")
    address = Text(null=True, help_text="Where the letter goes; forgotten as soon as it is over.")
    name = Text(null=True, help_text="What the city calls them; forgotten as soon as it is over.")
    language = Text(null=True, help_text="Of the letter, BCP 47.")
    role = Text(help_text="What is held out, such as curator.")
    issuer_id = UUID(null=True)
    code_digest = Text(null=True, help_text="SHA-256 of the letter's code; null until the letter is written.")
    invited_by = UUID(help_text="The person who gives the role.")
    member_id = UUID(null=True, help_text="The membership that came of it.")
    created_at = Timestamptz(help_text="When it was made, or made again.")
    letters_at = Array(
        base_column=Timestamptz(),
        default=list,
        help_text="When letters were asked for, of the last day; they are counted.",
    )
    expires_at = Timestamptz(help_text="Until when it can be accepted.")


class AccessToken(TenantTable):
    """What a city knows of a token that speaks for one of its members."""

    person_id = UUID()
    name = Text(help_text="What it is for, in the words of whoever made it.")
    role = Text(help_text="The role that it has; never more than its owner's.")
    issuer_id = UUID(null=True)
    permissions = Array(base_column=Text(), null=True, help_text="It may do these only; null = all of its role.")
    maker_id = UUID(null=True, help_text="The token that made it, with which it ends; null where a person did.")
    created_at = Timestamptz(help_text="When it was made.")
    expires_at = Timestamptz(help_text="Until when it holds.")
    revoked_at = Timestamptz(null=True, help_text="When it was taken back.")


class Token(
    PlatformTable,
    grants={"city": "INSERT", "system": "SELECT, INSERT, UPDATE, DELETE"},
    tenant_policy=True,
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


class Session(
    PlatformTable,
    key=("digest",),
    grants={"system": "SELECT, INSERT, UPDATE, DELETE"},
    reason="A browser's cookie is found before anybody knows whose it is; only a hash is kept.",
):
    """A browser in which somebody signed in."""

    digest = Text(help_text="SHA-256 of the cookie, hexadecimal.")
    person_id = UUID()
    created_at = Timestamptz()
    seen_at = Timestamptz(help_text="Written at most every five minutes.")
    expires_at = Timestamptz(help_text="Moves on while it is used.")


class SignInAttempt(
    PlatformTable,
    grants={"system": "SELECT, INSERT, UPDATE, DELETE"},
    reason="Somebody signs in before anybody knows who it is; holds ids, digests and a path, for a day.",
):
    """One attempt to sign in, by a link or by a provider, or to add an address."""

    way = Text(help_text="link, provider or address.")
    browser_digest = Text(help_text="Of the cookie of the browser that asked.")
    client_digest = Text(help_text="Keyed digest of the client's address, or of the one to be added, to count by.")
    tenant_id = UUID(null=True, help_text="Where it began; null = on the platform's own pages.")
    provider = Text(null=True)
    host = Text(null=True, help_text="The tenant's own host where it began there.")
    return_to = Text(null=True, help_text="A path of the same host.")
    language = Text(null=True)
    person_id = UUID(null=True, help_text="Whose address the letter goes to.")
    address_id = UUID(null=True)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True)


TABLES = (
    Person,
    Identity,
    PersonProfile,
    PersonAddress,
    Membership,
    PersonTenant,
    Invitation,
    AccessToken,
    Token,
    Session,
    SignInAttempt,
)

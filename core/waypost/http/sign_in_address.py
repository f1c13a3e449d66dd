"""`/sign-in/address`: what the letter leads to by which somebody proves a further address."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from starlette.types import Receive

from waypost.access.addresses import Proof, address_asked, prove_address
from waypost.access.identities import veiled
from waypost.access.keys import read_code
from waypost.access.sessions import find_session
from waypost.http.replies import Reply
from waypost.http.sign_in import Visit

TAKEN: Final = "This address belongs to another account already. Sign in with it, and remove it there first."
NOT_YOURS: Final = "Another account than the one that you are signed in to here asked for this address."


async def show_address(visit: Visit, _receive: Receive) -> Reply:
    """What the link leads to: a button; looking at it uses nothing up."""
    code = visit.letter.get("code", "")
    id = read_code(code, visit.platform.secret_key, "address")
    found = None if id is None else await address_asked(visit.platform.database, id, visit.now)
    return visit.pages.address_over() if found is None else visit.pages.address(code, veiled(found[1]))


async def use_address(visit: Visit, receive: Receive) -> Reply:
    """Add the address to whoever asked for it, if it is they who press the button.

    Whose mailbox it is may not be who asked: so both the letter and the session of who asked are needed.
    """
    code = (await visit.form(receive)).get("code", "")
    platform = visit.platform
    id = read_code(code, platform.secret_key, "address")
    if id is None or await address_asked(platform.database, id, visit.now) is None:
        return visit.pages.address_over()
    person = None if visit.session is None else await find_session(platform.database, visit.session, visit.now)
    if person is None:
        way = f"{visit.prefix}/sign-in?{urlencode({'to': f'{visit.prefix}/sign-in/address'})}"
        return visit.kept(visit.pages.sign_in_first(way), code=code)
    key = platform.secret_key
    proof = await prove_address(platform.database, id, person, visit.join, secret_key=key, now=visit.now)
    if proof is Proof.DONE:
        return visit.pages.address_added().under({"Set-Cookie": platform.cookies.clear_letter()})
    if proof is Proof.OVER:
        return visit.pages.address_over()
    return visit.pages.address_refused(TAKEN if proof is Proof.TAKEN else NOT_YOURS)

"""An award is given at Credly too, once, to who agreed."""

from __future__ import annotations

from tests.connectors.fake_credly import FakeCredly
from tests.connectors.stage import OWNER, Issuing


async def test_an_award_is_given_to_who_agrees(stage: Issuing, fake: FakeCredly, linked: str) -> None:
    await stage.earner("Ada Love")
    award = await stage.earns("Ada Love", "brighton", "film-maker")
    (record,) = await stage.records("Ada Love")
    assert (record["state"], record["platform"], record["owner"]["slug"]) == ("NEEDS_CONSENT", "Credly", OWNER)
    assert fake.badges == {}, "nothing is sent before"
    await stage.agrees("Ada Love")
    (badge,) = fake.of(linked)
    assert (badge["issued_to"], badge["recipient_email"]) == ("E. Arner", "ada.love@example.org")
    assert badge["expires_at"] is None
    (record,) = await stage.records("Ada Love")
    assert (record["state"], record["externalId"], record["url"]) == ("PENDING", badge["id"], badge["badge_url"])
    (entry,) = await stage.entries()
    assert (entry["award_id"], entry["state"], entry["attempts"]) == (award, "pending", 1)
    await stage.earns("Ada Love", "brighton", "explorer")
    assert len(fake.badges) == 1, "no template is linked to that"

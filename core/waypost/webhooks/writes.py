"""Mutations of webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import strawberry

from waypost.graph import ID, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, needed, row_of
from waypost.graph.mutations import Found
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid
from waypost.outbox import Act
from waypost.refusal import Refusal

from . import commands
from .graph import Delivery, Webhook

if TYPE_CHECKING:
    from waypost.db import Database
    from waypost.graph.request import Request

SECRET = "Begins with whsec_, and is shown this once: the receiver checks signatures with it."  # noqa: S105 - words


@strawberry.input(description="An address to be told of what happens.")
class CreateWebhookInput:
    """Who and what."""

    url: str = needed("https, a public address, without a name or password in it.")
    events: list[str] = needed("Types of events, such as badge.published; award.* means all of awards.")


@strawberry.input(description="A webhook whose secret is to be changed.")
class RotateWebhookSecretInput:
    """Which."""

    webhook: ID = needed("The id of a webhook of this city.")


@strawberry.input(description="A webhook that is to be told nothing any more.")
class RemoveWebhookInput:
    """Which."""

    webhook: ID = needed("The id of a webhook of this city.")


@strawberry.input(description="A delivery that is to be sent once more.")
class ReplayDeliveryInput:
    """Which."""

    delivery: ID = needed("The id of a delivery that is dead or delivered.")


@value
class CreateWebhookSuccess:
    """It is told of what happens from now on."""

    webhook: Webhook = column(doc="Who is told, and of what.")
    secret: str = column(doc=SECRET)


@value
class RotateWebhookSecretSuccess:
    """It has a new secret; for a day the one before signs too."""

    webhook: Webhook = column(doc="Who is told, and of what.")
    secret: str = column(doc=SECRET)


@value
class RemoveWebhookSuccess:
    """It is told nothing any more."""

    webhook: Webhook = column(doc="The webhook that was removed.")


@value
class ReplayDeliverySuccess:
    """It is on its way again, under the same id."""

    delivery: Delivery = column(doc="The delivery as it is now.")


CreateWebhookPayload: Any = payload("CreateWebhookPayload", CreateWebhookSuccess, Invalid)
RotateWebhookSecretPayload: Any = payload("RotateWebhookSecretPayload", RotateWebhookSecretSuccess)
RemoveWebhookPayload: Any = payload("RemoveWebhookPayload", RemoveWebhookSuccess)
ReplayDeliveryPayload: Any = payload("ReplayDeliveryPayload", ReplayDeliverySuccess, Invalid)


async def _keys(_database: Database, request: Request, _given: Mapping[str, Any]) -> Found:
    """Find what the operator decided."""
    settings = request.services.settings
    return Found(given={"keys": commands.Keys(settings.load_secret_key(), settings.allow_private_targets)})


async def _create(act: Act, given: Given) -> Outcome:
    return _shown(await commands.create_webhook(act, given["url"], given["events"], given["keys"]))


async def _rotate(act: Act, given: Given) -> Outcome:
    webhook = row_of("Webhook", given["webhook"], act.here.tenant_id)
    return _shown(await commands.rotate_webhook_secret(act, webhook, given["keys"]))


async def _remove(act: Act, given: Given) -> Outcome:
    done = await commands.remove_webhook(act, row_of("Webhook", given["webhook"], act.here.tenant_id))
    return done if isinstance(done, Refusal) else {"webhook": Row("Webhook", done.webhook)}


async def _replay(act: Act, given: Given) -> Outcome:
    done = await commands.replay_delivery(act, row_of("Delivery", given["delivery"], act.here.tenant_id))
    return done if isinstance(done, Refusal) else {"delivery": Row("Delivery", done.delivery)}


def _shown(done: commands.WithSecret | Refusal) -> Outcome:
    return done if isinstance(done, Refusal) else {"webhook": Row("Webhook", done.webhook), "secret": done.secret}


@mutation
class WebhookMutation:
    """What is done to webhooks."""

    create_webhook: CreateWebhookPayload = act(
        _create, CreateWebhookInput, before=_keys, doc="Tell an address of what happens from now on."
    )
    rotate_webhook_secret: RotateWebhookSecretPayload = act(
        _rotate, RotateWebhookSecretInput, by="webhook", before=_keys, doc="Change the secret that signs."
    )
    remove_webhook: RemoveWebhookPayload = act(
        _remove, RemoveWebhookInput, by="webhook", doc="Tell it nothing any more."
    )
    replay_delivery: ReplayDeliveryPayload = act(
        _replay, ReplayDeliveryInput, by="delivery", doc="Send a message once more, under the same id."
    )


TYPES = (
    CreateWebhookInput,
    RotateWebhookSecretInput,
    RemoveWebhookInput,
    ReplayDeliveryInput,
    CreateWebhookSuccess,
    RotateWebhookSecretSuccess,
    RemoveWebhookSuccess,
    ReplayDeliverySuccess,
    WebhookMutation,
)

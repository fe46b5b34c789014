"""The models of requests and answers about webhooks."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.http.schema import Text
from app.service.webhook_desk import MAX_OLD_HOURS
from app.webhook.address_guard import MAX_URL_CHARS

EventName = Annotated[Text, Field(max_length=64)]


class NewWebhook(BaseModel):
    """A webhook that is to be made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"url": "https://example.org/hook", "events": ["version.named"]}]
        }
    )

    url: Annotated[Text, Field(min_length=1, max_length=MAX_URL_CHARS)]
    events: list[EventName] = Field(
        default=[], max_length=32, description="The types of events; none: all."
    )


class WebhookEntry(BaseModel):
    """A webhook, without its secret."""

    id: str = Field(examples=["7f0c3a5e9b1d2468"])
    url: str
    events: list[str] = Field(description="The types of events that it is sent; none: all.")
    created_by: str
    created_at: str
    paused: bool
    paused_because: str | None = Field(description="Why, and null while it is not paused.")
    failures: int = Field(description="Attempts that have failed since the last success.")
    last_error: str | None
    delivered: int
    delivered_at: str | None = Field(description="The time of the last success.")
    queued: int
    dead: int = Field(description="Deliveries that were given up.")
    lost: int = Field(description="Events that were not queued, as too many were.")


class MadeWebhook(WebhookEntry):
    """A webhook with its secret, which is shown this once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class WebhookList(BaseModel):
    """All webhooks, oldest first."""

    webhooks: list[WebhookEntry]


class WebhookChange(BaseModel):
    """The state that a webhook is to have."""

    paused: bool


class SecretChange(BaseModel):
    """The time for which the secret before signs as well."""

    old_hours: int = Field(default=24, ge=0, le=MAX_OLD_HOURS, strict=True)


class NewSecret(BaseModel):
    """The new secret of a webhook, which is shown this once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    old_until: str | None = Field(description="When the one before ends; null: it has ended.")


class TestOutcome(BaseModel):
    """The outcome of a message of the type `webhook.test`."""

    ok: bool
    error: str | None


class DeadDelivery(BaseModel):
    """A delivery that was given up."""

    id: str = Field(description="As in `webhook-id`.")
    type: str
    attempts: int
    error: str
    message: dict[str, Any] = Field(description="The message as it would be sent.")


class DeadList(BaseModel):
    """A page of deliveries that were given up, in their order."""

    deliveries: list[DeadDelivery]
    next: str | None = Field(description="`after` of the next page.")

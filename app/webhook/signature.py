"""Signatures of what is sent to webhooks, by the Standard Webhooks specification.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md:
`webhook-id`, `webhook-timestamp` (seconds), and `webhook-signature`: `v1,` and the HMAC-SHA256, in
base64, of id, timestamp and body, joined by full stops.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"


def shown_secret(secret: bytes) -> str:
    """Return a secret in the form that libraries for receivers take."""
    return SECRET_PREFIX + b64encode(secret).decode()


def signed_headers(
    secret: bytes, message_id: str, at_s: int, body: bytes, *, old_secret: bytes | None = None
) -> Mapping[str, str]:
    """Return the headers by which a receiver knows that a body comes from here, and from now.

    Args:
        at_s: the time of the attempt, seconds since the epoch.
        old_secret: signs as well, for receivers that do not have the new one yet.
    """
    signed = b".".join((message_id.encode(), str(at_s).encode(), body))
    keys = (secret,) if old_secret is None else (secret, old_secret)
    signatures = (b64encode(hmac.new(key, signed, sha256).digest()).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{each}" for each in signatures),
    }

"""The hash that is stored of a secret: of tickets, API tokens, sessions, invitations and links."""

from hashlib import sha256


def secret_hash(secret: str) -> bytes:
    """Return what is stored of a secret, and looked up by; long and random, it needs one round.

    Whoever can time the lookup learns of the hash, from which there is no way to the secret.
    """
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()

"""The key that the settings give for JSON Web Tokens: a secret, or a public key in PEM.

Which of the two it is decides about the algorithms, so that one is never taken for the other.
"""

from pathlib import Path
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from app.identity.tokens.signed_token import MIN_RSA_BITS, MIN_SECRET_BYTES, serves

SYMMETRIC: Final = ("HS256",)
ASYMMETRIC: Final = ("RS256", "ES256")
_MAX_FILE_BYTES: Final = 64 << 10
_PEM: Final = "-----BEGIN "


def read_secret(setting: str) -> str:
    """Return a secret: the text of a setting, or after `@` of the file that it names.

    A line end at the end of a file is not part of it.

    Raises:
        ValueError: the file cannot be read; the message holds nothing of it.
    """
    if not setting.startswith("@"):
        return setting
    path = Path(setting[1:])
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
        if len(content) > _MAX_FILE_BYTES:
            raise ValueError(f"the file {path} has more than {_MAX_FILE_BYTES} bytes")
        return content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ValueError(f"the file {path} is not UTF-8") from None
    except OSError as error:
        raise ValueError(f"the file {path} cannot be read: {error.strerror}") from None


def read_key(setting: str) -> Key:
    """Return the key of a setting, itself or in a file; of a private one the public part.

    Raises:
        ValueError: it is none, or too weak; the message holds nothing of it.
    """
    text = read_secret(setting)
    if not text.lstrip().startswith(_PEM):
        if len(text.encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"a secret has at least {MIN_SECRET_BYTES} bytes")
        return OctKey.import_key(text)
    for kind in (RSAKey, ECKey):
        try:
            key = kind.import_key(kind.import_key(text).as_pem(private=False))
        except (JoseError, ValueError, TypeError, AttributeError):
            continue
        if any(serves(key, algorithm) for algorithm in ASYMMETRIC):
            return key
    raise ValueError(f"the PEM holds no RSA key of {MIN_RSA_BITS} bits or more, and no P-256 key")


def read_algorithms(setting: str, key: Key | None) -> tuple[str, ...]:
    """Return the algorithms that count.

    Args:
        setting: names with commas between them; empty: those that the key is good for.
        key: None: keys are fetched from an address, and are public ones.

    Raises:
        ValueError: one is not known, or is not for such a key.
    """
    kind = SYMMETRIC if isinstance(key, OctKey) else ASYMMETRIC
    usable = [name for name in kind if key is None or serves(key, name)]
    named = [name.strip() for name in setting.split(",") if name.strip()]
    for name in named:
        if name not in usable:
            raise ValueError(f"{name[:20]!r} is not one that the key is for: {', '.join(usable)}")
    return tuple(named or usable)

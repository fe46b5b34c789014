"""The announcer: publishes to the other processes that serve the same log.

A version is announced as a number; the other processes read its events in the log. Presence is
relayed under a random name of each room, and is sealed with a key from the log, so that a process
without that key cannot forge it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from sync.port import Bus
from sync.wire.news import Appended, Changed, encode_news
from sync.wire.relay import Gone, Part, Sealed, pack, seal, unseal


@dataclass(slots=True)
class _Sender:
    """One room as a sender of relays."""

    name: str = field(default_factory=lambda: secrets.token_hex(8))
    """A random name, of this room alone."""
    relayed: int = 0
    """The number of messages that it has relayed."""


class Announcer:
    """The sending side of one process on the bus."""

    def __init__(self, bus: Bus) -> None:
        self.relay_key: bytes | None = None
        """The key that seals relayed messages; None: it is not read yet, and nothing is relayed."""
        self._bus = bus
        self._senders: dict[str, _Sender] = {}

    def room_opened(self, document: str) -> None:
        """Subscribe to a document whose room was loaded.

        Once the bus confirms the subscription, the room looks for events appended meanwhile.
        """
        self._senders[document] = _Sender()
        self._bus.subscribe(document)

    def room_closed(self, document: str) -> None:
        """Tell other processes that the room's sessions are gone, and unsubscribe."""
        sender = self._senders[document]
        if sender.relayed:
            self.relay(document, [Gone()])
        del self._senders[document]
        self._bus.unsubscribe(document)

    def sender_name(self, document: str) -> str | None:
        """Return the name of a document's room on the bus, None if it is not open."""
        sender = self._senders.get(document)
        return None if sender is None else sender.name

    def announce_version(self, document: str, version: int) -> None:
        """Announce that the log has the document's events up to `version`."""
        self._bus.publish(document, encode_news(Appended(version)))

    def announce_change(self, document: str) -> None:
        """Announce that something about a document changed besides its events."""
        self._bus.publish(document, encode_news(Changed()))

    def relay(self, document: str, parts: Sequence[Part]) -> None:
        """Relay presence in this room to the rooms of the document in other processes."""
        assert self.relay_key is not None, "rooms are connected once the key is known"
        sender = self._senders[document]
        for packed in pack(parts):
            sender.relayed += 1
            sealed = seal(self.relay_key, document, sender.name, sender.relayed, packed)
            self._bus.publish(document, encode_news(sealed))

    def unseal(self, document: str, sealed: Sealed) -> tuple[Part, ...] | None:
        """Return the presence that another room relayed; None: it is from this room, or forged."""
        if self.relay_key is None or sealed.sender == self.sender_name(document):
            return None
        return unseal(self.relay_key, document, sealed)

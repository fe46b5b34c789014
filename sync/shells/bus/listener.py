"""A bus listener that logs the exceptions of another instead of raising them."""

import logging

from sync.port import BusListener

_log = logging.getLogger(__name__)


class SafeListener:
    """A listener that passes messages on to another and logs its exceptions."""

    __slots__ = ("_listener",)

    def __init__(self, listener: BusListener) -> None:
        self._listener = listener

    def received(self, document: str, payload: bytes) -> None:
        try:
            self._listener.received(document, payload)
        except Exception:  # noqa: BLE001
            # A bad message must not lose the messages after it (P8).
            _log.exception("a message about %r could not be taken", document)

    def subscribed(self, document: str) -> None:
        try:
            self._listener.subscribed(document)
        except Exception:  # noqa: BLE001
            _log.exception("the subscription to %r could not be taken", document)

"""Coalescing: audit records that are alike become one, which says how many there were.

          first one               another one, while it is open
    (none) ─────────▶ window open ─────────┐
       ▲                 │    ▲            │ counted
       │ ends, count = 0 │    └────────────┘
       └─────────────────┤
                         │ ends, count > 0
                         ▼
                a summary with the count; the window opens anew

The first record of a window goes on at once, so that the trail is early and survives a crash. What
one address can cause is bounded: past so many windows, its records share one; past so many of all
addresses, all share one. Nothing is lost by this but the differences: the counts always add up.
Each kind has bounds of its own, so that a flood of one hides nothing of another.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from app.audit import audit_kind
from storage.audit_rows import AuditRecord
from sync.wire.event import timestamp

_IPV6_NETWORK_BITS: Final = 64
"""The share of an IPv6 address that is one customer's; within it, all are his."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The bounds of coalescing for one kind."""

    window_s: float
    max_per_address: int
    """The most different ones of one address in one window."""
    max_windows: int
    """The most windows that are open at once, but for one that all others share."""
    share: float
    """The share of the queue that they may fill."""


_REFUSAL: Final = Rule(window_s=10.0, max_per_address=20, max_windows=2_000, share=0.5)
# As many as there are sockets: after a restart all come back at once.
_VISIT: Final = Rule(window_s=60.0, max_per_address=2_000, max_windows=20_000, share=0.8)
# Whoever has a link can redeem it as any number of guests.
_REDEMPTION: Final = Rule(window_s=60.0, max_per_address=100, max_windows=2_000, share=0.5)
RULES: Final[dict[str, Rule]] = {
    audit_kind.ACCESS_REFUSED: _REFUSAL,
    audit_kind.SIGN_IN_FAILED: _REFUSAL,
    audit_kind.TICKET_REFUSED: _REFUSAL,
    audit_kind.DOCUMENT_EXPORTED: _VISIT,
    audit_kind.DOCUMENT_JOINED: _VISIT,
    audit_kind.LINK_REDEEMED: _REDEMPTION,
    audit_kind.TICKET_ISSUED: _VISIT,
}
"""The kinds that anybody, or every reconnect, can cause any number of."""

_Key = tuple[str, ...]


@dataclass(slots=True)
class _Window:
    shown: AuditRecord
    """The record that stands for all; of a shared window, without what they do not share."""
    ends_s: float
    network: _Key
    count: int = 0
    since_ms: int = 0
    last_ms: int = 0


class Coalescing:
    """The open windows of all kinds. Its times are a clock's that never goes back, in seconds."""

    def __init__(self, rules: dict[str, Rule] | None = None) -> None:
        self._rules = RULES if rules is None else rules
        self._windows: dict[str, dict[_Key, _Window]] = {kind: {} for kind in self._rules}
        """By kind; those of one kind last equally long, so the first ends first."""
        self._of_network: dict[_Key, int] = {}
        """The number of open windows, by kind and network."""

    @property
    def is_empty(self) -> bool:
        """True if no window is open."""
        return not any(self._windows.values())

    @property
    def counted(self) -> int:
        """The number of records that are in no summary yet."""
        return sum(each.count for each in self._all())

    def rule(self, kind: str) -> Rule | None:
        """Return the rule of a kind; None: its records are not coalesced."""
        return self._rules.get(kind)

    def add(self, record: AuditRecord, now_s: float) -> AuditRecord | None:
        """Take a record of a kind that is coalesced; None: it is counted."""
        rule, windows = self._rules[record.kind], self._windows[record.kind]
        key = _key(record)
        window = windows.get(key)
        if window is None:
            network = (record.kind, _network(record.address))
            shown = record
            if self._of_network.get(network, 0) >= rule.max_per_address:
                key, shown = network, _shared(record, network[1])
            if key not in windows and len(windows) >= rule.max_windows:
                key, shown = (record.kind,), _shared(record, "")
            window = windows.get(key)
            if window is None:
                windows[key] = _Window(shown, now_s + rule.window_s, network)
                self._of_network[network] = self._of_network.get(network, 0) + 1
                return record
        if window.count == 0:
            window.since_ms = record.at_ms
        window.count += 1
        window.last_ms = record.at_ms
        return None

    def summaries(self, now_s: float, most: int) -> Iterator[AuditRecord]:
        """Yield a summary of each window that has ended and counted; at most so many."""
        for kind, rule in self._rules.items():
            windows = self._windows[kind]
            while windows:
                key = next(iter(windows))
                window = windows[key]
                if window.ends_s > now_s or (window.count > 0 and most <= 0):
                    break
                del windows[key]
                if window.count == 0:
                    self._forget(window)
                    continue
                summary = _summary(window)
                window.count = 0
                window.ends_s = now_s + rule.window_s
                windows[key] = window
                most -= 1
                yield summary

    def close(self) -> Iterator[AuditRecord]:
        """End all windows; yield the summaries of those that have counted."""
        for window in self._all():
            if window.count > 0:
                yield _summary(window)
        for windows in self._windows.values():
            windows.clear()
        self._of_network.clear()

    def _all(self) -> list[_Window]:
        return [each for windows in self._windows.values() for each in windows.values()]

    def _forget(self, window: _Window) -> None:
        left = self._of_network[window.network] - 1
        if left:
            self._of_network[window.network] = left
        else:
            del self._of_network[window.network]


def _key(record: AuditRecord) -> _Key:
    detail = repr(sorted(record.detail.items(), key=lambda item: item[0]))
    document = record.document or ""
    return (record.kind, record.address, record.user_id, record.user_name, document, detail)


def _network(address: str) -> str:
    """Return an IPv4 address as it is; of an IPv6 address, the network of its customer."""
    if ":" not in address:
        return address
    try:
        whole = int(ipaddress.IPv6Address(address.partition("%")[0]))
    except ValueError:
        return address
    host_bits = 128 - _IPV6_NETWORK_BITS
    return f"{ipaddress.IPv6Address(whole >> host_bits << host_bits)}/{_IPV6_NETWORK_BITS}"


def _shared(record: AuditRecord, address: str) -> AuditRecord:
    return AuditRecord(record.at_ms, record.kind, "", "", address, detail={"various": True})


def _summary(window: _Window) -> AuditRecord:
    detail = window.shown.detail | {"count": window.count, "since": timestamp(window.since_ms)}
    return structs.replace(window.shown, at_ms=window.last_ms, detail=detail)

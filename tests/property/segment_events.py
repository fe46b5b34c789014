"""Random histories as the log may hold them, and ones that it should never hold."""

from typing import Any

from hypothesis import strategies as st
from pycrdt import Doc, Map, Text

from sync.port import EventRecord
from sync.submission import text_digest, update_digest
from sync.text.delta import Delta, canonical

_TEXTS = ["a", "b", " ", "\n", "é", "中", "😀", "\0", "word ", "</p>", "x" * 200, "�"]
_HEX = "0123456789abcdef"


def _texts() -> st.SearchStrategy[str]:
    wild = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
    return st.sampled_from(_TEXTS) | wild


def _ids(session: str) -> st.SearchStrategy[str]:
    nonce = st.text(_HEX, min_size=12, max_size=12)
    number = st.sampled_from(["0", "1", "2", "17", "999999999", "1000000000", "007", "-1", "٣"])
    made_up = st.builds("{}-{}-{}".format, st.sampled_from([session, "other", ""]), number, nonce)
    hostile = st.text("aA0-:._9f", min_size=1, max_size=64)
    return made_up | hostile | st.text(st.characters(exclude_categories=["Cs"]), max_size=64)


class Typist:
    """One Yjs client of a history: what it does becomes an update, and the delta of the text."""

    def __init__(self, client_id: int, gathered: list[bytes]) -> None:
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self._seen = 0
        self._log = gathered
        self._out: list[bytes] = []
        self.text: Text = self.doc.get("content", type=Text)
        self._subscription = self.doc.observe(lambda event: self._out.append(event.update))

    def close(self) -> None:
        self.doc.unobserve(self._subscription)

    def catch_up(self) -> None:
        for update in self._log[self._seen :]:
            self.doc.apply_update(update)
        self._seen = len(self._log)
        self._out.clear()

    def edit(self, draw: Any, caret: int) -> tuple[bytes, Delta, int]:
        self.catch_up()
        text = str(self.text)
        kind = draw(st.sampled_from(["type"] * 6 + ["back"] * 3 + ["forward", "replace", "rich"]))
        at = min(caret, len(text))
        size = len(text[:at].encode())
        ops: list[int | str] = []
        with self.doc.transaction():
            if kind == "back" and at:
                gone = len(text[at - 1].encode())
                del self.text[size - gone : size]
                ops, at = [at - 1, -1], at - 1
            elif kind in ("forward", "replace") and at < len(text):
                del self.text[size : size + len(text[at].encode())]
                ops = [at, -1]
                if kind == "replace":
                    self.text.insert(size, "new")
                    ops, at = [at, "new", -1], at + 3
            elif kind == "rich":
                self.doc.get("rich", type=Map)[draw(st.sampled_from("kl"))] = {"n": at}
            else:
                typed = draw(_texts())
                self.text.insert(size, typed)
                ops, at = [at, typed], at + len(typed)
        (update,) = self._out or [b"\0\0"]
        self._out.clear()
        self._log.append(update)
        self._seen = len(self._log)
        return update, canonical(ops), at


@st.composite
def histories(draw: st.DrawFn, max_events: int = 40) -> list[EventRecord]:
    """Consecutive events of up to three writers, typed by real Yjs clients or made of noise."""
    first = draw(st.sampled_from([1, 2, 4097, 2**40]))
    at_ms = draw(st.sampled_from([0, 1_700_000_000_000, 2**53 - 1_000_000_000]))
    log: list[bytes] = []
    clients = [draw(st.integers(1, 2**32 - 1) | st.just(2**53 - 1)) + n for n in (0, -1, -2)]
    typists = [Typist(max(client, n + 1), log) for n, client in enumerate(clients)]
    carets = [0, 0, 0]
    numbers = [1, 1, 1]
    events: list[EventRecord] = []
    for version in range(first, first + draw(st.integers(1, max_events))):
        who = draw(st.sampled_from([0, 0, 0, 0, 1, 2]))
        session = ["0123456789abcdef", "s-1-", "http"][who]
        shape = draw(st.sampled_from(["typed"] * 12 + ["moved", "noise", "restore", "text"]))
        if shape == "moved":
            carets[who] = draw(st.integers(0, 60))
        if shape == "noise":
            update = draw(st.binary(max_size=30) | st.sampled_from([b"", b"\0\0", b"\x80" * 2_000]))
            parts: list[int | str] = draw(
                st.lists(st.integers(-9, 9) | st.just(2**53) | _texts(), max_size=6)
            )
            delta = canonical(parts)
        else:
            update, delta, carets[who] = typists[who].edit(draw, carets[who])
        numbers[who] += draw(st.sampled_from([1, 1, 1, 1, 2, 0, -1]))
        event_id = f"{session}-{numbers[who]}-{draw(st.text(_HEX, min_size=12, max_size=12))}"
        if shape in ("noise", "restore"):
            event_id = draw(_ids(session))
        digest = update_digest(update)
        if shape in ("restore", "text"):
            digest = text_digest(shape, version, delta)
        if shape == "noise":
            digest = draw(st.binary(max_size=20))
        at_ms += draw(st.sampled_from([0, 1, 150, 90, 211, 70_000, -3, 86_400_000]))
        events.append(
            EventRecord(
                version, event_id, delta, update, f"user{who}", "Zoë", session, at_ms, digest
            )
        )
    for typist in typists:
        typist.close()
    return events

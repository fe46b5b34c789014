"""The two texts of a joined document, and the own edits that lie between them.

    committed text ─ pending edits ─▶ text shown

Both texts change together: a committed change is carried over the pending edits before it is
shown. Cursors, the own one and the others', are positions in the text shown and move along.
"""

from dataclasses import dataclass
from typing import Final

from msgspec import json as msgspec_json

from sync.client.pending import MAX_BATCH_CHARS, Pending
from sync.client.roster import Roster
from sync.error import ErrorCode, QuireError
from sync.text.delta import (
    Delta,
    DeltaError,
    Ops,
    apply,
    check,
    growth,
    invert,
    to_wire,
    transform_position,
    valid_text,
)
from sync.text.textdiff import diff

MAX_PENDING_EDITS: Final = 100_000
"""The largest number of own edits without an answer; further ones are refused."""
_FRAME_BYTES: Final = 512
"""An upper bound on the bytes of a message besides its ops."""
_WORST_BYTES_PER_CHAR: Final = 12
_BYTES_PER_OP: Final = 32

Selection = tuple[int, int]
"""Anchor and head, in code points."""


@dataclass(frozen=True, slots=True)
class EditLimits:
    """The limits that the server has announced; the defaults hold before the first connection."""

    max_message_bytes: int = 1 << 20
    max_document_chars: int = 1 << 62


class WorkingCopy:
    """The text at the log's version, the text shown, and the edits between the two."""

    def __init__(self) -> None:
        self.text = ""
        """The text shown: committed, with the own edits that are not committed yet."""
        self.committed = ""
        """The text at the log's version."""
        self.pending = Pending()
        self.roster = Roster()
        self.selection: Selection | None = None
        """The own selection in the text shown; None: none is to be shown to others."""

    def edit(self, ticket: int, ops: Ops, limits: EditLimits) -> None:
        """Make an own edit: queue it and show it.

        Raises:
            DeltaError: the ops do not fit the text shown, or insert NUL or half a surrogate pair.
            QuireError: the server is certain to refuse it (`too_large`, `document_full`), or too
                many edits are pending (`rate_limited`). Nothing has changed in either case.
        """
        check(ops, len(self.text))
        if not all(valid_text(op) for op in ops if isinstance(op, str)):
            raise DeltaError("Text holds no NUL and no lone surrogates.")
        if self.pending.count >= MAX_PENDING_EDITS:
            text = "Too many edits wait for the server."
            raise QuireError(ErrorCode.RATE_LIMITED, text, retryable=True)
        grown = growth(ops)
        if grown > 0 and len(self.text) + grown > limits.max_document_chars:
            text = f"A document holds at most {limits.max_document_chars} characters."
            raise QuireError(ErrorCode.DOCUMENT_FULL, text)
        if _wire_size(ops, limits.max_message_bytes) > limits.max_message_bytes:
            text = f"A message has at most {limits.max_message_bytes} bytes."
            raise QuireError(ErrorCode.TOO_LARGE, text)
        most = min(MAX_BATCH_CHARS, limits.max_message_bytes // _WORST_BYTES_PER_CHAR)
        self.pending.add(ticket, ops, most)
        self._show(ops)

    def commit(self, ops: Ops) -> Delta:
        """Take a committed change of somebody else; return how it changes the text shown.

        Raises:
            DeltaError: it does not fit the committed text; nothing has changed.
        """
        self.committed = apply(self.committed, ops)
        return self._show(self.pending.cross(ops))

    def acknowledge(self, ops: Delta) -> tuple[list[int], Delta]:
        """Take the edit in flight as committed in the form `ops`.

        Returns:
            Its tickets, and how the text shown changes: as in `Pending.acknowledge`.

        Raises:
            DeltaError: `ops` does not fit the committed text; nothing has changed.
        """
        before, self.committed = self.committed, apply(self.committed, ops)
        tickets, shown = self.pending.acknowledge(ops, before)
        return tickets, self._show(shown)

    def withdraw(self) -> tuple[list[int], Delta]:
        """Take the edit in flight out of the text shown; return its tickets and the change."""
        tickets, shown = self.pending.withdraw(self.committed)
        return tickets, self._show(shown)

    def reset(self, text: str) -> None:
        """Take `text` for both texts; nothing may be pending."""
        assert not self.pending, "pending edits have no base any more"
        self.text = self.committed = text

    def replace(self, text: str) -> Delta:
        """Take `text` for the committed one; return how the text shown changes.

        The changes in between are guessed from the two texts. The edit in flight may be among
        them: it is sent again, and its ack settles it.
        """
        shown = self.pending.cross(diff(self.committed, text))
        self.committed = text
        return self._show(shown)

    def committed_selection(self) -> Selection | None:
        """Return the own selection as positions in the committed text."""
        if self.selection is None:
            return None
        anchor, head = self.selection
        texts = [self.committed]
        steps = self.pending.steps()
        for ops in steps:
            texts.append(apply(texts[-1], ops))
        for ops, before in zip(reversed(steps), reversed(texts[:-1]), strict=True):
            back = invert(ops, before)
            anchor = transform_position(anchor, back, before=False)
            head = transform_position(head, back, before=False)
        return anchor, head

    def _show(self, shown: Ops) -> Delta:
        """Change the text shown, and move all cursors along."""
        if shown:
            self.text = apply(self.text, shown)
            self.roster.move(shown)
            if self.selection is not None:
                anchor, head = self.selection
                self.selection = (
                    transform_position(anchor, shown, before=False),
                    transform_position(head, shown, before=False),
                )
        return tuple(shown)


def _wire_size(ops: Ops, enough: int) -> int:
    """Return an upper bound on the bytes of the message with `ops`; near `enough`, the exact size.

    "Near" begins where the cheap estimate passes `enough`.
    """
    chars = sum(len(op) for op in ops if isinstance(op, str))
    guess = _FRAME_BYTES + _WORST_BYTES_PER_CHAR * chars + _BYTES_PER_OP * len(ops)
    return guess if guess <= enough else _FRAME_BYTES + len(msgspec_json.encode(to_wire(ops)))

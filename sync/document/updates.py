"""Merging of a peer's Yjs updates into a document."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from msgspec.structs import replace

from sync.document.deleted import Deleted, deleted_in
from sync.document.document_state import DocumentState
from sync.document.outcome import Accepted, Outcome, Parked, Refused, Unchanged
from sync.error import ErrorCode, Refusal, refusal
from sync.names import DEFAULT_TEXT_ROOT, SERVER_ID_PREFIX, is_text_root
from sync.port import AuthorBinding, EventRecord
from sync.submission import UpdateSubmission
from sync.yjs.authorship import NO_CLAIMS, Claims, Shares, share
from sync.yjs.gate import inspect
from sync.yjs.layout import deletion
from sync.yjs.part import close_gaps, present, reachable, take_new, take_part
from sync.yjs.repair import REPLACEMENT_BYTES, Repaired, repair
from sync.yjs.replica import Replica, ReplicaBrokenError
from sync.yjs.update import parse_update
from sync.yjs.verdict import Malformed, Range, Ready, Waiting

REPAIR_SESSION: Final = "repair"
"""The session of the events that the server makes before an update that it repairs.

Such an event deletes surrogate pairs that the next event cuts. So it has to be the last of the
updates that are merged into one message: yrs would otherwise apply the two in the wrong order.
"""


class UpdateDocument(DocumentState):
    """A document that merges Yjs updates."""

    claims: Claims = NO_CLAIMS
    """The client ids that the sessions in the document's room announce as their own."""
    _deleted: tuple[int, Deleted | None] | None = None
    """The last answer to `_all_deleted`, and its version."""

    def has_all_of(self, update: bytes) -> bool:
        """Return whether the document has everything that an update would write.

        Yjs clients send their whole delete set with every sync, so that even one that lacks
        nothing sends more than an empty update. The first such update at each version costs a
        walk over the delete set.
        """
        verdict = inspect(update, self._known)
        if not isinstance(verdict, Ready) or verdict.authored:
            return False
        if not verdict.deletes:
            return True
        deleted = self._all_deleted()
        return deleted is not None and deleted.covers(verdict.deletes)

    def _all_deleted(self) -> Deleted | None:
        if self._deleted is None or self._deleted[0] != self.version:
            state = self._replica.state(self.state_vector())
            self._deleted = (self.version, deleted_in(state))
        return self._deleted[1]

    def _merge_update(self, submission: UpdateSubmission, now_ms: int) -> Outcome:
        update = submission.update
        verdict = inspect(update, self._known)
        if not isinstance(verdict, Ready) or REPLACEMENT_BYTES in update:
            return self._merge_uncommon(submission, update, now_ms)
        authored = verdict.authored
        if not authored and not verdict.deletes:
            return Unchanged(self.version)
        authors, user_id = self.authors, submission.user.id
        for client, _, _ in authored:
            if authors.get(client) != user_id:
                return self._merge_uncommon(submission, update, now_ms)
        return self._merge_ready(submission, update, verdict, now_ms)

    def _merge_ready(
        self, submission: UpdateSubmission, update: bytes, verdict: Ready, now_ms: int
    ) -> Outcome:
        """Merge an update after its authors were checked."""
        if verdict.repeats:
            update = take_new(update, self.clocks)
            verdict = self._ready(update)
        limits = self._limits
        if (
            len(self._replica.text) + verdict.inserted_units > limits.max_document_chars
            or self._bytes + len(update) > limits.max_document_bytes
            or self._structs + verdict.structs > limits.max_document_structs
        ):
            full = self._find_no_room(submission, update, verdict, now_ms)
            if full is not None:
                return Refused(full)
        apply = self._replica.apply if self.text_root else self._apply
        applied = apply(update, verdict)
        if not applied.changed:
            if applied.refused:
                return Refused(refusal(ErrorCode.MALFORMED_UPDATE, applied.refused))
            self._authored = verdict.authored
            return Unchanged(self.version)
        self._structs += verdict.structs
        self._known.advance(verdict)
        self._authored = verdict.authored
        return Accepted(self._record(submission, applied.ops, update, now_ms))

    # --- the uncommon cases ---------------------------------------------------------------------

    def _merge_uncommon(
        self, submission: UpdateSubmission, update: bytes, now_ms: int, *, whole: bool = True
    ) -> Outcome:
        """Merge an update after its repair, or the part of it that the sender may write.

        Args:
            update: the submission's update, or the part of it that is to be merged.
            whole: True if `update` is not a part.
        """
        verdict: Ready | Waiting | Malformed = inspect(update, self._known)
        repaired: Repaired | None = None
        if isinstance(verdict, Malformed):
            closed = close_gaps(update, self.clocks)
            if closed is not None:
                return self._merge_beside_gaps(submission, *closed, now_ms)
        if isinstance(verdict, Malformed) or REPLACEMENT_BYTES in update:
            found = repair(update, self._known)
            if isinstance(found, Malformed):
                return Refused(refusal(ErrorCode.MALFORMED_UPDATE, found.reason))
            repaired, verdict = found, found.verdict
        if isinstance(verdict, Waiting):
            if whole and submission.is_past:
                clean = update if repaired is None else repaired.update
                return self._merge_ahead(submission, clean, verdict, now_ms)
            return Parked(verdict.missing)
        if not verdict.authored and not verdict.deletes:
            return Unchanged(self.version)
        shares = self._shares(submission, verdict)
        if shares.is_forged:
            why = f"CRDT client id {min(shares.foreign)} is somebody else's."
            return Refused(refusal(ErrorCode.FORBIDDEN, why))
        if shares.is_contested:
            why = "Somebody else announces the CRDT client id that this is written under."
            return Refused(Refusal(ErrorCode.FORBIDDEN, why, retryable=True))
        if shares.foreign:
            assert whole, "a part has nothing of others"
            clean = update if repaired is None else repaired.update
            return self._merge_part(submission, clean, verdict, shares.foreign, now_ms)
        clients = {client for client, _, _ in verdict.authored}
        there = self.authors.keys() | self.clocks.keys()
        new = clients - there
        if new and len(there) + len(new) > self._limits.max_crdt_clients:
            why = "Too many CRDT clients wrote here."
            return Refused(refusal(ErrorCode.DOCUMENT_FULL, why))
        if repaired is not None:
            outcome = self._merge_repaired(submission, repaired, verdict, now_ms)
        else:
            outcome = self._merge_ready(submission, update, verdict, now_ms)
        return self._bind(outcome, shares)

    def _shares(self, submission: UpdateSubmission, verdict: Ready) -> Shares:
        return share(
            (client for client, _, _ in verdict.authored),
            self.authors,
            self.claims,
            session=submission.session,
            user_id=submission.user.id,
            is_past=submission.is_past,
        )

    def _bind(self, outcome: Outcome, shares: Shares) -> Outcome:
        """Bind client ids to the sender's user, if the update is the first to write under them."""
        if not isinstance(outcome, Accepted) or not shares.bound:
            return outcome
        user_id = outcome.record.actor_id
        bindings = tuple(AuthorBinding(self.key, client, user_id) for client in shares.bound)
        for binding in bindings:
            self.authors[binding.client_id] = user_id
        self.bindings += bindings
        return Accepted(outcome.record, bindings)

    def _merge_part(
        self,
        submission: UpdateSubmission,
        update: bytes,
        verdict: Ready,
        foreign: frozenset[int],
        now_ms: int,
    ) -> Outcome:
        """Merge an update without the new structs of other users' client ids.

        Those structs are left to their authors. Structs that depend on them wait until the authors
        have delivered; deletions of them are asked for again after that (`left_out`).

        Args:
            update: an update that the gate accepts, with this verdict.
        """
        parsed = parse_update(update)
        reached = reachable(parsed, self.clocks, foreign)
        part = take_part(submission.update, verdict.deletes, reached, self.clocks)
        waits = any(
            reached[client] < end for client, _, end in verdict.authored if client not in foreign
        )
        if not waits:
            for client, _, end in verdict.deletes:
                if client in foreign and end > reached[client]:
                    self.left_out.setdefault(submission.session, {})[client] = end
            return self._merge_uncommon(submission, part, now_ms, whole=False)
        missing = tuple((client, end) for client, _, end in verdict.authored if client in foreign)
        self.has_corrected = True
        outcome = self._merge_uncommon(_derived(submission, part), part, now_ms, whole=False)
        return outcome if isinstance(outcome, Refused) else Parked(missing)

    def _merge_beside_gaps(
        self, submission: UpdateSubmission, part: bytes, missing: Mapping[int, int], now_ms: int
    ) -> Outcome:
        """Merge the part of an update that `close_gaps` returned, and leave the rest waiting."""
        if not missing:
            return self._merge_update(replace(submission, update=part), now_ms)
        return self._merge_first(submission, part, tuple(sorted(missing.items())), now_ms)

    def _merge_ahead(
        self, submission: UpdateSubmission, update: bytes, verdict: Waiting, now_ms: int
    ) -> Outcome:
        """Merge of a client's state what needs nothing that the log lacks; the rest waits.

        A stock client sends with its own work also what it waits for itself.

        Args:
            update: the submission's update, as the gate has read it.
        """
        parsed = parse_update(update)
        reached = reachable(parsed, self.clocks, frozenset())
        deletes = [Range._make(each) for each in parsed.deletes]
        part = take_part(submission.update, deletes, reached, self.clocks)
        if part == submission.update:
            return Parked(verdict.missing)
        return self._merge_first(submission, part, verdict.missing, now_ms)

    def _merge_first(
        self,
        submission: UpdateSubmission,
        part: bytes,
        missing: tuple[tuple[int, int], ...],
        now_ms: int,
    ) -> Outcome:
        """Merge a part of an update before the whole, which waits for `missing`."""
        self.has_corrected = True
        first = replace(_derived(submission, part), update=part)
        outcome = self._merge_update(first, now_ms)
        return outcome if isinstance(outcome, Refused) else Parked(missing)

    def _merge_repaired(
        self, submission: UpdateSubmission, repaired: Repaired, verdict: Ready, now_ms: int
    ) -> Outcome:
        """Merge a repaired update, after an event that deletes the pairs which it cuts.

        A deletion alone would take away what others wrote; so it is made only if the update is
        merged after it.
        """
        full = self._find_no_room(submission, submission.update, verdict, now_ms)
        if full is not None:
            return Refused(full)
        self.has_corrected = True
        characters = {
            (client, clock): character
            for client, clock in repaired.revived()
            if (character := self._replica.character_at(client, clock, self.clocks))
        }
        update = repaired.update
        if characters or repaired.insertions:
            server = self._server_client
            update = repaired.finish(server, self.clocks.get(server, 0), characters)
        if verdict.repeats:
            update = take_new(update, self.clocks)
        final = self._ready(update)
        if repaired.cuts:
            pairs = [Range(client, clock, clock + 2) for client, clock in repaired.cuts]
            if why := self._refusal_after(pairs, update, final):
                return Refused(refusal(ErrorCode.MALFORMED_UPDATE, why))
            self._merge_deletion(_derived(submission, b"cut"), pairs, now_ms, even_unchanged=True)
        applied = self._apply(update, final)
        if applied.refused:
            if repaired.cuts:
                raise ReplicaBrokenError("an update is refused that a copy of the replica merged")
            return Refused(refusal(ErrorCode.MALFORMED_UPDATE, applied.refused))
        self._structs += final.structs
        self._known.advance(final)
        self._authored = final.authored
        if not applied.changed:
            return Unchanged(self.version)
        return Accepted(self._record(submission, applied.ops, update, now_ms))

    def _refusal_after(self, pairs: list[Range], update: bytes, verdict: Ready) -> str:
        """Return why an update would be refused after the deletion of pairs; empty: it would not.

        Tried in a copy of the replica.
        """
        cut = deletion(pairs)
        root = self.text_root or next(filter(is_text_root, verdict.text_roots), DEFAULT_TEXT_ROOT)
        copy = Replica(self._server_client, root, tails=0)
        try:
            copy.load([self._replica.state()])
            copy.known = self._known
            copy.apply(cut, self._ready(cut))
            return copy.apply(update, verdict).refused
        except ReplicaBrokenError:
            return "an update that cannot be merged"

    def _find_no_room(
        self, submission: UpdateSubmission, update: bytes, verdict: Ready, now_ms: int
    ) -> Refusal | None:
        """Return the refusal of an update that does not fit, even after its own deletions.

        None: it fits.
        """
        full = self._overflow(update, verdict)
        if full is not None and self._make_room(submission, verdict, now_ms):
            full = self._overflow(update, verdict)
        return full

    def _overflow(self, update: bytes, verdict: Ready) -> Refusal | None:
        """Return the refusal of an update that would exceed a limit of the document; else None."""
        units = verdict.inserted_units
        if units and len(self.text) + units > self._limits.max_document_chars:
            return self._full()
        if verdict.authored and self._is_large(len(update)):
            return self._large()
        if verdict.authored and self._is_fragmented(verdict.structs):
            return self._fragmented()
        return None

    def _make_room(self, submission: UpdateSubmission, verdict: Ready, now_ms: int) -> bool:
        """Merge only the deletions of an update that is too large, if they are independent.

        A client whose insertions were refused sends them again, together with its deletions, when
        it reconnects; the deletions can then make room. In an edit, and where a map entry is
        overwritten, a deletion is half of a replacement, and is refused with the other half.

        Returns:
            True if the deletions changed something.
        """
        deletes = present(verdict.deletes, self.clocks)
        if not deletes or not submission.is_past or verdict.has_entries:
            return False
        # At a later try, with other clocks, more may be deleted; so the ranges are part of the id.
        made = _derived(submission, b"room" + deletion(deletes))
        return self._merge_deletion(made, deletes, now_ms) is not None

    def _merge_deletion(
        self,
        submission: UpdateSubmission,
        deletes: list[Range],
        now_ms: int,
        *,
        even_unchanged: bool = False,
    ) -> EventRecord | None:
        """Append an event that deletes ranges; return None if all of them were deleted before."""
        update = deletion(deletes)
        verdict = self._ready(update)
        applied = self._apply(update, verdict)
        self._structs += verdict.structs
        self._known.advance(verdict)
        if not applied.changed and not even_unchanged:
            return None
        self.has_corrected = True
        return self._record(submission, applied.ops, update, now_ms)


def _derived(submission: UpdateSubmission, salt: bytes) -> UpdateSubmission:
    """Return the submission of an event that the server makes because of another submission.

    A peer cannot guess its id, and the id is the same each time the submission is merged.
    """
    name = blake2b(submission.id.encode() + b"\0" + salt, digest_size=16, person=b"derived")
    session = REPAIR_SESSION if salt == b"cut" else submission.session
    return UpdateSubmission(
        session=session,
        user=submission.user,
        id=f"{SERVER_ID_PREFIX}{name.hexdigest()}",
        update=submission.update,
        digest=name.digest(),
        size=submission.size,
        is_past=submission.is_past,
    )

"""How a Yjs update from a peer is merged into a document."""

from hashlib import blake2b
from typing import Final

from sync.document.document_state import DocumentState
from sync.document.outcome import Accepted, Outcome, Parked, Refused, Unchanged
from sync.error import ErrorCode, Refusal, refusal
from sync.names import SERVER_ID_PREFIX
from sync.port import AuthorBinding, EventRecord
from sync.submission import UpdateSubmission
from sync.yjs.authorship import NO_CLAIMS, Claims, Shares, share
from sync.yjs.gate import inspect
from sync.yjs.layout import deletion
from sync.yjs.part import present, reachable, take_part
from sync.yjs.repair import REPLACEMENT_BYTES, Repaired, repair
from sync.yjs.update import parse_update
from sync.yjs.verdict import Malformed, Range, Ready, Waiting

REPAIR_SESSION: Final = "repair"
"""The session of the events that the server makes before an update that it repairs.

A merge of updates must end with such an event: it deletes what the next one cuts.
"""


class UpdateDocument(DocumentState):
    """A document that merges Yjs updates."""

    claims: Claims = NO_CLAIMS
    """Which client ids the sessions in its room announce as their own."""

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
        """Merge an update whose authors are found to be right."""
        limits = self._limits
        if (
            len(self._replica.text) + verdict.inserted_units > limits.max_document_chars
            or self._bytes + len(update) > limits.max_document_bytes
        ):
            full = self._find_no_room(submission, update, verdict, now_ms)
            if full is not None:
                return Refused(full)
        apply = self._replica.apply if self.text_root else self._apply
        applied = apply(update, verdict)
        self._known.advance(verdict)
        self._authored = verdict.authored
        if not applied.changed:
            return Unchanged(self.version)
        return Accepted(self._record(submission, applied.ops, update, now_ms))

    # --- what is not common ---------------------------------------------------------------------

    def _merge_uncommon(
        self, submission: UpdateSubmission, update: bytes, now_ms: int, *, whole: bool = True
    ) -> Outcome:
        """Merge an update after its repair, or that part of it which the sender may write.

        Args:
            update: what of the submission is merged.
            whole: whether that is all of it.
        """
        verdict: Ready | Waiting | Malformed = inspect(update, self._known)
        repaired: Repaired | None = None
        if isinstance(verdict, Malformed) or REPLACEMENT_BYTES in update:
            found = repair(update, self._known)
            if isinstance(found, Malformed):
                return Refused(refusal(ErrorCode.MALFORMED_UPDATE, found.reason))
            repaired, verdict = found, found.verdict
        if isinstance(verdict, Waiting):
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
        """Bind the client ids that were authored on for the first time."""
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
        """Merge what an update holds besides new structs of other users' client ids.

        Those are left to their authors. What builds on them waits until they have delivered it;
        what deletes of them is asked for again then (`left_out`).

        Args:
            update: sound, and judged as `verdict` says.
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

    def _merge_repaired(
        self, submission: UpdateSubmission, repaired: Repaired, verdict: Ready, now_ms: int
    ) -> Outcome:
        """Merge an update that is changed: what it cuts is deleted in an event before it."""
        full = self._find_no_room(submission, submission.update, verdict, now_ms)
        if full is not None:
            return Refused(full)
        self.has_corrected = True
        characters = {
            (client, clock): character
            for client, clock in repaired.revived()
            if (character := self._replica.character_at(client, clock, self.clocks))
        }
        if repaired.cuts:
            pairs = [Range(client, clock, clock + 2) for client, clock in repaired.cuts]
            self._merge_deletion(_derived(submission, b"cut"), pairs, now_ms, even_unchanged=True)
        update = repaired.update
        if characters or repaired.insertions:
            server = self._server_client
            update = repaired.finish(server, self.clocks.get(server, 0), characters)
        final = self._ready(update)
        applied = self._apply(update, final)
        self._known.advance(final)
        self._authored = final.authored
        if not applied.changed:
            return Unchanged(self.version)
        return Accepted(self._record(submission, applied.ops, update, now_ms))

    def _find_no_room(
        self, submission: UpdateSubmission, update: bytes, verdict: Ready, now_ms: int
    ) -> Refusal | None:
        """The refusal of an update for which there is no room, even once it has made some."""
        full = self._overflow(update, verdict)
        if full is not None and self._make_room(submission, verdict, now_ms):
            full = self._overflow(update, verdict)
        return full

    def _overflow(self, update: bytes, verdict: Ready) -> Refusal | None:
        """The refusal of an update for which the document has no room."""
        units = verdict.inserted_units
        if units and len(self.text) + units > self._limits.max_document_chars:
            return self._full()
        if verdict.authored and self._is_large(len(update)):
            return self._large()
        return None

    def _make_room(self, submission: UpdateSubmission, verdict: Ready, now_ms: int) -> bool:
        """Merge the deletions of an update that is too large, if they stand for themselves.

        Returns whether they changed something.

        A client whose insertions were refused sends them again with its deletions once it is
        connected anew. Those make room all the same. In an edit, and where a map entry is
        overwritten, a deletion is half of a replacement, and is refused with the other half.
        """
        deletes = present(verdict.deletes, self.clocks)
        if not deletes or not submission.is_past or verdict.has_entries:
            return False
        # Tried again, once others have moved the clocks, it may delete more: under another id.
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
        """Append an event that deletes ranges; none if all of it was deleted before."""
        update = deletion(deletes)
        verdict = self._ready(update)
        applied = self._apply(update, verdict)
        self._known.advance(verdict)
        if not applied.changed and not even_unchanged:
            return None
        self.has_corrected = True
        return self._record(submission, applied.ops, update, now_ms)


def _derived(submission: UpdateSubmission, salt: bytes) -> UpdateSubmission:
    """A submission for an event that the server makes on account of another one.

    Its id cannot be known before, and is the same if the submission is merged again.
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

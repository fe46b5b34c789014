"""A git history as a document, each commit a named version; and a document as a git history."""

import re
import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Final

from app.cli.failure import CommandFailed
from app.cli.git_history import Commit
from app.service.version_names import MAX_NAME_CHARS, MAX_NOTE_CHARS
from storage.segments.document_file import (
    DocumentFile,
    DocumentFileWriter,
    FileHead,
    FileVersion,
)
from storage.segments.event_segment import encode_segment, open_segment
from sync.event_origin import restored_version
from sync.names import DEFAULT_TEXT_ROOT, MAX_INTEGER
from sync.port import SERVER_USER, EventRecord
from sync.submission import update_digest
from sync.text.delta import valid_text
from sync.text.newline import normalize_text
from sync.text.replay import replay
from sync.text.textdiff import diff
from sync.yjs.replica import Replica

_GIT_AUTHOR: Final = "git:"
_SESSION: Final = "git"
_SEGMENT_EVENTS: Final = 4_096
_PAUSE_MS: Final = 300_000
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9:._-]+")


def document_name(file: str) -> str:
    """Return a name for a document that is made of a file."""
    stem = file.rpartition(".")[0] or file
    return _NOT_IN_A_NAME.sub("-", stem).lstrip(":._-")[:128] or "document"


def file_of_commits(name: str, commits: Sequence[Commit]) -> bytes:
    """Return the file of a document whose named versions are the commits.

    Line ends become line feeds, as in every document.

    Raises:
        CommandFailed: a content is no text.
    """
    client = secrets.randbits(32)
    replica = Replica(client, DEFAULT_TEXT_ROOT)
    events: list[EventRecord] = []
    versions: list[FileVersion] = []
    for commit in commits:
        text = _text_of(commit)
        at_ms, author = max(commit.at_s, 0) * 1000, _GIT_AUTHOR + commit.email
        if text != replica.text:
            ops = diff(replica.text, text)
            update = replica.edit(ops)
            events.append(
                EventRecord(
                    len(events) + 1,
                    f"git.{commit.id}",
                    ops,
                    update,
                    author,
                    commit.author,
                    _SESSION,
                    at_ms,
                    update_digest(update),
                )
            )
        versions.append(_named(commit, len(events), author, at_ms))
    writer = DocumentFileWriter()
    head = FileHead(
        name=name,
        title="",
        text_root=DEFAULT_TEXT_ROOT,
        version=len(events),
        created_at_ms=versions[0].at_ms,
        updated_at_ms=versions[-1].at_ms,
        exported_at_ms=time.time_ns() // 1_000_000,
        authors=[(client, SERVER_USER)],
    )
    begin = writer.begin(head)
    segments = [
        writer.segment(encode_segment(events[start : start + _SEGMENT_EVENTS]))
        for start in range(0, len(events), _SEGMENT_EVENTS)
    ]
    return b"".join([begin, *segments, writer.end(versions, len(events))])


def commits_of_file(file: DocumentFile) -> Iterator[Commit]:
    """Yield a commit for each named version; without any, for each sitting."""
    events = [
        event for _, data in file.segments for event in open_segment(data).events(0, MAX_INTEGER)
    ]
    named = sorted(file.versions, key=lambda each: (each.version, each.at_ms, each.name))
    text, at = "", 0
    for version in named or _sittings(events):
        text = replay(text, [event.ops for event in events[at : version.version]])
        at = version.version
        yield Commit(
            id="",
            author=version.created_by_name or version.created_by,
            email=version.created_by.rpartition(_GIT_AUTHOR)[2],
            at_s=version.at_ms // 1000,
            message=version.note or version.name,
            content=text.encode(),
        )


def _text_of(commit: Commit) -> str:
    try:
        text = normalize_text(commit.content.decode("utf-8"))
    except UnicodeDecodeError as error:
        where = f"commit {commit.id[:12]}: the file is not UTF-8 at byte {error.start}"
        raise CommandFailed(where) from None
    if not valid_text(text):
        raise CommandFailed(f"commit {commit.id[:12]}: the file is no text")
    return text


def _named(commit: Commit, version: int, author: str, at_ms: int) -> FileVersion:
    subject = " ".join(commit.message.partition("\n")[0].split()).replace("\0", "")
    return FileVersion(
        name=f"{commit.id[:10]} {subject}".strip()[:MAX_NAME_CHARS],
        version=version,
        note=commit.message[:MAX_NOTE_CHARS],
        created_by=author,
        created_by_name=commit.author,
        created_at_ms=at_ms,
        at_ms=at_ms,
    )


def _sittings(events: Sequence[EventRecord]) -> Iterator[FileVersion]:
    """Yield the end of each sitting as a version."""
    for event, after in zip(events, [*events[1:], None], strict=True):
        is_end = (
            after is None
            or after.at_ms - event.at_ms > _PAUSE_MS
            or restored_version(event.session) is not None
            or restored_version(after.session) is not None
        )
        if is_end:
            yield FileVersion(
                name=f"version {event.version}",
                version=event.version,
                note="",
                created_by=event.actor_id,
                created_by_name=event.actor_name,
                created_at_ms=event.at_ms,
                at_ms=event.at_ms,
            )

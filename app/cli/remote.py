"""The HTTP API of a running server, for commands: a method each, errors as `CommandFailed`."""

import argparse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from app.cli.failure import CommandFailed, ExitCode
from app.identity.open_mode import NAME_HEADER
from sync.text.newline import Newline
from sync.wire.message import Event

MAX_PAGE: Final = 500
_TIMEOUT_S: Final = 30.0
_IMPORT_S: Final = 600.0
"""A long history takes a while to check."""
_WRITE_ATTEMPTS: Final = 3

T = TypeVar("T")


class Metadata(msgspec.Struct, frozen=True):
    """The metadata of a document, as the server answers with it."""

    name: str
    version: int
    epoch: str


class Page(msgspec.Struct, frozen=True):
    """A page of a document's history."""

    events: list[Event]
    next: int | None


class Written(msgspec.Struct, frozen=True):
    """The server's answer to an edit."""

    id: str
    version: int


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    detail: str = ""


class NoDocument(CommandFailed):
    """There is no document of that name."""


class Remote:
    """One document on one server; close it with `with`.

    Every method raises `CommandFailed`: the server is not there, or refuses.
    """

    def __init__(self, flags: argparse.Namespace) -> None:
        self.url: str = flags.url.rstrip("/")
        self.document: str = flags.document
        self.name: str | None = flags.name
        self.token = None if flags.token is None else _sound(flags.token)
        headers = {} if self.name is None else {NAME_HEADER: quote(self.name)}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            self._http = httpx.Client(
                base_url=self.url,
                headers=headers,
                timeout=_TIMEOUT_S,
                # Loading certificates takes 25 ms. Without TLS there is nothing to verify, and
                # httpx follows no redirects unless told to.
                verify=not self.url.lower().startswith("http://"),
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise CommandFailed(f"--url {self.url}: {error}", ExitCode.USAGE) from None
        self._path = f"/api/documents/{self.document}"

    def __enter__(self) -> "Remote":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def metadata(self) -> Metadata:
        """Raises `NoDocument`, as all the others but `create` do."""
        return self._read(self._http_get(""), Metadata)

    def create(self) -> None:
        """Create the document; nothing if somebody has created it meanwhile."""
        answer = self._send("POST", "/api/documents", json={"name": self.document})
        if answer.status_code != httpx.codes.CONFLICT:
            self._checked(answer)

    def text(self, version: int | None = None, newline: Newline | None = None) -> tuple[str, int]:
        """Return the text at a version or the head, and the number of that version.

        Args:
            newline: the line ends that it gets; None: those that are stored.
        """
        asked = {"version": version, "newline": newline}
        params = {name: value for name, value in asked.items() if value is not None}
        answer = self._http_get("/text", params)
        tag = answer.headers.get("etag", "").strip('"')
        if not tag.isdigit():
            raise CommandFailed(f"{self.url} does not say which version this is; is it Quire?")
        return answer.content.decode("utf-8"), int(tag)

    def put_text(self, text: str, base: int | None, event_id: str) -> int:
        """Replace the text by `text`, made from version `base`; returns the version.

        Sent again if the answer is lost: the id makes sure that it is done once.
        """
        headers = {"If-Match": "*" if base is None else f'"{base}"'}
        body = text.encode("utf-8")

        def put() -> httpx.Response:
            path, params = f"{self._path}/text", {"id": event_id}
            return self._send("PUT", path, content=body, headers=headers, params=params)

        return self._read(self._checked(_insist(put)), Written).version

    def newest(self, limit: int) -> list[Event]:
        """Return the newest events, the newest first."""
        found: list[Event] = []
        before: int | None = None
        while len(found) < limit:
            params: dict[str, str | int] = {
                "order": "desc",
                "limit": min(MAX_PAGE, limit - len(found)),
            }
            if before is not None:
                params["before"] = before
            page = self._read(self._http_get("/history", params), Page)
            found += page.events
            if page.next is None or not page.events:
                break
            before = page.events[-1].version
        return found

    def after(self, version: int, upto: int) -> list[Event]:
        """Return one page of the events after a version up to another, oldest first."""
        params: dict[str, str | int] = {"after": version, "before": upto + 1, "limit": MAX_PAGE}
        return self._read(self._http_get("/history", params), Page).events

    def exported(self, kind: str) -> Iterator[bytes]:
        """Yield the parts of the document's file of a kind, as they come."""
        path, params = f"{self._path}/export", {"format": kind}
        try:
            with self._http.stream("GET", path, params=params) as answer:
                if not answer.is_success:
                    answer.read()
                self._checked(answer)
                yield from answer.iter_bytes()
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    def bring_in(self, content: bytes, name: str | None) -> Metadata:
        """Make a document of a file, under a name of its own or that in the file."""
        params = {} if name is None else {"name": name}
        sent = self._send(
            "POST", "/api/documents/import", content=content, params=params, timeout=_IMPORT_S
        )
        return self._read(self._checked(sent), Metadata)

    def read(self, path: str, params: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """Return the answer about a part of the document, such as `/versions`."""
        return self._read(self._http_get(path, params), dict[str, Any])

    def change(
        self, method: str, path: str, body: object = None, *, is_safe: bool = False
    ) -> dict[str, Any]:
        """Change a part of the document; returns the answer, empty if it has no body.

        Args:
            is_safe: it may be sent again if the answer is lost.
        """
        options = {} if body is None else {"json": body}

        def send() -> httpx.Response:
            return self._send(method, self._path + path, **options)

        answer = self._checked(_insist(send) if is_safe else send())
        return self._read(answer, dict[str, Any]) if answer.content else {}

    @staticmethod
    def quoted(name: str) -> str:
        """Return a name as a part of a path."""
        return quote(name, safe="")

    # --- how ------------------------------------------------------------------------------------

    def _http_get(self, path: str, params: Mapping[str, str | int] | None = None) -> httpx.Response:
        return self._checked(self._send("GET", self._path + path, params=dict(params or {})))

    def _send(self, method: str, path: str, **options: object) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)  # type: ignore[arg-type]
        except httpx.TransportError as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: httpx.TransportError) -> CommandFailed:
        if isinstance(error, httpx.UnsupportedProtocol):
            problem = f"--url {self.url} is no URL of a server, such as http://127.0.0.1:8000"
            return CommandFailed(problem, ExitCode.USAGE)
        problem = f"no server answers at {self.url}: {str(error) or type(error).__name__}"
        return CommandFailed(problem, ExitCode.UNREACHABLE)

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        try:
            problem = msgspec.json.decode(answer.content, type=_Problem)
        except msgspec.DecodeError:
            problem = _Problem()
        if problem.code == "unknown_document":
            raise NoDocument(f"{self.document}: {problem.detail}")
        if problem.detail:
            raise CommandFailed(f"{self.document}: {problem.detail}")
        raise CommandFailed(f"{self.url} answers with HTTP {answer.status_code}; is it Quire?")

    def _read(self, answer: httpx.Response, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.DecodeError:
            raise CommandFailed(f"{self.url} gives no answer of Quire's; is it Quire?") from None


def _sound(token: str) -> str:
    """Return a token as it can stand in a header; the message about any other repeats nothing."""
    stripped = token.strip()
    if not stripped.isascii() or not stripped.isprintable() or " " in stripped or not stripped:
        raise CommandFailed("--token: that cannot be a token", ExitCode.USAGE)
    return stripped


def _insist(request: Callable[[], httpx.Response]) -> httpx.Response:
    """Try again where only the answer may have been lost. For requests that may be repeated."""
    for attempt in range(1, _WRITE_ATTEMPTS + 1):
        try:
            return request()
        except CommandFailed as failed:
            if attempt == _WRITE_ATTEMPTS or failed.exit_code is not ExitCode.UNREACHABLE:
                raise
    raise AssertionError("the last attempt returns or raises")

"""The past of a document over HTTP, for Python programs: versions, authors, taking back, retention.

    async with open_history("http://127.0.0.1:8000", "notes", name="Ada") as past:
        await past.give_name("First draft")
        text = await past.text(12)

It needs no socket. What it does reaches everybody, `sync.client.connect` too, as events.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from sync.client.past_answer import (
    Blame,
    BlamedSpan,
    Contribution,
    Contributions,
    HttpProblem,
    NamedVersion,
    NamedVersions,
    Retention,
    TakenBack,
    VersionText,
    Written,
)
from sync.client.remote_document import ConnectionLost
from sync.names import is_document_name

Token = str | Callable[[], Awaitable[str]]
"""An API token or a token of an application, or a function that fetches one."""
Params = Mapping[str, str | int]

_NAME_HEADER: Final = "X-Quire-Name"
_TIMEOUT_S: Final = 30.0
_ATTEMPTS: Final = 3
_PAUSE_S: Final = 0.3
_NAMES_AT_ONCE: Final = 200
_LOST: Final = (httpx.TransportError,)

T = TypeVar("T")


class RequestRefused(Exception):
    """The server's refusal of a request.

    Args:
        status: of HTTP.
        problem: its problem document; empty if it sent none.
    """

    def __init__(self, status: int, problem: HttpProblem) -> None:
        super().__init__(problem.detail or f"the server answers with HTTP {status}")
        self.status = status
        self.code = problem.code
        """As in the table of docs/http.md, such as `history_thinned`."""
        self.kept_before = problem.kept_before
        self.kept_after = problem.kept_after
        """Of `history_thinned`: the nearest versions that are kept; else None."""


@asynccontextmanager
async def open_history(
    url: str,
    document: str,
    *,
    name: str | None = None,
    token: Token | None = None,
    timeout_s: float = _TIMEOUT_S,
) -> AsyncIterator["DocumentHistory"]:
    """Give the history of a document on a server, `http(s)://…` with the path that it has there.

    Args:
        name: in open mode: who one is.
        token: if it has ended and is a function, another one is fetched.
        timeout_s: the longest wait for one answer.

    Raises:
        ValueError: not a document's name, or no such URL.
    """
    if not is_document_name(document):
        raise ValueError(f"{document!r} cannot be a document's name")
    if not url.lower().startswith(("http://", "https://")):
        raise ValueError(f"{url!r} is no URL of a server")
    headers = {} if name is None else {_NAME_HEADER: quote(name)}
    async with httpx.AsyncClient(
        base_url=f"{url.rstrip('/')}/api/documents/{document}", headers=headers, timeout=timeout_s
    ) as http:
        yield DocumentHistory(http, token)


class DocumentHistory:
    """The history of one document; made by `open_history`.

    Every method raises `RequestRefused`, as the server answers, and `ConnectionLost`, if it does
    not. A change is sent again if only its answer may have been lost, under the same id, so it is
    done once. Cancelling stops the waiting; the change may be done or not.
    """

    def __init__(self, http: httpx.AsyncClient, token: Token | None) -> None:
        self._http = http
        self._token = token
        self._fetched: str | None = token if isinstance(token, str) else None

    async def text(self, version: int | None = None) -> VersionText:
        """Return the text at a version; without one at the head."""
        params = {} if version is None else {"version": version}
        answer = await self._send("GET", "/text", params=params)
        return VersionText(int(answer.headers["etag"].strip('"')), answer.content.decode())

    async def named_versions(
        self, kind: Literal["all", "named", "automatic"] = "all"
    ) -> list[NamedVersion]:
        """Return all versions that have names, the newest version first."""
        found: list[NamedVersion] = []
        params: dict[str, str | int] = {"kind": kind, "limit": _NAMES_AT_ONCE}
        while True:
            page = await self._get("/versions", NamedVersions, params)
            found += page.versions
            if page.next is None:
                return found
            params["before"] = page.next

    async def give_name(
        self, name: str, version: int | None = None, note: str = ""
    ) -> NamedVersion:
        """Give a version, without one the head, a name that the document does not have yet."""
        body = {"name": name, "version": version, "note": note}
        answer = await self._send("POST", "/versions", json=body)
        return _decode(answer, NamedVersion)

    async def change_name(
        self, name: str, *, new_name: str | None = None, note: str | None = None
    ) -> NamedVersion:
        """Give a named version another name, another note, or both."""
        changes = {"name": new_name, "note": note}
        body = {key: value for key, value in changes.items() if value is not None}
        return _decode(await self._send("PATCH", _named(name), json=body), NamedVersion)

    async def remove_name(self, name: str) -> None:
        """Remove a name; the version stays."""
        await self._send("DELETE", _named(name))

    async def blame(self, version: int | None = None) -> Blame:
        """Return of each span of a text who wrote it, when, at which version; without one the head.

        Positions count code points.
        """
        spans: list[BlamedSpan] = []
        params: dict[str, str | int] = {} if version is None else {"version": version}
        while True:
            page = await self._get("/blame", Blame, params)
            spans += page.spans
            if page.next is None:
                return Blame(page.version, spans, None)
            # What is written meanwhile does not move the rest.
            params = {"version": page.version, "after": page.next}

    async def contributions(self, version: int | None = None) -> list[Contribution]:
        """Return what each person wrote up to a version; those of whom most stands come first."""
        params = {} if version is None else {"version": version}
        return (await self._get("/contributions", Contributions, params)).contributions

    async def restore(self, which: int | str) -> Written:
        """Bring a version back, by its number or a name, as a new one; returns after the commit."""
        chosen = {"name": which} if isinstance(which, str) else {"version": which}
        return await self._insist("/restore", chosen, Written)

    async def take_back(
        self,
        *,
        actor: str | None = None,
        after: int | None = None,
        upto: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        part: tuple[int, int] | None = None,
        at: int | None = None,
        is_dry: bool = False,
    ) -> TakenBack:
        """Undo what one person, or everybody, did in a range; returns after the commit.

        What is left out bounds nothing. What others wrote stays.

        Args:
            actor: a user's id.
            after, upto: versions: the events after the one, up to the other.
            since, until: times, which know their zone; both are included.
            part: only what they did from one place of the text to another, in code points; what
                was deleted right at its ends belongs to it.
            at: the version whose text `part` means.
            is_dry: only tell what would be done: `version` is the head then.

        Raises:
            ValueError: a time without a zone, a part without a version.
        """
        bounds: dict[str, Any] = {"actor": actor, "after": after, "upto": upto}
        bounds |= {"from": _moment(since), "to": _moment(until)}
        if part is not None:
            # Sent again, it must not mean another text.
            if at is None:
                raise ValueError("a part is one of the text of a version")
            bounds["part"] = {"version": at, "from": part[0], "to": part[1]}
        wish = {key: value for key, value in bounds.items() if value is not None}
        if not is_dry:
            return await self._insist("/take-back", wish, TakenBack)
        answer = await self._send("POST", "/take-back", json=wish, params={"dry_run": "true"})
        return _decode(answer, TakenBack)

    async def retention(self) -> Retention:
        """Return how much of the history is kept, and what is gone by now."""
        return await self._get("/retention", Retention)

    async def set_retention(
        self,
        kind: Literal["keep", "thin", "drop"],
        *,
        days: int | None = None,
        before_version: int | None = None,
    ) -> Retention:
        """Say how much is to be kept, as an owner. What goes then does not come back."""
        body = {"kind": kind, "days": days, "before_version": before_version}
        return _decode(await self._send("PUT", "/retention", json=body), Retention)

    async def clear_retention(self) -> None:
        """Have the document follow the server's setting again."""
        await self._send("DELETE", "/retention")

    # --- how ------------------------------------------------------------------------------------

    async def _get(self, path: str, kind: type[T], params: Params | None = None) -> T:
        return _decode(await self._send("GET", path, params=dict(params or {})), kind)

    async def _insist(self, path: str, body: Mapping[str, Any], kind: type[T]) -> T:
        """Send a change until it is answered: its id makes sure that it is done once."""
        known = {**body, "id": f"past-{secrets.token_urlsafe(12)}"}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return _decode(await self._send("POST", path, json=known), kind)
            except ConnectionLost:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(_PAUSE_S * attempt)
        raise AssertionError("the last attempt returns or raises")

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = await self._once(method, path, options)
        if answer.status_code == httpx.codes.UNAUTHORIZED and callable(self._token):
            self._fetched = None
            answer = await self._once(method, path, options)
        if not answer.is_success:
            raise RequestRefused(answer.status_code, _problem(answer))
        return answer

    async def _once(self, method: str, path: str, options: Mapping[str, Any]) -> httpx.Response:
        if self._fetched is None and callable(self._token):
            self._fetched = await self._token()
        headers = {} if self._fetched is None else {"Authorization": f"Bearer {self._fetched}"}
        try:
            return await self._http.request(method, path, headers=headers, **options)
        except _LOST as error:
            raise ConnectionLost(f"no answer: {str(error) or type(error).__name__}") from None


def _named(name: str) -> str:
    return f"/versions/{quote(name, safe='')}"


def _moment(at: datetime | None) -> str | None:
    if at is not None and at.tzinfo is None:
        raise ValueError("a time must know its zone")
    return None if at is None else at.isoformat()


def _decode(answer: httpx.Response, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.DecodeError:
        raise RequestRefused(answer.status_code, HttpProblem(detail="no answer of Quire")) from None


def _problem(answer: httpx.Response) -> HttpProblem:
    try:
        return msgspec.json.decode(answer.content, type=HttpProblem)
    except msgspec.DecodeError:
        return HttpProblem()

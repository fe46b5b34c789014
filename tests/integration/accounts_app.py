"""An application with accounts, and its people's browsers; no test is in here."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
from argon2 import Parameters
from argon2.low_level import ARGON2_VERSION, Type

from app.identity.accounts.invitation import issue_invitation
from app.identity.people import People
from tests.integration.http_app import Application, application

ORIGIN: Final = "http://quire.test"
PASSWORD: Final = "correct horse"
OTHER_PASSWORD: Final = "battery staple"
CHEAP: Final = Parameters(
    type=Type.ID,
    version=ARGON2_VERSION,
    salt_len=16,
    hash_len=32,
    time_cost=1,
    memory_cost=64,
    parallelism=1,
)
"""Real hashes that take no time. Tests of the time that they take do without."""


T = TypeVar("T")


def cookie_value(cookies: Mapping[str, T], name: str) -> T | None:
    """Return a cookie whose name has the digits of an installation behind it."""
    return next((value for own, value in cookies.items() if own.startswith(f"{name}_")), None)


@dataclass(frozen=True, slots=True)
class Browser(Application):
    """A browser with cookies of its own, on a page of the server."""

    async def sign_in(self, login: str, password: str = PASSWORD) -> dict[str, Any]:
        """Sign in; returns the state of the session."""
        return await self.ok("POST", "/api/session", json={"login": login, "password": password})

    async def who(self) -> dict[str, Any]:
        """The state of the session."""
        return await self.ok("GET", "/api/session")

    @property
    def session(self) -> str | None:
        """The secret in its session cookie."""
        return cookie_value(self.http.cookies, "quire_session")


@dataclass(frozen=True, slots=True)
class House:
    """An application, and as many browsers as are asked for."""

    quire: Application

    @property
    def people(self) -> People:
        """The parts that know people."""
        return self.quire.state.people

    def browser(self, address: str = "127.0.0.1", origin: str | None = ORIGIN) -> Browser:
        """A new browser, without cookies."""
        transport = httpx.ASGITransport(
            self.quire.app, raise_app_exceptions=False, client=(address, 1)
        )
        headers = {"User-Agent": "Browser/1"} | ({} if origin is None else {"Origin": origin})
        http = httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)
        return Browser(self.quire.app, http)

    async def invitation(self, **options: Any) -> str:
        """The secret of a new invitation."""
        issued = await issue_invitation(self.people.identity, created_by="test", **options)
        return issued.secret

    async def join(
        self,
        login: str,
        *,
        is_operator: bool = False,
        password: str = PASSWORD,
        origin: str = ORIGIN,
    ) -> Browser:
        """A browser in which a new user is signed in."""
        browser = self.browser(origin=origin)
        secret = await self.invitation(is_operator=is_operator)
        body = {"secret": secret, "login": login, "name": login.title(), "password": password}
        await browser.ok("POST", "/api/invitations/accept", json=body)
        return browser


@asynccontextmanager
async def house(folder: Path, *, cheap: bool = True, **settings: Any) -> AsyncIterator[House]:
    """Run an application with accounts, whose database lies in `folder`."""
    chosen = {"auth": "accounts"} | settings
    async with application(folder, **chosen) as quire:
        if cheap:
            quire.state.people.passwords._chosen = CHEAP
        yield House(quire)


def set_cookies(response: httpx.Response) -> Iterator[tuple[str, set[str]]]:
    """The cookies that an answer sets: each `name=value`, and its attributes in lower case."""
    for header in response.headers.get_list("set-cookie"):
        pair, *attributes = header.split(";")
        yield pair, {attribute.strip().lower() for attribute in attributes}

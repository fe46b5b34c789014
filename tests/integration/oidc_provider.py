"""A real OpenID Connect provider in a Node process, and a browser's way through it; no test here.

    with oidc_provider(server_url) as provider:
        browser.sign_in("ada", next_path="/d/notes")

The provider is the npm package `oidc-provider`; `tests/npm/oidc_provider.mjs` starts it.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Self
from urllib.parse import urljoin, urlsplit

import httpx

from tests.free_port import free_port
from tests.integration.npm_client import node_program
from tests.integration.server import ROOT
from tests.patience import PATIENCE_S

CLIENT_ID: Final = "quire"
CLIENT_SECRET: Final = "a-secret-of-quire-and-its-provider"
_FORM: Final = re.compile(r'<form[^>]*action="([^"]+)"')
_PROMPT: Final = re.compile(r'name="prompt" value="(\w+)"')
_MAX_STEPS: Final = 20


@contextmanager
def oidc_provider(quire_url: str) -> Iterator[str]:
    """Run a provider for the server at an address; yields the provider's own, its issuer."""
    node, environment = node_program()
    port = free_port()
    process = subprocess.Popen(
        [node, str(ROOT / "tests" / "npm" / "oidc_provider.mjs"), str(port), quire_url],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == b"listening":
                break
        else:
            raise AssertionError("the provider has not started; see its stderr")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def settings_for(issuer: str) -> Mapping[str, str]:
    """Return the environment of a server whose users sign in at a provider."""
    return {
        "QUIRE_AUTH": "oidc",
        "QUIRE_OIDC_ISSUER": issuer,
        "QUIRE_OIDC_CLIENT_ID": CLIENT_ID,
        "QUIRE_OIDC_CLIENT_SECRET": CLIENT_SECRET,
    }


class Browser:
    """A browser, as far as redirects, cookies and the provider's forms need one."""

    def __init__(self, quire_url: str) -> None:
        self.http = httpx.Client(trust_env=False, timeout=PATIENCE_S, follow_redirects=False)
        self.visited: list[str] = []
        self._quire = quire_url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def start(self, next_path: str | None = None) -> str:
        """Begin to sign in; returns the address at the provider."""
        params = {} if next_path is None else {"next": next_path}
        answer = self.http.get(f"{self._quire}/auth/oidc/start", params=params)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def consent(self, url: str, name: str) -> str:
        """Sign in at the provider; returns the address that it sends the browser back to."""
        answer = self.http.get(url)
        for _ in range(_MAX_STEPS):
            self.visited.append(str(answer.url))
            if answer.is_redirect:
                target = urljoin(str(answer.url), answer.headers["location"])
                if self.is_ours(target):
                    return target
                answer = self.http.get(target)
                continue
            form, prompt = _FORM.search(answer.text), _PROMPT.search(answer.text)
            assert form is not None, answer.text[:2000]
            assert prompt is not None, answer.text[:2000]
            fields = {"prompt": prompt[1], "login": name, "password": "any"}
            answer = self.http.post(urljoin(str(answer.url), form[1]), data=fields)
        raise AssertionError("the provider sends the browser round and round")

    def come_back(self, url: str) -> httpx.Response:
        """Take the address that the provider sent the browser to."""
        return self.http.get(url)

    def sign_in(self, name: str, next_path: str | None = None) -> httpx.Response:
        """Sign in from beginning to end; returns our answer to the way back."""
        return self.come_back(self.consent(self.start(next_path), name))

    def cookies(self, beginning: str = "quire_") -> dict[str, str]:
        """Return the cookies that the server has set, by name."""
        return {
            cookie.name: cookie.value or ""
            for cookie in self.http.cookies.jar
            if cookie.name.startswith(beginning)
        }

    def is_ours(self, url: str) -> bool:
        return urlsplit(url).netloc == urlsplit(self._quire).netloc

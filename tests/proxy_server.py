"""A real nginx or HAProxy in front of Quire servers; no test is in here."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import pytest

from scripts.debian_program import HAPROXY, NGINX, DebianProgram
from tests.free_port import free_port
from tests.patience import PATIENCE_S

_NGINX_CONFIGURATION: Final = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    map $http_upgrade $connection_upgrade {{
        default upgrade;
        ""      "";
    }}
    server {{
        listen 127.0.0.1:{port}{listen};
        {tls}
        client_max_body_size 64m;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_buffering off;
        {locations}
    }}
}}
"""
_HAPROXY_CONFIGURATION: Final = """
global
    maxconn 200
defaults
    mode http
    timeout connect 5s
    timeout client {timeout_s}s
    timeout server {timeout_s}s
    timeout tunnel {timeout_s}s
frontend web
    bind 127.0.0.1:{port}
    {frontend}
    default_backend quire
backend quire
    {backend}
    {servers}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that runs."""

    port: int
    certificate: Path | None = None

    def url(self, scheme: str = "http") -> str:
        """Return its address; with TLS, `http` becomes `https` and `ws` becomes `wss`."""
        return f"{scheme}{'s' if self.certificate else ''}://127.0.0.1:{self.port}"

    def trust(self) -> ssl.SSLContext | None:
        """Return what a client has to trust; None without TLS."""
        if self.certificate is None:
            return None
        return ssl.create_default_context(cafile=self.certificate)


@contextmanager
def nginx(folder: Path, locations: str, *, tls: bool = False) -> Iterator[Proxy]:
    """Run nginx with these `location` blocks.

    Args:
        tls: it ends TLS, with a certificate for 127.0.0.1 that it has signed itself.
    """
    path = path_or_skip(NGINX)
    folder.mkdir(parents=True, exist_ok=True)
    proxy = Proxy(free_port(), _certificate(folder) if tls else None)
    keys = f"ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"
    file, log = folder / "nginx.conf", folder / "nginx.log"
    file.write_text(
        _NGINX_CONFIGURATION.format(
            folder=folder,
            port=proxy.port,
            listen=" ssl" if tls else "",
            tls=keys if tls else "",
            locations=locations,
        )
    )
    command = [path, "-e", str(log), "-c", str(file), "-p", str(folder)]
    with _running(command, log, proxy.port):
        yield proxy


@contextmanager
def haproxy(
    folder: Path,
    ports: Sequence[int],
    *,
    frontend: str = "",
    backend: str = "",
    server: str = "",
) -> Iterator[Proxy]:
    """Run HAProxy in front of servers on these ports.

    Args:
        frontend: lines of its `frontend`.
        backend: lines of its `backend`.
        server: what follows each `server`; `{number}` stands for which one it is.
    """
    path = path_or_skip(HAPROXY)
    folder.mkdir(parents=True, exist_ok=True)
    proxy = Proxy(free_port())
    servers = "\n    ".join(
        f"server quire{number} 127.0.0.1:{each} {server.format(number=number)}"
        for number, each in enumerate(ports)
    )
    file = folder / "haproxy.cfg"
    file.write_text(
        _HAPROXY_CONFIGURATION.format(
            port=proxy.port,
            timeout_s=int(PATIENCE_S),
            frontend=frontend,
            backend=backend,
            servers=servers,
        )
    )
    with _running([path, "-db", "-f", str(file)], folder / "haproxy.log", proxy.port):
        yield proxy


def path_or_skip(program: DebianProgram) -> str:
    """Return the path of a program; skip the test without one, and fail under CI=true."""
    path = os.environ.get(program.variable) or program.installed()
    if path is None:
        _skip(
            f"no {program.title}: run ./test, which installs one as root, or set {program.variable}"
        )
    return path


@contextmanager
def _running(command: Sequence[str], log: Path, port: int) -> Iterator[None]:
    """Run a proxy from when it listens on a port until the end of the block."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not _listens(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"{command[0]} does not listen"
            time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _certificate(folder: Path) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        _skip("no openssl to make a certificate with")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem"


def _skip(reason: str) -> NoReturn:
    assert os.environ.get("CI") != "true", reason
    pytest.skip(reason)

"""A real nginx in front of a Quire server, for tests that need one; no test is in here."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from scripts.nginx import VARIABLE, installed_nginx
from tests.patience import PATIENCE_S

_CONFIGURATION: Final = """
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


@dataclass(frozen=True, slots=True)
class Nginx:
    """A proxy that runs."""

    port: int
    certificate: Path | None

    def url(self, scheme: str = "http") -> str:
        """`http://127.0.0.1:PORT`; with TLS, `http` becomes `https` and `ws` becomes `wss`."""
        return f"{scheme}{'s' if self.certificate else ''}://127.0.0.1:{self.port}"

    def trust(self) -> ssl.SSLContext | None:
        """What a client has to trust; None without TLS."""
        if self.certificate is None:
            return None
        return ssl.create_default_context(cafile=self.certificate)


def nginx_or_skip() -> str:
    """The path of an nginx; skips the test without one, and fails under CI=true."""
    path = os.environ.get(VARIABLE) or installed_nginx()
    if path is None:
        reason = f"no nginx: run ./test, which installs one as root, or set {VARIABLE}"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)
    return path


@contextmanager
def nginx(folder: Path, locations: str, *, tls: bool = False) -> Iterator[Nginx]:
    """Run nginx with these `location` blocks.

    Args:
        tls: it ends TLS, with a certificate for 127.0.0.1 that it has signed itself.
    """
    path = nginx_or_skip()
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    certificate = _certificate(folder) if tls else None
    (folder / "nginx.conf").write_text(
        _CONFIGURATION.format(
            folder=folder,
            port=port,
            listen=" ssl" if tls else "",
            tls=(
                f"ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;"
                if tls
                else ""
            ),
            locations=locations,
        )
    )
    command = [
        path,
        "-e",
        str(folder / "nginx.log"),
        "-c",
        str(folder / "nginx.conf"),
        "-p",
        str(folder),
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        _wait_for(port, process, folder)
        yield Nginx(port, certificate)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "nginx.log").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("nginx does not listen")


def _certificate(folder: Path) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        assert os.environ.get("CI") != "true", "no openssl to make a certificate with"
        pytest.skip("no openssl to make a certificate with")
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

"""A free TCP port for a server of a test."""

import socket


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 on which nothing listened a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

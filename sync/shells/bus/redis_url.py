"""The URL of Redis, read without I/O and without ever repeating a password.

    redis://[user:password@]host[:6379][/db]                         TCP
    rediss://…                                                       TLS
    unix://[user:password@]/path/to/redis.sock[?db=0]                a socket file
    redis+sentinel://[…@]host[:26379],host[:26379]/service[/db]      the master of that service
    redis+cluster://[…@]host[:6379],host[:6379]                      any node that answers

The last two also as `rediss+…`. After `?` may follow `db`, `username`, `password` and
`client_name`; `sentinel_username` and `sentinel_password`, where the Sentinels want others than
Redis does; with TLS, the `ssl_…` options below. A database is only a number here: in Redis,
databases do not separate channels, so it is never selected, and goes into the channels' names.

redis-py has a parser of its own, `redis.asyncio.connection.parse_url`, and a test holds this one to
the same answers. It is not used here, because it (7.x) knows neither Sentinels nor clusters, and
accepts half of the URLs that are refused here: it drops a database that is no number, an unknown
option reaches the connection as an argument, and `redis://u:12/secret@h` is read as the host `u`,
to which the bus would then talk. Its errors quote parts of a password, and importing it takes a
quarter of a second, which the check of the settings would pay at every start.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote

REDIS_PORT: Final = 6379
SENTINEL_PORT: Final = 26379

Node = tuple[str, int]
"""Host and port."""

_TLS_TEXTS: Final = (
    "ssl_ca_certs",
    "ssl_ca_path",
    "ssl_certfile",
    "ssl_cert_reqs",
    "ssl_keyfile",
    "ssl_password",
)
_TLS_OPTIONS: Final = (*_TLS_TEXTS, "ssl_check_hostname")
_SENTINEL_OPTIONS: Final = ("sentinel_username", "sentinel_password")
_OPTIONS: Final = (
    *("client_name", "db", "password", "username"),
    *_SENTINEL_OPTIONS,
    *_TLS_OPTIONS,
)
_TRUTH: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}

_URL: Final = re.compile(
    r"(?P<scheme>unix|rediss?(?:\+(?P<kind>sentinel|cluster))?)://"
    r"(?:(?P<user>[^/?#]*)@)?(?P<nodes>[^/?#@]*)(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?"
)
_NODE: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?")
_DATABASE: Final = re.compile(r"[0-9]{1,6}")
_CLIENT_NAME: Final = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """The parts of a URL; printing it shows no secret."""

    nodes: tuple[Node, ...] = ()
    """One; several Sentinels with a `service`; several nodes of a cluster; none with a `path`."""
    path: str = ""
    service: str = ""
    db: int = 0
    is_tls: bool = False
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    sentinel_username: str = field(default="", repr=False)
    sentinel_password: str = field(default="", repr=False)
    client_name: str = ""
    tls_options: Mapping[str, str | bool] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        nodes = ", ".join(f"{host}:{port}" for host, port in self.nodes)
        return self.path or (f"{self.service} of {nodes}" if self.service else nodes)


def parse_redis_url(url: str) -> RedisUrl:
    """Read a URL of Redis.

    Raises:
        ValueError: it cannot be used; the message says why, and repeats nothing of the URL.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise _unusable(
            "it has to begin with redis://, rediss://, unix://, redis+sentinel:// or "
            "redis+cluster://, and special characters in a password are written as %xx"
        )
    options = _read_options(match["query"] or "")
    user, _, password = (match["user"] or "").partition(":")
    kind, path = match["kind"], unquote(match["path"] or "")
    is_tls = match["scheme"].startswith("rediss")
    _check_fit(options, is_tls=is_tls, is_sentinel=kind == "sentinel")
    nodes: tuple[Node, ...] = ()
    service = database = ""
    if match["scheme"] == "unix":
        if match["nodes"] or path in ("", "/"):
            raise _unusable("unix:// is followed by the path of a socket, as in unix:///run/redis")
    else:
        nodes = _read_nodes(match["nodes"], kind)
        path, database = "", path.strip("/")
    if kind == "sentinel":
        service, _, database = database.partition("/")
        if not service:
            raise _unusable("redis+sentinel:// names the service after the hosts, as in /mymaster")
    db = _read_database(options.get("db") or database)
    if kind == "cluster" and db:
        raise _unusable("a cluster has no database but 0")
    return RedisUrl(
        nodes=nodes,
        path=path,
        service=service,
        db=db,
        is_tls=is_tls,
        username=unquote(user) or options.get("username", ""),
        password=unquote(password) or options.get("password", ""),
        sentinel_username=options.get("sentinel_username", ""),
        sentinel_password=options.get("sentinel_password", ""),
        client_name=options.get("client_name", ""),
        tls_options=_read_tls_options(options),
    )


def _unusable(why: str) -> ValueError:
    return ValueError(f"the URL of Redis cannot be used: {why}")


def _read_nodes(text: str, kind: str | None) -> tuple[Node, ...]:
    default = SENTINEL_PORT if kind == "sentinel" else REDIS_PORT
    if not text and kind is None:
        return (("localhost", default),)
    nodes = tuple(_read_node(part, default) for part in text.split(","))
    if len(nodes) > 1 and kind is None:
        raise _unusable("several hosts need redis+sentinel:// or redis+cluster://")
    return nodes


def _read_node(text: str, default_port: int) -> Node:
    match = _NODE.fullmatch(text)
    port = int(match[3] or default_port) if match else 0
    if match is None or not 0 < port < 1 << 16:
        raise _unusable("a host is a name or an address, perhaps with a port, as in localhost:6379")
    return match[1] or match[2], port


def _read_database(text: str) -> int:
    if text and _DATABASE.fullmatch(text) is None:
        raise _unusable("its database is not a number")
    return int(text or 0)


def _read_options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    if not options.keys() <= set(_OPTIONS):
        raise _unusable(f"after the question mark there can be only {', '.join(_OPTIONS)}")
    if "client_name" in options and _CLIENT_NAME.fullmatch(options["client_name"]) is None:
        raise _unusable("its client_name has to be 1 to 64 visible ASCII characters")
    return options


def _check_fit(options: Mapping[str, str], *, is_tls: bool, is_sentinel: bool) -> None:
    if not is_tls and not options.keys().isdisjoint(_TLS_OPTIONS):
        raise _unusable("ssl_ options need rediss://")
    if not is_sentinel and not options.keys().isdisjoint(_SENTINEL_OPTIONS):
        raise _unusable("sentinel_ options need redis+sentinel://")


def _read_tls_options(options: Mapping[str, str]) -> dict[str, str | bool]:
    chosen: dict[str, str | bool] = {name: options[name] for name in _TLS_TEXTS if name in options}
    if chosen.get("ssl_cert_reqs", "none") not in ("none", "optional", "required"):
        raise _unusable("ssl_cert_reqs is none, optional or required")
    if "ssl_check_hostname" in options:
        value = options["ssl_check_hostname"].lower()
        if value not in _TRUTH:
            raise _unusable("ssl_check_hostname is true or false")
        chosen["ssl_check_hostname"] = _TRUTH[value]
    return chosen

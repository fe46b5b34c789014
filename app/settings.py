"""The one table of settings: read from flags, then the environment, then a `.env` file.

Each field of `Settings` is a setting, with its unit, bounds and help beside it. `SETTINGS` lists
them for the command line and for `docs/settings.md`, which a test holds equal to it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, Self, cast, get_args

from app.env_file import read_env_file
from app.image_settings import ImageSettings
from app.import_settings import ImportSettings
from app.metrics_settings import MetricsSettings
from app.retention_settings import RetentionSettings
from app.search_settings import SearchSettings
from app.setting_field import setting as _setting
from app.setting_row import Setting, Value
from app.unsupported_settings import refuse_unsupported
from app.webhook_settings import WebhookSettings
from sync.limit import Limits
from sync.permission import ROLES, SIGNED_IN, Grants

AuthMode = Literal["open", "accounts", "oidc", "jwt"]
AUTH_MODES: Final[tuple[AuthMode, ...]] = get_args(AuthMode)
LOG_LEVELS: Final = ("critical", "error", "warning", "info", "debug", "trace")
LOG_FORMATS: Final = ("auto", "json", "text")


def _limit(name: str, help_: str, *, unit: str = "", least: int = 1) -> Any:
    """A setting that is one of the limits of `sync.limit`, with the default that stands there."""
    return _setting(getattr(_DEFAULT_LIMITS, name), help_, unit=unit, least=least, is_limit=True)


_DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, kw_only=True)
class _SettingGroups(
    ImageSettings,
    SearchSettings,
    ImportSettings,
    RetentionSettings,
    MetricsSettings,
    WebhookSettings,
):
    """The settings that have modules of their own."""


@dataclass(frozen=True, kw_only=True)
class Settings(_SettingGroups):
    """The settings of one server. Made by `load`; made directly, in tests, they are not checked."""

    host: str = _setting("127.0.0.1", "Address to listen on; 0.0.0.0 is every IPv4 address.")
    port: int = _setting(8000, "TCP port to listen on; 0 takes a free one.", least=0, most=65_535)
    root_path: str = _setting(
        "",
        "The path below which a proxy serves this, such as `/pad`; the proxy may strip it or not.",
    )
    database_url: str = _setting(
        "sqlite+aiosqlite:///quire.db", "Where the log is kept.", is_shown=False
    )
    database_pool_size: int = _setting(
        10, "Connections of one process to PostgreSQL, at most.", least=2, most=1_000
    )
    database_timeout_s: float = _setting(
        30.0,
        "How long PostgreSQL may take to answer, and how long it keeps a transaction that stands "
        "still, on a host that vanished say.",
        unit="s",
        least=1.0,
        most=86_400.0,
    )
    redis_url: str = _setting(
        "",
        "Redis that wakes the other processes up when something is written, and carries who is "
        "there; empty: none.",
        is_shown=False,
    )
    workers: int = _setting(
        1, "Server processes behind the one port; more than 1 needs PostgreSQL and Redis.", least=1
    )
    head_check_interval_s: float = _setting(
        2.0,
        "With PostgreSQL, how often the log is asked for what no process was woken up for.",
        unit="s",
        least=0.05,
    )
    auth: str = _setting(
        "",
        "How people prove who they are. `open`: they do not, a name is taken as given; `accounts`: "
        "by login and password; `oidc`: at an OpenID Connect provider; `jwt`: by tokens of the "
        "application that embeds Quire. Empty: `open`, while `host` is this machine alone.",
        choices=("", *AUTH_MODES),
    )
    public_url: str = _setting(
        "",
        "The address under which people reach this server, such as `https://quire.example.org` or "
        "`https://example.org/pad`; for links that are sent to them. Empty: `host` and `port`.",
    )
    session_days: int = _setting(
        30, "How long a sign-in lasts after it was last used.", unit="days", least=1, most=400
    )
    sign_in_attempts_per_login: int = _setting(
        100, "Attempts with one login from anywhere, in 15 minutes; a success begins anew.", least=1
    )
    sign_in_attempts_per_login_and_address: int = _setting(
        10, "The same from one address (IPv6: one /64). More of either get 429.", least=1
    )
    sign_in_attempts_per_address: int = _setting(
        60,
        "Attempts to sign in, or to use an invitation, from one address (IPv6: one /64), not "
        "counting this machine itself, in 15 minutes. More get 429.",
        least=1,
    )
    link_redemptions_per_address: int = _setting(
        300,
        "Share links redeemed from one address (not this machine), in 15 minutes; more get 429.",
        least=1,
    )
    default_access: str = _setting(
        "auto",
        "The role that whoever is signed in, in open mode everybody, has in a new document; "
        "`private`: none. `auto` is `editor`, and `private` with `--auth jwt`.",
        choices=("auto", "editor", "commenter", "viewer", "private"),
    )
    jwt_key: str = _setting(
        "",
        "With `--auth jwt`, what tokens are checked with: a secret of 32 bytes or more (HS256), or "
        "a public key in PEM (RS256, ES256); `@` and a path: the content of that file.",
        is_shown=False,
    )
    jwt_jwks_url: str = _setting(
        "", "Instead of `jwt_key`: the address of the issuer's public keys (JWKS), https."
    )
    jwt_algorithms: str = _setting(
        "",
        "The algorithms that count, separated by commas: `HS256`, or `RS256` and `ES256`. Empty: "
        "those that the key is good for.",
    )
    jwt_issuer: str = _setting("", "The `iss` that tokens must have.")
    jwt_audience: str = _setting("quire", "The `aud` that tokens must have, alone or among others.")
    oidc_issuer: str = _setting(
        "", "With `--auth oidc`, the provider: the address that it calls its issuer."
    )
    oidc_client_id: str = _setting("", "The name under which the provider knows this server.")
    oidc_client_secret: str = _setting(
        "",
        "The secret that it shares with this server; `@` and a path: the content of that file. "
        "Empty: a public client.",
        is_shown=False,
    )
    oidc_scopes: str = _setting(
        "openid profile", "What the provider is asked for; `openid` must be among it."
    )
    oidc_label: str = _setting("", "The provider's name on the button to sign in.")
    tickets_per_minute: int = _setting(
        600,
        "Tickets of one user in a minute (of all guests and names at one address, since anybody "
        "can be any number of them); more get 429.",
        least=1,
    )
    ticket_return_s: float = _setting(
        120.0,
        "How long after its socket was closed a y-websocket client may come back with the ticket "
        "in its address; 0: never, then it needs a cookie or a new ticket.",
        unit="s",
        least=0.0,
        most=3_600.0,
    )
    allowed_origins: tuple[str, ...] = _setting(
        (),
        "Web origins, separated by commas, whose pages may use this server besides its own; "
        "for example `https://wiki.example.org`. Programs that send no Origin are not concerned.",
        kind="origins",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        "Addresses and networks of proxies, separated by commas, whose `X-Forwarded-For` and "
        "`X-Forwarded-Proto` are believed; for example `10.0.0.0/8,127.0.0.1`.",
        kind="networks",
    )
    audit_days: int = _setting(
        90, "How long the audit trail keeps a record.", unit="days", least=1, most=36_500
    )
    trash_days: int = _setting(
        30, "How long the trash keeps a document.", unit="days", least=1, most=36_500
    )
    log_level: str = _setting("info", "The least important messages to log.", choices=LOG_LEVELS)
    log_format: str = _setting(
        "auto",
        "How the log is written to stderr: `json`, one object a line, or `text`. `auto` is `text` "
        "to a terminal, else `json`.",
        choices=LOG_FORMATS,
    )
    flush_interval_ms: float = _setting(
        10.0,
        "Under load, the shortest time between two commits; one commit then carries more edits.",
        unit="ms",
        least=0.0,
        most=10_000.0,
    )
    unload_after_s: float = _setting(
        30.0, "How long a document that nobody uses stays in memory.", unit="s", least=0.1
    )
    max_outbox_bytes: int = _setting(
        1 << 20,
        "What may wait to be sent on one socket; past it, the socket is caught up from the log.",
        unit="bytes",
        least=1 << 12,
    )
    slow_consumer_timeout_s: float = _setting(
        30.0, "A reader that takes nothing for this long is disconnected.", unit="s",
        least=0.1, most=86_400.0,
    )  # fmt: skip
    ping_interval_s: float = _setting(25.0, "How often a WebSocket is pinged.", unit="s", least=0.1)
    ping_timeout_s: float = _setting(
        35.0, "How long a peer may be silent after a ping before its socket is closed.", unit="s",
        least=0.1,
    )  # fmt: skip
    auth_timeout_s: float = _setting(
        10.0, "How long a new WebSocket may take to say who it is.", unit="s", least=0.1
    )
    compression: str = _setting(
        "off",
        "Whether long WebSocket messages are compressed for clients that offer it. Worth it on "
        "slow links only: such clients then compress all that they send.",
        choices=("off", "on"),
    )
    drain_s: float = _setting(
        5.0,
        "On shutdown, the window over which sockets are closed, so that not all return at once.",
        unit="s",
        least=0.0,
    )
    linger_s: float = _setting(
        30.0,
        "How long a peer that is still sending is read after it was told that its connection ends; "
        "cut sooner, it might not hear why.",
        unit="s",
        least=0.0,
        most=86_400.0,
    )
    max_linger_bytes: int = _setting(
        64 << 20, "How much of such a peer is read, and thrown away.", unit="bytes", least=0
    )
    max_event_streams: int = _setting(
        1_000, "Event streams (SSE) open at once; more get 429.", least=0
    )
    max_event_streams_per_user: int = _setting(
        100, "The same of one user, in one process; not of those who gave no name.", least=1
    )
    max_event_streams_per_address: int = _setting(
        200,
        "The same from one address (of IPv6: one /64), in one process; not from this machine.",
        least=1,
    )
    max_form_bytes: int = _setting(
        256 << 10,
        "One HTTP body that brings no text: of a title, of a version to restore. Longer ones get "
        "413. Texts and edits may have `max_message_bytes`.",
        unit="bytes",
        least=1 << 12,
    )
    max_message_bytes: int = _limit(
        "max_message_bytes", "One WebSocket message, one HTTP body.", unit="bytes", least=1 << 12
    )
    max_document_chars: int = _limit(
        "max_document_chars", "The text of one document.", unit="characters"
    )
    max_document_bytes: int = _limit(
        "max_document_bytes",
        "The whole Yjs state of one document, deleted content included.",
        unit="bytes",
        least=1 << 12,
    )
    max_document_structs: int = _limit(
        "max_document_structs", "The CRDT structs of one document, deleted ones included.", least=64
    )
    max_crdt_clients: int = _limit(
        "max_crdt_clients", "The CRDT clients that wrote in one document.", least=2
    )
    max_documents: int = _limit("max_documents", "Documents joined on one socket.")
    max_members: int = _limit("max_members", "Sessions in one document.")
    max_rooms: int = _limit("max_rooms", "Documents held open at once.")
    max_sessions: int = _limit("max_sessions", "WebSockets open at once.")
    max_sockets_per_user: int = _limit(
        "max_sockets_per_user", "WebSockets of one user open at once, in one process."
    )
    max_sockets_per_address: int = _limit(
        "max_sockets_per_address",
        "WebSockets from one address (of IPv6: one /64) at once, in one process; not this machine.",
    )
    max_early_frames: int = _limit(
        "max_early_frames", "WebSocket messages before their sender has said who it is."
    )
    max_early_bytes: int = _limit(
        "max_early_bytes", "The same in bytes.", unit="bytes", least=1 << 10
    )
    states_per_min: int = _limit(
        "states_per_min",
        "Whole states and texts that one WebSocket may ask for.",
        unit="per minute",
    )
    max_state_vector_bytes: int = _limit(
        "max_state_vector_bytes", "A state vector that a client sends.", unit="bytes", least=16
    )
    max_state_vector_clients: int = _limit("max_state_vector_clients", "The CRDT clients in it.")
    max_awareness_bytes: int = _limit(
        "max_awareness_bytes", "The awareness state of one client.", unit="bytes", least=64
    )
    awareness_per_s: int = _limit(
        "awareness_per_s",
        "Awareness updates, and cursor moves, of one session that go out in a second.",
    )
    max_history_events: int = _limit(
        "max_history_events", "Events in one page of history; at most 500 can be asked for."
    )
    max_diff_chars: int = _limit(
        "max_diff_chars", "A diff as `diff -u` prints it.", unit="characters"
    )
    edits_per_s: int = _limit(
        "edits_per_s", "Edits of one session, averaged over 10 s.", unit="edits/s"
    )
    request_edits_per_s: int = _limit(
        "request_edits_per_s",
        "Edits of one user over HTTP, averaged over 10 s; more get 429.",
        unit="edits/s",
    )

    @property
    def base_path(self) -> str:
        """`root_path` without a slash at its end; empty if there is none."""
        return self.root_path.rstrip("/")

    @property
    def new_document_grants(self) -> Grants:
        """The subjects, and their roles, that a new document is shared with."""
        default = "private" if self.auth_mode == "jwt" else "editor"
        role = default if self.default_access == "auto" else self.default_access
        return tuple((SIGNED_IN, each) for each in ROLES if each == role)

    @property
    def auth_mode(self) -> AuthMode:
        """`auth`, or what it is when empty."""
        return cast(AuthMode, self.auth or "open")

    @property
    def public_root(self) -> str:
        """The address of the start page without the slash at its end, for links."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "localhost" if self.host in ("0.0.0.0", "::", "") else self.host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}{self.base_path}"

    @property
    def uses_sqlite(self) -> bool:
        """True if this process is the only one that writes."""
        return self.database_url.startswith("sqlite")

    def limits(self) -> Limits:
        """The bounds of rooms and sessions, with those that an operator may change."""
        chosen = {setting.name: getattr(self, setting.name) for setting in SETTINGS
                  if setting.is_limit}  # fmt: skip
        return Limits(**chosen)

    @classmethod
    def load(
        cls,
        flags: Mapping[str, object],
        *,
        environment: Mapping[str, str] | None = None,
        env_file: Path | None = Path(".env"),
    ) -> Self:
        """The settings in force: a flag wins over the environment, that over the `.env` file.

        Args:
            flags: by name (`database_url`), as strings or already converted; what is None or
                not a setting is passed over.
            environment: `QUIRE_DATABASE_URL` and so on; None is the process's own.
            env_file: lines of `NAME=value`; need not exist.

        Raises:
            SettingsError: a value cannot be used, or the file cannot be read.
        """
        environment = os.environ if environment is None else environment
        file = {} if env_file is None else read_env_file(env_file)
        chosen: dict[str, Value] = {}
        for setting in SETTINGS:
            if (given := flags.get(setting.name)) is not None:
                chosen[setting.name] = setting.read(given, setting.flag)
            elif (text := environment.get(setting.variable)) is not None:
                chosen[setting.name] = setting.read(text, setting.variable)
            elif (text := file.get(setting.variable)) is not None:
                chosen[setting.name] = setting.read(text, f"{setting.variable} in {env_file}")
        settings = cls(**chosen)  # type: ignore[arg-type]
        refuse_unsupported(settings)
        return settings


def _table() -> tuple[Setting, ...]:
    rows = []
    for each in fields(Settings):
        default: Any = each.default
        kind = str if isinstance(default, tuple) else type(default)
        rows.append(Setting(each.name, kind, default, **each.metadata))
    return tuple(rows)


SETTINGS: Final = _table()
"""Every setting, in the order in which it is shown."""


def settings_from(flags: Mapping[str, object]) -> Settings:
    """The settings for a parsed command line; see `Settings.load`."""
    return Settings.load(flags)

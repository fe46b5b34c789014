"""`app.settings`: where values come from, what is refused, and that the docs say the same."""

from dataclasses import fields
from pathlib import Path

import pytest

from app.env_file import read_env_file
from app.setting_row import SettingsError
from app.settings import AUTH_MODES, SETTINGS, Settings, settings_from
from scripts.write_docs import DOCS, PAGES
from sync.limit import Limits


def load(
    flags: dict[str, object] | None = None,
    environment: dict[str, str] | None = None,
    env_file: Path | None = None,
) -> Settings:
    return Settings.load(flags or {}, environment=environment or {}, env_file=env_file)


def test_settings_have_their_defaults_when_nothing_is_given() -> None:
    settings = load()
    assert settings == Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.database_url == "sqlite+aiosqlite:///quire.db"
    assert settings.limits() == Limits()


def test_flag_wins_over_environment_and_that_over_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("QUIRE_PORT=1\nQUIRE_HOST=file\nQUIRE_DRAIN_S=1.5\nQUIRE_AUTH=open\n")
    environment = {"QUIRE_PORT": "2", "QUIRE_HOST": "environment"}
    settings = load({"port": 3, "host": None, "command": "serve"}, environment, file)
    assert (settings.port, settings.host, settings.drain_s) == (3, "environment", 1.5)


def test_settings_from_takes_a_parsed_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUIRE_MAX_DOCUMENTS", "7")
    settings = settings_from({"port": "8080"})
    assert (settings.port, settings.limits().max_documents) == (8080, 7)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("port", "eighty", "--port: 'eighty' is not an integer"),
        ("port", "65536", "--port: 65536 is not a number from 0 to 65535"),
        ("port", "-1", "--port: -1 is not a number from 0"),
        ("drain_s", "nan", "--drain-s: nan is not a number"),
        ("ping_interval_s", "soon", "--ping-interval-s: 'soon' is not a number"),
        ("max_message_bytes", "0", "--max-message-bytes: 0 is not a number from 4096"),
        ("log_level", "loud", "it can be critical, error, warning, info, debug, trace"),
        ("auth", "ldap", "'ldap' is not supported; it can be open, accounts, oidc, jwt"),
        ("session_days", "0", "--session-days: 0 is not a number from 1 to 400"),
        ("public_url", "quire.example.org", "is no address"),
        ("public_url", "https://u:p@quire.example.org", "is no address"),
        ("public_url", "https://quire.example.org/#x", "is no address"),
        ("public_url", "https://quire.example.org/?x", "is no address"),
        ("public_url", "https://quire.example.org/a b", "is no address"),
        ("public_url", "javascript:alert(1)", "is no address"),
        ("public_url", "https://[", "is no address"),
        ("workers", "4", "SQLite takes one process"),
        ("redis_url", "http://127.0.0.1", "redis_url: "),
        ("allowed_origins", "wiki.example.org", "is not an origin"),
        ("allowed_origins", "https://a.example/path", "is not an origin"),
        ("allowed_origins", "https://u@a.example", "is not an origin"),
        ("allowed_origins", "https://[", "is not an origin"),
        ("allowed_origins", "*", "is not an origin"),
    ],
)
def test_unusable_value_is_refused_with_its_name(name: str, value: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({name: value})
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.0.2.7", "quire.example.org", "127.0.0.1.example.org", ""]
)
def test_server_that_others_can_reach_needs_an_explicit_choice_of_auth(host: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({"host": host})
    for mode in AUTH_MODES:
        assert mode in str(refused.value)
    assert load({"host": host, "auth": "open"}).auth_mode == "open"
    assert load({"host": host, "auth": "accounts"}).auth_mode == "accounts"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LocalHost"])
def test_server_of_this_machine_alone_is_open_unless_told_otherwise(host: str) -> None:
    assert load({"host": host}).auth_mode == "open"
    assert load({"host": host, "auth": "accounts"}).auth_mode == "accounts"


def test_mode_whose_settings_are_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = {"accounts": (("redis_url",), ("root_path", "public_url"))}
    monkeypatch.setattr("app.unsupported_settings.REQUIRED_BY_AUTH", needs)
    with pytest.raises(SettingsError, match="auth accounts: needs redis_url"):
        load({"auth": "accounts"})
    redis: dict[str, object] = {"auth": "accounts", "redis_url": "redis://127.0.0.1"}
    with pytest.raises(SettingsError, match="needs root_path or public_url"):
        load(redis)
    assert load({**redis, "root_path": "/pad"}).auth_mode == "accounts"
    assert load({"auth": "open"}).auth_mode == "open"


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "::1", "port": 1}, "http://[::1]:1"),
        ({"host": "0.0.0.0", "auth": "open"}, "http://localhost:8000"),
        ({"root_path": "/pad/"}, "http://127.0.0.1:8000/pad"),
        ({"public_url": "https://example.org/pad/"}, "https://example.org/pad"),
        ({"public_url": "https://example.org"}, "https://example.org"),
    ],
)
def test_links_begin_with_the_public_address(given: dict[str, object], root: str) -> None:
    assert load(given).public_root == root


def test_several_workers_need_postgresql_and_redis() -> None:
    several: dict[str, object] = {
        "workers": "2",
        "database_url": "postgresql+asyncpg://127.0.0.1/quire",
    }
    with pytest.raises(SettingsError, match="need a Redis"):
        load(several)
    assert load({**several, "redis_url": "redis://127.0.0.1"}).workers == 2


def test_complaint_names_the_environment_variable() -> None:
    with pytest.raises(SettingsError, match="QUIRE_PORT: 'x' is not an integer"):
        load(environment={"QUIRE_PORT": "x"})


def test_origins_are_split_and_spelled_as_browsers_do() -> None:
    settings = load({"allowed_origins": " https://Wiki.Example.org/, http://localhost:3000 ,"})
    assert settings.allowed_origins == ("https://wiki.example.org", "http://localhost:3000")


def test_env_file_is_read_with_quotes_comments_and_export(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\n\nexport A=1\nB = two words # three\nC='quo # ted'\nD=\"x\"\nE=\nF=a#b\n"
    )
    assert read_env_file(file) == {
        "A": "1",
        "B": "two words",
        "C": "quo # ted",
        "D": "x",
        "E": "",
        "F": "a#b",
    }


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A= # nothing", ""),
        ("A=#c", ""),
        ("A=${HOME}", "${HOME}"),
        ("A='${HOME}' # c", "${HOME}"),
        ('A="two\nlines"', "two\nlines"),
        (r'A="say \"yes\""', 'say "yes"'),
        (r"A='it\'s'", "it's"),
        (r"A=C:\new", r"C:\new"),
        ("A=1\nA=2", "2"),
        ("A=1\r\n# c\r\n", "1"),
        ("A=postgresql://u:p%23#q@h/d?x=y", "postgresql://u:p%23#q@h/d?x=y"),
    ],
)
def test_value_of_an_env_file_is_read(tmp_path: Path, line: str, value: str) -> None:
    file = tmp_path / ".env"
    file.write_text(line, newline="")
    assert read_env_file(file) == {"A": value}


@pytest.mark.parametrize(
    "line", ['B="open secret', "B='secret' secret", "=secret", "B secret=1", "secret"]
)
def test_line_of_an_env_file_that_is_no_assignment_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"A=1\n# comment\n\n{line}\nC=3\n")
    with pytest.raises(SettingsError, match="line 4: not of the form NAME=value") as refused:
        read_env_file(file)
    assert "secret" not in str(refused.value)


def test_env_file_that_cannot_be_read_is_refused_without_repeating_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nsecret\n")
    with pytest.raises(SettingsError, match="line 2") as refused:
        read_env_file(file)
    assert "secret" not in str(refused.value)
    file.write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_env_file(file)


def test_missing_env_file_is_empty(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / "none") == {}


def test_table_has_every_setting_with_flag_variable_and_help() -> None:
    assert [each.name for each in SETTINGS] == [field.name for field in fields(Settings)]
    by_name = {each.name: each for each in SETTINGS}
    assert by_name["database_url"].flag == "--database-url"
    assert by_name["database_url"].variable == "QUIRE_DATABASE_URL"
    assert by_name["port"].type is int
    assert all(each.help.endswith(".") for each in SETTINGS)


@pytest.mark.parametrize("name", PAGES)
def test_page_is_what_the_code_says(name: str) -> None:
    written = (DOCS / name).read_text("utf-8")
    assert written == PAGES[name](), "run `python -m scripts.write_docs`"


@pytest.mark.parametrize("endpoint", ["127.0.0.1:4318", "grpc://host:4317"])
def test_collector_has_an_address_of_http(endpoint: str) -> None:
    with pytest.raises(SettingsError, match="otel_endpoint"):
        Settings.load({"otel_endpoint": endpoint}, environment={}, env_file=None)
    Settings.load({"otel_endpoint": "http://host:4318"}, environment={}, env_file=None)
